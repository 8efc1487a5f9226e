"""Addresses of a run: its report on the master, and Grafana at exactly its time."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from perf_core.errors import UsageError
from perf_core.model.run import RunInfo

VARIABLES = ("PERF_PUBLIC_URL", "PERF_GRAFANA_URL")
"""What of the environment makes links possible."""
_DASHBOARD = "/d/perf-live"
_MARGIN = 30.0
"""Seconds shown before and after a run: what led to it and what it left behind."""


@dataclass(frozen=True, slots=True)
class Link:
    """A title and an http(s) address."""

    title: str
    url: str


def run_links(info: RunInfo, environment: Mapping[str, str]) -> tuple[Link, ...]:
    """Return the links that PERF_PUBLIC_URL and PERF_GRAFANA_URL make possible.

    A Grafana address without a dashboard (`/d/...`) leads to that of a single run.

    Raises:
        UsageError: one of them is no address.
    """
    links = []
    if public := http_address(environment, "PERF_PUBLIC_URL"):
        links.append(Link("report", f"{public.rstrip('/')}/perf/runs/{quote(info.id, safe='')}/report"))
    grafana = http_address(environment, "PERF_GRAFANA_URL")
    if grafana and info.started is not None:
        dashboard = grafana if "/d/" in urlsplit(grafana).path else grafana.rstrip("/") + _DASHBOARD
        ended = info.started if info.ended is None else info.ended
        span = {"from": round((info.started - _MARGIN) * 1000), "to": round((ended + _MARGIN) * 1000)}
        query = urlencode({**span, "var-run": info.id})
        links.append(Link("Grafana at the time of the run", f"{dashboard}{'&' if '?' in dashboard else '?'}{query}"))
    return tuple(links)


def http_address(environment: Mapping[str, str], name: str) -> str | None:
    """Return the http(s) address of a variable; None when it is not set.

    Raises:
        UsageError: it is no such address; the message does not repeat it, it may be a secret.
    """
    text = environment.get(name, "").strip()
    if not text:
        return None
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not text.isprintable() or " " in text:
        raise UsageError(f"{name} is no http or https address; correct it or unset it")
    return text
