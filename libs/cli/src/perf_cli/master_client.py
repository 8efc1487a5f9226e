"""Asks a master through its control routes."""

import json
import shutil
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, BinaryIO

from perf_core.errors import PerfError

TIMEOUT = 10.0
ARCHIVE_TIMEOUT = 120.0
"""Seconds in which the master must begin to send, or have taken, a whole run."""


class MasterSilentError(PerfError):
    """Raised when nothing answers at the master's address, or a proxy says so for it."""


class MasterRefusedError(PerfError):
    """Raised when the master refuses; `status` is HTTP's, `exit_code` what the command ends with."""

    def __init__(self, message: str, status: int, exit_code: int) -> None:
        super().__init__(message)
        self.status, self.exit_code = status, exit_code


@dataclass(frozen=True, slots=True)
class MasterClient:
    """A master's address and token."""

    url: str
    token: str

    def get(self, path: str) -> dict[str, Any]:
        """Return the JSON of a route.

        Raises:
            MasterSilentError: the master does not answer.
            MasterRefusedError: it refuses; the message is its own.
        """
        return self._ask("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send JSON and return the JSON answer; errors as `get`."""
        return self._ask("POST", path, json.dumps(body).encode())

    def download(self, path: str, file: BinaryIO) -> None:
        """Write what a route sends into a file; errors as `get`."""
        try:
            with urllib.request.urlopen(self._request("GET", path), timeout=ARCHIVE_TIMEOUT) as answer:  # noqa: S310
                shutil.copyfileobj(answer, file)
        except (OSError, HTTPException) as cause:
            raise self._error(cause) from cause

    def upload(self, path: str, file: BinaryIO, size: int) -> None:
        """Send a file of `size` bytes; errors as `get`."""
        request = self._request("PUT", path, file)
        request.add_header("Content-Length", str(size))
        request.add_header("Content-Type", "application/zip")
        try:
            urllib.request.urlopen(request, timeout=ARCHIVE_TIMEOUT).close()  # noqa: S310
        except (OSError, HTTPException) as cause:
            raise self._error(cause) from cause

    def _ask(self, method: str, path: str, body: bytes | None) -> dict[str, Any]:
        request = self._request(method, path, body)
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
                document: dict[str, Any] = json.load(answer)
                return document
        except (OSError, ValueError, HTTPException) as cause:
            raise self._error(cause) from cause

    def _request(self, method: str, path: str, body: bytes | BinaryIO | None = None) -> urllib.request.Request:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return urllib.request.Request(self.url + path, body, headers, method=method)  # noqa: S310  the user's own

    def _error(self, cause: Exception) -> PerfError:
        if isinstance(cause, urllib.error.HTTPError):
            with cause:
                return self._refusal(cause)
        return MasterSilentError(f"the master at {self.url} does not answer ({cause}); is it running?")

    def _refusal(self, cause: urllib.error.HTTPError) -> PerfError:
        try:
            document = json.load(cause)
            return MasterRefusedError(str(document["error"]), cause.code, int(document.get("exit_code", 5)))
        except (ValueError, KeyError, TypeError, AttributeError, OSError):
            if cause.code in (502, 503, 504):
                return MasterSilentError(f"the master at {self.url} does not answer (a proxy says {cause.code})")
            return MasterRefusedError(
                f"{self.url} answered {cause.code}; is it a perf-platform master?", cause.code, 5
            )
