"""A Prometheus's HTTP API."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any


class QueryError(Exception):
    """Raised when Prometheus refuses a query."""


@dataclass(frozen=True, slots=True)
class PrometheusApi:
    """One Prometheus."""

    url: str

    def get(self, path: str, **parameters: object) -> Any:
        """Return the data of an answer."""
        query = urllib.parse.urlencode(parameters)
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{query}", timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as cause:
            raise QueryError(f"{parameters}: {json.load(cause)['error']}") from cause

    def now(self, expr: str) -> list[tuple[dict[str, str], float]]:
        """Return labels and values of an instant query."""
        result = self.get("query", query=expr)["result"]
        return [(each["metric"], float(each["value"][1])) for each in result]

    def one(self, expr: str) -> float:
        """Return the value of an instant query that has exactly one."""
        ((_, value),) = self.now(expr)
        return value

    def over_time(self, expr: str, seconds: float) -> list[Any]:
        """Return the series of a range query of the last seconds, in steps of 5 s."""
        end = time.time()
        return list(self.get("query_range", query=expr, start=end - seconds, end=end, step=5)["result"])

    def wait_for(self, expr: str, seconds: float = 60) -> float:
        """Return the value of the first answer with one; fails when there is none in time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = self.now(expr)
            if found:
                return found[0][1]
            time.sleep(0.5)
        raise AssertionError(f"no answer to {expr} within {seconds} s")
