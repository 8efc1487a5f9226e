"""Refuses an upgrade while a run is on: asks the release's master, and ends with 1 and a sentence when one is."""

import json
import os
import sys
import urllib.error
import urllib.request

REMEDY = "wait for its end, stop it, or upgrade with --set upgradeGuard.enabled=false"


def main() -> str | None:
    """Return why not; None = go on."""
    address, token = os.environ["PERF_MASTER_URL"], os.environ["PERF_MASTER_TOKEN"]
    request = urllib.request.Request(f"{address}/perf/run", headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            run = json.load(answer)
    except urllib.error.HTTPError as cause:
        return f"{address} answers {cause.code} {cause.reason}, so nobody knows whether a run is on; {REMEDY}"
    except OSError as cause:
        print(f"{address} does not answer ({cause}): there is no run to interrupt")
        return None
    if run["state"] == "idle":
        print("no run is on")
        return None
    return f"run {run['run_id']} is {run['state']}, and this upgrade may end it; {REMEDY}"


sys.exit(main())
