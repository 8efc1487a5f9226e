"""Cursors of pages: opaque to clients, bound to the list they came from, and refused when they were damaged."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

from pydantic_core import from_json, to_json

from perf_api.http.problems import ProblemError

_TAG_BYTES = 12


class Cursors:
    """Writes and reads cursors.

    A tag over the content tells damage; with a secret key it tells forgery as well. A forged cursor could only begin
    a page elsewhere. All replicas of a service need the same key.
    """

    def __init__(self, key: bytes) -> None:
        """Sign with a key."""
        self._key = key

    def write(self, place: str, values: Sequence[str | int | None]) -> str:
        """Return the cursor of a position in the list `place` (its name, sorting and filters)."""
        content = to_json(list(values))
        return base64.urlsafe_b64encode(self._tag(place, content) + content).decode().rstrip("=")

    def read(self, place: str, cursor: str) -> list[Any]:
        """Return the position of a cursor.

        Raises:
            ProblemError: it is damaged, or of another list.
        """
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            raw = b""
        tag, content = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
        canonical = base64.urlsafe_b64encode(raw).decode().rstrip("=") == cursor
        if not canonical or not hmac.compare_digest(tag, self._tag(place, content)):
            raise ProblemError(
                "bad-cursor",
                "use next_cursor of the page before, with the same filters; leave it out for the first page",
            )
        values: list[Any] = from_json(content)
        return values

    def _tag(self, place: str, content: bytes) -> bytes:
        return hashlib.blake2b(place.encode() + b"\0" + content, digest_size=_TAG_BYTES, key=self._key).digest()
