"""Asks a master through its control routes."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from perf_core.errors import PerfError


@dataclass(frozen=True, slots=True)
class MasterClient:
    """A master's address and token."""

    url: str
    token: str

    def get(self, path: str) -> dict[str, Any]:
        """Return the JSON of a route.

        Raises:
            PerfError: the master does not answer, or refuses; the message is its own.
        """
        return self._ask("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send JSON and return the JSON answer; errors as `get`."""
        return self._ask("POST", path, body)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310  the address is our own master's
            self.url + path,
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                document: dict[str, Any] = json.load(answer)
                return document
        except urllib.error.HTTPError as cause:
            raise PerfError(_error_of(cause)) from cause
        except (OSError, ValueError) as cause:
            raise PerfError(f"the master at {self.url} does not answer ({cause}); is it still running?") from cause


def _error_of(cause: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(cause)["error"])
    except (ValueError, KeyError, TypeError):
        return f"the master answered {cause.code}"
