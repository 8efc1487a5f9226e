"""Runs on disk: one folder per run, crash-safe, readable without us."""

from perf_core.runstore.baselines import Promotion
from perf_core.runstore.folder import RunFolder
from perf_core.runstore.store import RunStore, new_run_id, run_ids

__all__ = ["Promotion", "RunFolder", "RunStore", "new_run_id", "run_ids"]
