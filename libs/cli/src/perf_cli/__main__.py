"""The `perf-platform` command: parse, call, and turn errors into exit codes."""

import argparse
import importlib
import os
import signal
import sys
from typing import NoReturn

from perf_core.errors import PerfError

COMMANDS = {
    "demo": "run the main job end to end on this machine: baseline, same build, a fault",
    "up": "start service, exporter and Locust with its web UI, until Ctrl-C",
    "run": "load a service once, judge the run and report it",
    "ab": "let two versions take turns under the same load, and judge the one against the other",
    "compare": "judge one stored run against another",
    "report": "render the report of a stored run again",
    "runs": "list the stored runs",
    "pull": "fetch the folder of a run from a remote master",
    "import": "turn the raw results of JMeter, k6 or another tool into a run",
    "pace": "change pacing, users and mix of the run that is on",
    "data": "show and check a source of test data",
    "repair": "bring in what killed workers left, and close runs left open",
    "baseline": "choose which run others are judged against",
    "config": "print what a run here would be, each value with its source",
    "trends": "show p95, error rate and throughput over the runs of a scenario, and what changed them",
    "export": "write a run as CSV or Parquet for a notebook",
    "pack": "put a run into one small file, to be a baseline elsewhere",
    "mail": "show what waits to be sent, or send a run's mail at once",
}
EXIT_CODES = """exit codes: 0 UNCHANGED, IMPROVED, nothing to compare with, or INCONCLUSIVE(noise); 2 wrong usage;
3 REGRESSED; 4 INCONCLUSIVE, or requests or workers were lost; 5 something failed; 6 the run is INVALID"""


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup wants it
            signal.signal(number, lambda number, _: sys.exit(128 + number))
    sys.exit(run_command_line(sys.argv[1:]))


def run_command_line(arguments: list[str]) -> int:
    """Run one command; errors become one sentence on stderr and their exit code."""
    own, rest = _split_at_dashes(arguments)
    options = _parser().parse_args(own)
    options.rest = rest
    try:
        module = importlib.import_module(f"perf_cli.{options.command}_command")
        return int(module.run(options))
    except PerfError as cause:
        sys.stderr.write(f"perf-platform: {cause}\n")
        return cause.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("perf-platform: interrupted\n")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as cause:
        if os.environ.get("PERF_DEBUG"):
            raise
        sys.stderr.write(f"perf-platform: {type(cause).__name__}: {cause}; set PERF_DEBUG=1 to see where\n")
        return 5


def _split_at_dashes(arguments: list[str]) -> tuple[list[str], list[str]]:
    if "--" not in arguments:
        return arguments, []
    at = arguments.index("--")
    return arguments[:at], arguments[at + 1 :]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "perf-platform",
        description="Load a service, record every request, and say whether it got slower.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        module = importlib.import_module(f"perf_cli.{name}_command")
        child = commands.add_parser(
            name,
            help=summary,
            description=summary[0].upper() + summary[1:] + ".",
            epilog=f"example: {module.EXAMPLE}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        module.add_arguments(child)
    return parser


if __name__ == "__main__":
    main()
