"""The names of metrics in a query, so that a test can ask whether they exist."""

import re

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
_KEYWORDS = {
    "and",
    "or",
    "unless",
    "bool",
    "offset",
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "inf",
}


def metric_names(expr: str) -> set[str]:
    """Return the metrics that a query in PromQL reads."""
    bare = re.sub(r"\{[^}]*\}", "", _STRING.sub('""', expr))
    bare = re.sub(r"\[[^\]]*\]", "", _GROUPING.sub("", bare))
    words = re.finditer(r"(?<![\w:.])[a-zA-Z_:][\w:]*", bare)
    found = {word[0] for word in words if not re.match(r"\s*\(", bare[word.end() :])}
    return found - _KEYWORDS
