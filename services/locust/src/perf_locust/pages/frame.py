"""What all pages share: the navigation, the session's token, and how a page is rendered."""

from functools import cache
from time import localtime, strftime

from flask import request, session
from jinja2 import Environment, PackageLoader, StrictUndefined

from perf_core.model.verdict import Verdict
from perf_core.report.outside import printable_name
from perf_core.report.words import reasons_text, verdict_symbol, verdict_word
from perf_core.units import format_bytes, format_latency, format_share
from perf_locust.admission import SESSION_USER, csrf_token

PREFIX = "/perf/ui"
PAGES = {
    "run": "Run",
    "pacing": "Pacing",
    "baseline": "Baseline",
    "runs": "Runs",
    "hosts": "Hosts",
}


def render(name: str, **values: object) -> str:
    """Return a page, or the live part of one, filled."""
    return (
        _environment()
        .get_template(f"pages/{name}")
        .render(
            pages=PAGES,
            prefix=PREFIX,
            here=request.path.removeprefix(f"{PREFIX}/").partition("/")[0],
            csrf=csrf_token(),
            user=session.get(SESSION_USER),
            **values,
        )
    )


def nav() -> str:
    """Return the navigation bar for a page that is Locust's own."""
    return _environment().get_template("pages/locust_bar.html").render(pages=PAGES, prefix=PREFIX)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("perf_locust"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(_FILTERS)
    return environment


def _duration(seconds: float | None) -> str:
    """Return ``1:02:03`` or ``2:03``; a dash for None."""
    if seconds is None:
        return "-"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _when(at: float | None) -> str:
    return strftime("%Y-%m-%d %H:%M:%S", localtime(at)) if at else "-"


def _clock(at: float | None) -> str:
    return strftime("%H:%M:%S", localtime(at)) if at else "-"


def _verdict(verdict: Verdict | None) -> str:
    return f"{verdict_symbol(verdict)} {verdict_word(verdict)}"


def _worker(name: str) -> str:
    """Return ``host-8a225f`` for Locust's ``host_`` and 32 hexadecimal digits."""
    host, _, number = name.rpartition("_")
    return f"{host}-{number[:6]}" if host and len(number) == 32 else name


_FILTERS = {
    "worker": _worker,
    "when": _when,
    "clock": _clock,
    "duration": _duration,
    "latency": format_latency,
    "share": format_share,
    "size": format_bytes,
    "verdict": _verdict,
    "because": reasons_text,
    "printable": printable_name,
}
