"""What a stored run is told through: every file of its folder, and the section in pages that Locust makes."""

import html
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from perf_core.compare.blocks import measured_part
from perf_core.compare.comparison import RunComparison
from perf_core.compare.document import to_document
from perf_core.errors import ReportError
from perf_core.model.series import GaugeSeries, Recording
from perf_core.report.beside import Beside
from perf_core.report.html import render_html, render_section
from perf_core.report.junit import render_junit
from perf_core.report.links import Link
from perf_core.report.summary import render_summary
from perf_core.report.text import render_text
from perf_core.report.trends.history import History, scenario_history, with_run
from perf_core.runstore import RunStore
from perf_core.runstore.atomic import write_atomically
from perf_core.runstore.target_file import read_target

log = logging.getLogger(__name__)
T = TypeVar("T")


def write_reports(
    folder: Path,
    comparison: RunComparison,
    current: Recording,
    baseline: Recording | None,
    links: tuple[Link, ...] = (),
) -> dict[str, str]:
    """Write comparison.json, junit.xml, summary.md and report.html, each atomically; return name -> file name.

    The small files come first. A report that cannot be rendered is replaced by a page of plain text that says so.

    Raises:
        RunStoreError: the folder cannot be written.
        ReportError: a file could not be rendered; the others are written all the same.
    """
    current, baseline = measured_part(current), None if baseline is None else measured_part(baseline)
    renderers: dict[str, Callable[[], str]] = {
        "comparison.json": lambda: json.dumps(to_document(comparison), ensure_ascii=False, indent=2) + "\n",
        "junit.xml": lambda: render_junit(comparison),
        "summary.md": lambda: render_summary(comparison),
        "report.html": lambda: render_html(
            comparison, current, baseline, beside=_beside(folder, comparison, current, links)
        ),
    }
    problems = []
    for name, render in renderers.items():
        try:
            text = render()
        except Exception as cause:  # whatever is wrong with one file, the others are written
            log.exception("report.not_rendered: %s", name)
            problems.append(f"{name} could not be rendered ({type(cause).__name__}: {cause})")
            text = _plain_page(problems[-1], comparison) if name == "report.html" else ""
        if text:
            write_atomically(folder / name, text.encode("utf-8", "backslashreplace"))
    if problems:
        raise ReportError(f"{'; '.join(problems)}; render again with `perf-platform report {comparison.current.id}`")
    return {name: name for name in renderers}


def stored_section(store: RunStore, comparison: RunComparison, links: tuple[Link, ...]) -> str:
    """Return the section of a finished run as its report.html has it, for a page that Locust makes.

    Raises:
        PerfError: the run or its baseline cannot be read, or the section not rendered.
    """
    folder = store.folder(comparison.current.id)
    current = measured_part(folder.load())
    baseline = measured_part(store.load(comparison.baseline.id)) if comparison.baseline else None
    beside = _beside(folder.path, comparison, current, links)
    return render_section(comparison, current, baseline, beside=beside)


def _beside(folder: Path, comparison: RunComparison, current: Recording, links: tuple[Link, ...]) -> Beside:
    """Return what stands beside the comparison; a report without a part of it is better than none."""
    missing: list[str] = []

    def part(name: str, read: Callable[[], T], otherwise: T) -> T:
        try:
            return read()
        except Exception as cause:
            log.exception("report.part_not_read: %s", name)
            missing.append(f"Not shown: {name} ({cause})")
            return otherwise

    history = part("history", lambda: _history(folder, comparison, current), None)
    nothing: tuple[GaugeSeries, ...] = ()
    target = part("the target", lambda: read_target(folder), nothing)
    older = folder.parent / comparison.baseline.id if comparison.baseline else None
    before = part("the target during the baseline", lambda: read_target(older) if older else nothing, nothing)
    return Beside(links, history, target, before, tuple(missing))


def _history(folder: Path, comparison: RunComparison, current: Recording) -> History:
    """Return the history of the run's scenario, this run being its last."""
    history = scenario_history(RunStore(folder.parent), current.info.scenario)
    return with_run(history, current.info, comparison)


def _plain_page(problem: str, comparison: RunComparison) -> str:
    try:
        told = render_text(comparison)
    except Exception:
        log.exception("report.no_text")
        told = comparison.explanation
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>perf-platform report</title></head>'
        f"<body><p><strong>{html.escape(problem)}. The run is kept; this is its comparison as text.</strong></p>"
        f"<pre>{html.escape(told)}</pre></body></html>\n"
    )
