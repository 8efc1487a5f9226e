"""Baselines that travel: a packed run, given as a path or an http(s) address, becomes a run of the store."""

import urllib.request
from pathlib import Path

from perf_core.errors import BaselineError, PerfError, RunNotFoundError
from perf_core.runstore import RunStore, run_ids

_TIMEOUT = 30.0
_LARGEST = 64_000_000
"""Bytes; a pack of 20 endpoints has less than 1 MB."""


def baseline_id(store: RunStore, choice: str | None) -> str | None:
    """Return the choice as the store knows it: a path or address of packed runs becomes their ids, with commas.

    Raises:
        BaselineError: the file cannot be read or fetched, or is no packed run.
    """
    if choice is None:
        return None
    parts = [choice] if "://" in choice or _is_packed(store, choice) else run_ids(choice)
    return ",".join(_ids(store, part) for part in parts)


def _ids(store: RunStore, choice: str) -> str:
    if not _is_packed(store, choice):
        return choice
    from perf_core.runstore.unpacked import store_packed

    try:
        return ",".join(folder.id for folder in store_packed(store, _fetched(choice)))
    except PerfError as cause:
        raise BaselineError(f"the baseline {choice} cannot be used: {cause}") from cause


def _is_packed(store: RunStore, choice: str) -> bool:
    if choice.startswith(("http://", "https://")):
        return True
    if choice in {"latest", "none"}:
        return False
    try:
        store.folder(choice)
    except RunNotFoundError:
        return "/" in choice or Path(choice).is_file()
    return False


def _fetched(choice: str) -> bytes:
    try:
        if not choice.startswith(("http://", "https://")):
            return Path(choice).read_bytes()
        with urllib.request.urlopen(choice, timeout=_TIMEOUT) as answer:  # noqa: S310  the scheme was checked
            data: bytes = answer.read(_LARGEST + 1)
    except (OSError, ValueError) as cause:
        raise BaselineError(f"{getattr(cause, 'strerror', None) or cause}; check the path or address") from cause
    if len(data) > _LARGEST:
        raise BaselineError("it is too large to be a packed run; check the address")
    return data
