"""Putting our section first on a page of Locust's, whoever rendered it."""

import re

from perf_core.errors import ReportError

BEGIN = "<!-- perf-platform section -->"
END = "<!-- end of perf-platform section -->"
_ROOT = '<div id="root">'
_BODY = re.compile(r"<body[^>]*>", re.IGNORECASE)
_THEME = re.compile(r'window\.theme\s*=\s*"(dark|light)"')


def insert_section(page_html: str, section_html: str) -> str:
    """Return the page with the section first in its body; a section that is already there is replaced.

    The section takes the theme the page was rendered with, so that both look alike.

    Raises:
        ReportError: the page has no place for it.
    """
    rest = page_html
    begin, end = rest.find(BEGIN), rest.find(END)
    if 0 <= begin < end:
        rest = rest[:begin] + rest[end + len(END) :]
    theme = _THEME.search(rest, max(rest.rfind(_ROOT), 0))
    if theme:
        section_html = section_html.replace('data-theme="auto"', f'data-theme="{theme.group(1)}"', 1)
    at = _place(rest)
    return f"{rest[:at]}{BEGIN}{section_html}{END}{rest[at:]}"


def _place(page_html: str) -> int:
    """Return where the section goes: before Locust's root element, else after the opening body tag.

    The last of each is taken: Locust's inlined script stands before them and may contain such text.
    """
    root = page_html.rfind(_ROOT)
    if root >= 0:
        return root
    bodies = list(_BODY.finditer(page_html))
    if bodies:
        return bodies[-1].end()
    raise ReportError("the page has no body to put the comparison into; is it a report of Locust's?")
