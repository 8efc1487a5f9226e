"""JSON to a webhook, plainly and with a time limit. The URL is a secret: it is in no message."""

import json
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from perf_core.errors import DeliveryError

TIMEOUT = 15.0
"""Seconds for each step of the conversation."""


def post_json(url: str, payload: dict[str, object], timeout: float = TIMEOUT) -> None:
    """Post the payload; return when the server answered with a status of success.

    Raises:
        DeliveryError: the server could not be reached, refused, or did not answer in time.
    """
    request = urllib.request.Request(  # noqa: S310  the scheme was checked when the setting was read
        url, json.dumps(payload).encode(), {"Content-Type": "application/json", "User-Agent": "perf-platform"}
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310
            answer.read(1000)
    except (OSError, ValueError) as cause:
        raise DeliveryError(
            f"the webhook at {urlsplit(url).hostname} did not take the message ({_plain(cause)}); "
            "check PERF_WEBHOOK_URL"
        ) from cause


def _plain(cause: Exception) -> str:
    if isinstance(cause, urllib.error.HTTPError):
        return f"HTTP {cause.code}"
    reason = getattr(cause, "reason", cause)
    if isinstance(reason, TimeoutError) or "timed out" in str(reason):
        return "no answer in time"
    return str(getattr(reason, "strerror", None) or type(reason).__name__)
