"""Writing every file a comparison is told through, into a run folder."""

import json
from collections.abc import Callable
from pathlib import Path

from perf_core.compare.comparison import RunComparison
from perf_core.compare.document import to_document
from perf_core.model.series import Recording
from perf_core.report.html import render_html
from perf_core.report.junit import render_junit
from perf_core.report.summary import render_summary
from perf_core.runstore.atomic import write_atomically


def write_reports(
    folder: Path, comparison: RunComparison, current: Recording, baseline: Recording | None
) -> dict[str, str]:
    """Write comparison.json, junit.xml, summary.md and report.html, each atomically; return name -> file name.

    The small files come first: should the report fail, the verdict is on the volume already.
    """
    renderers: dict[str, Callable[[], str]] = {
        "comparison.json": lambda: json.dumps(to_document(comparison), ensure_ascii=False, indent=2) + "\n",
        "junit.xml": lambda: render_junit(comparison),
        "summary.md": lambda: render_summary(comparison),
        "report.html": lambda: render_html(comparison, current, baseline),
    }
    for name, render in renderers.items():
        write_atomically(folder / name, render().encode())
    return {name: name for name in renderers}
