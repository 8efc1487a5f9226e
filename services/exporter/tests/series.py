"""Read a page back with the library's own parser."""

import urllib.request

from prometheus_client.parser import text_string_to_metric_families

Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def parse(page: bytes) -> Series:
    """Return every sample of a page; the library's own parser also checks the format."""
    series: Series = {}
    for family in text_string_to_metric_families(page.decode()):
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in series, f"{key} twice"
            series[key] = sample.value
    return series


def value(series: Series, metric: str, /, **labels: str) -> float:
    return series[metric, tuple(sorted(labels.items()))]


def names(series: Series) -> set[str]:
    return {name for name, _ in series}


def ask(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return bytes(answer.read())
