"""Reports: one comparison value told as HTML, text, Markdown, JUnit XML, JSON and mail."""

from pathlib import Path

from perf_core.compare.comparison import RunComparison
from perf_core.model.series import Recording
from perf_core.report.links import Link


def write_reports(
    folder: Path,
    comparison: RunComparison,
    current: Recording,
    baseline: Recording | None,
    links: tuple[Link, ...] = (),
) -> dict[str, str]:
    """Write report.html, junit.xml, summary.md and comparison.json into the folder; return name -> file name."""
    from perf_core.report.write import write_reports as write  # noqa: PLC0415 - text alone must not load jinja2

    return write(folder, comparison, current, baseline, links)
