"""Ids: ULIDs - 26 characters that sort by the time they were made."""

import secrets
import time

PATTERN = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id() -> str:
    """Return a new id: 48 bits of milliseconds since 1970, 80 random bits.

    Source: https://github.com/ulid/spec
    """
    number = time.time_ns() // 1_000_000 << 80 | secrets.randbits(80)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def seeded_id(number: int) -> str:
    """Return the id of the seeded item or order of that number, from 1: its decimal digits, a valid ULID of 1970."""
    return f"{number:026d}"
