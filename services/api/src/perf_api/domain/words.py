"""The words an item is found by: an indexed list, because not every database can search text."""

import re
import unicodedata

from perf_api.domain.items import Item

LONGEST = 64
_WORD = re.compile(r"\w+")


def words_of(text: str) -> tuple[str, ...]:
    """Return the distinct words of a text in their order: runs of letters and digits, case folded, cut at LONGEST."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return tuple(dict.fromkeys(word[:LONGEST] for word in _WORD.findall(folded)))


def item_words(item: Item) -> tuple[str, ...]:
    """Return the words an item is found by: of its name, SKU, category and tags."""
    return words_of(" ".join((item.name, item.sku, item.category, *item.tags)))
