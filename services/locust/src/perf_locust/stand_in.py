"""What stands in for a locustfile that does not load: a Locust that is up, says why, and refuses every run.

In a cluster a process that ends is started again, for ever, and takes the web UI with it. Where PERF_STAND_IN is set,
the process begins anew with a locustfile that loads, and PERF_LOCUSTFILE_ERROR tells the plugin what was wrong.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

WANTED = "PERF_STAND_IN"
ERROR = "PERF_LOCUSTFILE_ERROR"
LOCUSTFILE = Path(__file__).with_name("stand_in_locustfile.py")
_FLAGS = ("-f", "--locustfile")


def is_wanted(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether to stand in; what stands in already does not do so again."""
    return environment.get(WANTED, "").lower() in {"1", "true", "yes"} and ERROR not in environment


def stand_in(sentence: str) -> None:
    """Say what was wrong and begin anew; does not return."""
    sys.stderr.write(f"perf-platform: {sentence}; no run is started until then\n")
    sys.stderr.flush()
    command = [sys.executable, "-m", "perf_locust", *_without_locustfile(sys.argv[1:])]
    os.execve(sys.executable, command, {**os.environ, ERROR: sentence, "LOCUST_LOCUSTFILE": str(LOCUSTFILE)})  # noqa: S606


def _without_locustfile(arguments: list[str]) -> Iterator[str]:
    words = iter(arguments)
    for word in words:
        if word in _FLAGS:
            next(words, None)
        elif not word.startswith(("-f", "--locustfile=")):
            yield word
