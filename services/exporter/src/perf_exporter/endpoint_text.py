"""The metrics of endpoints in Prometheus's text format, by far the most lines of a scrape.

The client library formats every line anew; here the lines of an endpoint are a template that is made once, and a
scrape fills in numbers. What is kept is only text made of names, never a value.
"""

from collections.abc import Iterable
from functools import lru_cache
from itertools import accumulate

from perf_core.model.snapshot import EndpointCounters
from perf_exporter.catalogue import BYTES, DURATION, FAILURES, REQUESTS, Metric

USUAL_CLASSES = (
    "timeout", "connection", "failed check", "HTTP 429", "HTTP 500", "HTTP 502", "HTTP 503", "HTTP 504",
)  # fmt: skip
"""Error classes every endpoint shows from the start: a counter that appears at 1 has no increase for Prometheus."""
MOST_TEMPLATES = 4096


def endpoint_text(endpoints: tuple[EndpointCounters, ...], bounds: tuple[float, ...], *, usual: bool = True) -> str:
    """Return the four metrics of endpoints; `usual` also shows the usual error classes that were not seen."""
    if not endpoints:
        return ""
    classes = USUAL_CLASSES if usual else ()
    return "".join(
        (
            _head(REQUESTS),
            *(_line(REQUESTS.name, each) + f" {each.requests}\n" for each in endpoints),
            _head(FAILURES),
            *(line for each in endpoints for line in _failures(each, classes)),
            _head(DURATION),
            *(_duration(each, bounds) for each in endpoints),
            _head(BYTES),
            *(_line(BYTES.name, each) + f" {each.bytes}\n" for each in endpoints),
        )
    )


def escaped(text: str) -> str:
    r"""Return a label value as the format wants it: \\, \" and \n; what is no UTF-8 becomes a question mark."""
    clean = text.encode("utf-8", "replace").decode()
    return clean.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _head(metric: Metric) -> str:
    return f"# HELP {metric.name} {metric.help}\n# TYPE {metric.name} {metric.kind}\n"


def _line(name: str, endpoint: EndpointCounters) -> str:
    return f"{name}{{{_labels(endpoint.method, endpoint.name)}}}"


def _failures(endpoint: EndpointCounters, classes: tuple[str, ...]) -> Iterable[str]:
    start = f"{FAILURES.name}{{{_labels(endpoint.method, endpoint.name)},error_class="
    for name, count in {**dict.fromkeys(classes, 0), **endpoint.failures}.items():
        yield f'{start}"{escaped(name)}"}} {count}\n'


def _duration(endpoint: EndpointCounters, bounds: tuple[float, ...]) -> str:
    cumulative = tuple(accumulate(endpoint.counts))
    template = _duration_template(endpoint.method, endpoint.name, bounds)
    return template % (*cumulative, repr(float(endpoint.total_time)), cumulative[-1])


@lru_cache(maxsize=MOST_TEMPLATES)
def _labels(method: str, name: str) -> str:
    return f'method="{escaped(method)}",name="{escaped(name)}"'


@lru_cache(maxsize=MOST_TEMPLATES)
def _duration_template(method: str, name: str, bounds: tuple[float, ...]) -> str:
    labels = _labels(method, name).replace("%", "%%")
    uppers = [*(repr(float(bound)) for bound in bounds), "+Inf"]
    buckets = "".join(f'{DURATION.name}_bucket{{{labels},le="{upper}"}} %d\n' for upper in uppers)
    return f"{buckets}{DURATION.name}_sum{{{labels}}} %s\n{DURATION.name}_count{{{labels}}} %d\n"
