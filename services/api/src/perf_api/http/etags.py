"""Versions of items as entity tags, and what a request may demand of them (RFC 9110, section 13)."""

import re

from perf_api.domain.errors import StaleVersionError
from perf_api.domain.items import Item
from perf_api.http.problems import ProblemError

_STRONG = re.compile(r'(W/)?"([^"]*)"')


def etag(version: int) -> str:
    """Return the entity tag of a version."""
    return f'"{version}"'


def is_known(if_none_match: str | None, current: str) -> bool:
    """Say whether a client has this representation already."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or current in if_none_match.replace("W/", "").split(", ")


def demanded_version(if_match: str | None, item: Item, *, required: bool = True) -> int | None:
    """Return the version the item must still have when it is written; None for any.

    Raises:
        ProblemError: the header is needed and missing.
        StaleVersionError: the header names other versions than the item's; weak tags match none.
    """
    if if_match is None:
        if required:
            raise ProblemError(
                "version-required", "send the ETag of the item you read in If-Match, or * for any version"
            )
        return None
    if if_match.strip() == "*":
        return None
    strong = {tag for weak, tag in _STRONG.findall(if_match) if not weak}
    if str(item.version) not in strong:
        raise StaleVersionError(item.id)
    return item.version
