"""Text that came from outside (endpoint names, error texts, hosts): made printable and short before it is shown.

Escaping is the renderer's work; this module only takes out what no renderer can show and bounds the length.
"""

import re
import unicodedata

NAME_LENGTH = 160
TEXT_LENGTH = 400
_SPACES = re.compile(r"\s+")
_KEPT_FORMATS = "\u200c\u200d"  # joiners: without them words of several scripts and emoji are spelt wrongly


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cf":
        return character if character in _KEPT_FORMATS else ""
    return "\N{REPLACEMENT CHARACTER}" if category in {"Cc", "Cs", "Cn", "Co"} else character


def printable(text: str, limit: int = TEXT_LENGTH) -> str:
    """Return the text on one line, without control, surrogate and direction characters, at most `limit` long."""
    head = _SPACES.sub(" ", text[: 2 * limit]).strip()
    clean = "".join(_visible(character) for character in head)
    cut = len(clean) > limit or len(text) > 2 * limit
    return clean[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}" if cut else clean


def printable_name(text: str) -> str:
    """Return an endpoint's or a scenario's name for people."""
    return printable(text, NAME_LENGTH)
