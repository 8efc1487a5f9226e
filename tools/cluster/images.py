"""The platform's images, tagged by what goes into them: without a change nothing in the cluster is replaced."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from commands import ROOT, run
from places import Place

IMAGES = {"api": "api", "exporter": "exporter", "locust": "locust", "functionalTests": "functional-tests"}
"""Part of the chart's values: name of its image."""
BUILT_FROM = ("requirements.lock", "libs", "services", "k8s-tests")
LEFT_OUT = {"__pycache__", "tests", ".venv"}


def build(place: Place) -> str:
    """Build all images, bring them to the cluster, and return their tag."""
    tag = tag_of(ROOT)
    run("make", "--no-print-directory", "images", f"IMAGE_TAG={tag}")
    if not os.environ.get("IMAGE_BUILD"):
        place.load([f"perf-platform/{name}:{tag}" for name in IMAGES.values()])
    return tag


def tag_of(root: Path) -> str:
    """Return a tag that follows from the sources below `root`."""
    found = hashlib.sha256()
    for path in sorted(_sources(root)):
        found.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes())
    return f"src-{found.hexdigest()[:12]}"


def _sources(root: Path) -> Iterator[Path]:
    for name in BUILT_FROM:
        for path in (root / name, *(root / name).rglob("*")):
            if path.is_file() and not LEFT_OUT.intersection(path.relative_to(root).parts):
                yield path
