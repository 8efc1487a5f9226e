"""Write charts/perf-platform/dashboards from the descriptions here; byte for byte the same every time."""

import json
import sys
from pathlib import Path

from compare import COMPARE
from functional import FUNCTIONAL
from grafana import as_json
from hosts import HOSTS
from injectors import INJECTORS
from live import LIVE
from platform_parts import PLATFORM
from service import SERVICE

DASHBOARDS = (LIVE, COMPARE, INJECTORS, SERVICE, HOSTS, FUNCTIONAL, PLATFORM)
FOLDER = Path(__file__).parents[2] / "charts" / "perf-platform" / "dashboards"


def main() -> int:
    """Write every dashboard into FOLDER, or into the folder named as the one argument."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("perf-*.json"):
        stale.unlink()
    for dashboard in DASHBOARDS:
        text = json.dumps(as_json(dashboard), indent=2, ensure_ascii=False) + "\n"
        (folder / f"{dashboard.uid}.json").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
