"""Our section in the pages that Locust itself makes: `--html` files and the web UI's report."""

import logging
import os
from pathlib import Path

from perf_core.errors import PerfError
from perf_core.model.series import Recording
from perf_core.report.html import render_unfinished_section
from perf_core.report.links import run_links
from perf_core.report.page import insert_section
from perf_core.report.write import stored_section
from perf_locust.conductor import Conductor

log = logging.getLogger(__name__)


def with_own_section(page: str, conductor: Conductor) -> str:
    """Return the page with the comparison of the last run in it; during a run, with its baseline's table.

    A page without our section is better than none: a failure is logged and the page returned as it is.
    """
    try:
        if conductor.session is not None:
            return insert_section(page, _unfinished(conductor))
        if conductor.last is None:
            return page
        last = conductor.last
        links = run_links(last.info, os.environ)
        return insert_section(page, stored_section(conductor.store, last.comparison, links))
    except PerfError as cause:
        log.error("report.section_missing: %s", cause)  # noqa: TRY400  one sentence
        return page


def rewrite_html_file(conductor: Conductor, path: Path) -> None:
    """Put our section into the file that `locust --html` wrote."""
    if path.is_file():
        path.write_text(with_own_section(path.read_text(encoding="utf-8"), conductor), encoding="utf-8")


def _unfinished(conductor: Conductor) -> str:
    session = conductor.session
    if session is None:
        return ""
    baseline = conductor.store.load(session.baseline.id) if session.baseline else None
    return render_unfinished_section(Recording(session.info), baseline)
