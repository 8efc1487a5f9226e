"""`perf-api serve`, `perf-api seed` and `perf-api openapi`."""

import sys

from perf_api.commands import run


def main() -> None:
    """Run the command line."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
