"""The HTML report: the only module that knows jinja2."""

import importlib.util
import logging
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal

import jinja2

from perf_core.compare.comparison import RunComparison
from perf_core.errors import ReportError
from perf_core.model.series import Recording
from perf_core.report.beside import NOTHING_BESIDE, Beside
from perf_core.report.context import build_context, with_fewer_panels
from perf_core.report.links import Link
from perf_core.report.locust_page import template_args
from perf_core.report.mail_context import build_mail_context
from perf_core.report.page import insert_section
from perf_core.report.trends.history import History
from perf_core.report.trends.page import history_context
from perf_core.report.unfinished import unfinished_comparison

log = logging.getLogger(__name__)

Theme = Literal["auto", "light", "dark"]
SECTION_LIMIT = 1_750_000
"""Bytes; Locust's page has about one million, and both together should stay below three."""
_TEMPLATES = Path(__file__).parent / "templates"


@cache
def _environment(folder: Path) -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _render(name: str, **values: object) -> str:
    """Return one of our templates filled.

    Raises:
        ReportError: it cannot be rendered.
    """
    try:
        return _environment(_TEMPLATES).get_template(name).render(**values)
    except (jinja2.TemplateError, OSError) as cause:
        raise ReportError(f"{name} cannot be rendered ({cause}); install perf-platform again") from cause


def render_html(
    comparison: RunComparison,
    current: Recording,
    baseline: Recording | None,
    *,
    beside: Beside = NOTHING_BESIDE,
    theme: Theme = "auto",
) -> str:
    """Return the report as one HTML file that opens offline: Locust's page with our section first in it.

    Where Locust is not installed, or its page cannot be rendered, our section stands on a page of its own.
    """
    section = render_section(comparison, current, baseline, beside=beside, theme=theme)
    try:
        page = _locust_page(current, theme)
        if page is not None:
            return insert_section(page, section)
        remark = ""
    except Exception as cause:  # whatever is wrong with Locust's page, ours is what people wait for
        log.exception("report.locust_page_failed")
        remark = f"Locust's own page could not be rendered ({type(cause).__name__}); what it shows is left out here."
    return _render("page.html", section=section, remark=remark, theme=theme)


def render_section(
    comparison: RunComparison,
    current: Recording,
    baseline: Recording | None,
    *,
    beside: Beside = NOTHING_BESIDE,
    theme: Theme = "auto",
) -> str:
    """Return our section alone, for `insert_section`; it draws fewer endpoints rather than grow large."""
    context = build_context(comparison, current, baseline, beside)
    section = _render("section.html", report=context, links=beside.links, theme=theme)
    while len(section.encode("utf-8", "replace")) > SECTION_LIMIT and context.panels:
        context = with_fewer_panels(context)
        section = _render("section.html", report=context, links=beside.links, theme=theme)
    return section


def render_unfinished_section(current: Recording, baseline: Recording | None, *, theme: Theme = "auto") -> str:
    """Return the section for a run that is still on: the baseline's table and "run not finished"."""
    return render_section(unfinished_comparison(current, baseline), current, baseline, theme=theme)


def render_trends(histories: Sequence[History], *, theme: Theme = "auto") -> str:
    """Return the histories of scenarios as one HTML page that opens offline."""
    shown = [history_context(each) for each in histories]
    section = _render("trends.html", histories=shown, theme=theme)
    return _render("page.html", section=section, remark="", theme=theme)


def render_mail_body(comparison: RunComparison, remark: str = "", links: tuple[Link, ...] = ()) -> str:
    """Return the HTML body of a mail: tables and inline styles only, for mail clients."""
    return _render("mail.html", report=build_mail_context(comparison), attachment=remark, links=links)


def _locust_page(current: Recording, theme: Theme) -> str | None:
    """Return Locust's report page filled from the recording; None where Locust is not installed."""
    found = importlib.util.find_spec("locust")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent / "webui" / "dist"
    # An empty theme makes Locust's page follow the reader's system, as our section does.
    template = _environment(folder).get_template("report.html")
    return template.render(template_args=template_args(current), theme="" if theme == "auto" else theme)
