"""Brings the platform to kind, to minikube or to the cluster of kubectl, and says how to reach everything.

    python tools/cluster kind         # `make kind`; makes the cluster if there is none
    python tools/cluster minikube     # `make minikube`
    python tools/cluster current      # any other; $IMAGE_BUILD IMAGE CONTEXT -f DOCKERFILE builds and loads or pushes

It can be run again at any time, after a change or after what stopped it was solved. Needs Python only.
"""

import argparse
import os
import sys

from commands import StepError, check_programs, say
from doors import text_of
from images import build
from places import Place, place_of
from release import Release, check_functional, install_monitoring, install_platform


def main() -> int:
    """Run the steps; return 1 when one fails."""
    options = _options()
    try:
        _check(options.cluster)
        place = place_of(options.cluster)
        release = Release(place, options.release, options.namespace, tuple(options.values), tuple(options.set))
        _bring(place, release, monitoring=not options.no_monitoring)
    except StepError as cause:
        sys.stderr.write(f"{cause}\n")
        return 1
    return 0


def _check(cluster: str) -> None:
    builder = [] if os.environ.get("IMAGE_BUILD") or cluster == "current" else ["docker"]
    check_programs([*([] if cluster == "current" else [cluster]), *builder, "kubectl", "helm"])


def _bring(place: Place, release: Release, *, monitoring: bool) -> None:
    say("1/5 cluster")
    place.start()
    say("2/5 images: built, and brought to the cluster")
    tag = build(place)
    say("3/5 monitoring: Prometheus Operator, Prometheus and Grafana")
    if monitoring:
        install_monitoring(release)
    else:
        say("  left out (--no-monitoring)")
    say(f"4/5 platform: release {release.name} in namespace {release.namespace}, until every pod is ready")
    install_platform(release, tag)
    say("5/5 functional tests of what was installed")
    check_functional(release)
    say(f"\n{text_of(release)}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("tools/cluster", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("cluster", choices=("kind", "minikube", "current"))
    parser.add_argument("--release", default="perf", help="name of the release (default: perf)")
    parser.add_argument(
        "--namespace", default="perf", help="its namespace, made when it is not there (default: perf)"
    )
    parser.add_argument(
        "--values", action="append", default=[], metavar="FILE", help="further values, laid over those of ci/"
    )
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a further value")
    parser.add_argument("--no-monitoring", action="store_true", help="do not install kube-prometheus-stack")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
