"""The mail of a judged run: verdict in the subject, table in the body, report attached."""

import gzip
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from perf_core.compare.comparison import RunComparison
from perf_core.report.html import render_mail_body
from perf_core.report.links import Link
from perf_core.report.outside import printable
from perf_core.report.text import render_text
from perf_core.report.words import headline
from perf_core.units import format_bytes

ATTACHMENT_LIMIT = 8_000_000
"""Bytes; base64 adds a third, and many servers refuse mails above 10 MB."""
_SUBJECT_LENGTH = 180


def build_message(
    comparison: RunComparison,
    html: str | None,
    sender: str,
    recipients: tuple[str, ...],
    *,
    links: tuple[Link, ...] = (),
    attachment_limit: int = ATTACHMENT_LIMIT,
) -> EmailMessage:
    """Return one message for all recipients; its Message-ID is the run's, so that a second delivery is recognised.

    A report above the limit is attached compressed; when that is too large too, the body says where it is.
    """
    message = EmailMessage()
    message["Subject"] = printable(headline(comparison), _SUBJECT_LENGTH)
    message["From"] = sender
    message["To"] = ", ".join(recipients)
    message["Date"] = formatdate()
    message["Message-ID"] = message_id(comparison, sender)
    message["Auto-Submitted"] = "auto-generated"
    name, data = _attachment(comparison, html, attachment_limit)
    remark = _remark(html, name, linked=bool(links))
    told = [*([remark] if remark else []), *(f"{link.title}: {link.url}" for link in links)]
    message.set_content(render_text(comparison) + "".join(f"\n{line}\n" for line in told))
    message.add_alternative(render_mail_body(comparison, remark, links), subtype="html")
    if name.endswith(".gz"):
        message.add_attachment(data, maintype="application", subtype="gzip", filename=name)
    elif name:
        message.add_attachment(data, maintype="text", subtype="html", filename=name, params={"charset": "utf-8"})
    return message


def message_id(comparison: RunComparison, sender: str) -> str:
    """Return the fixed Message-ID of a run's mail."""
    domain = sender.rpartition("@")[2].strip("> ")
    if not domain.isascii() or not domain.replace("-", "").replace(".", "").isalnum():
        return make_msgid(comparison.current.id)
    return f"<{comparison.current.id}@perf-platform.{domain}>"


def _attachment(comparison: RunComparison, html: str | None, limit: int) -> tuple[str, bytes]:
    """Return file name and bytes of the attachment; no name when there is none or it is too large."""
    if html is None:
        return "", b""
    data = html.encode("utf-8", "replace")
    name = f"report-{comparison.current.id}.html"
    if len(data) <= limit:
        return name, data
    packed = gzip.compress(data)
    return (f"{name}.gz", packed) if len(packed) <= limit else ("", b"")


def _remark(html: str | None, name: str, *, linked: bool) -> str:
    if html is None:
        return "There is no HTML report of this run."
    if name:
        return ""
    size = format_bytes(len(html.encode("utf-8", "replace")))
    where = "read it by the link below" if linked else "it is in the folder of the run, report.html"
    return f"The report is too large to attach ({size}); {where}."
