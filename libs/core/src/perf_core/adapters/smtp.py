"""Mail over SMTP, plainly and with time limits: it blocks, so a caller with an event loop uses a native thread."""

import re
import smtplib
import ssl
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from email.message import EmailMessage
from enum import StrEnum

from perf_core.errors import DeliveryError, UsageError

TIMEOUT = 15.0
"""Seconds for each step of the conversation, not for all of it."""
_PORTS = {"none": 25, "starttls": 587, "tls": 465}
_ADDRESS = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")


class Security(StrEnum):
    """How the connection is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """Where mail goes, from PERF_SMTP_*. `ca_file` is a further certificate authority, for servers with their own."""

    host: str
    port: int
    sender: str
    recipients: tuple[str, ...]
    security: Security = Security.STARTTLS
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout: float = TIMEOUT
    ca_file: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "SmtpSettings | None":
        """Return the settings; None without PERF_SMTP_HOST, which switches mail off.

        Raises:
            UsageError: a variable is missing or makes no sense; the message names it.
        """
        host = environment.get("PERF_SMTP_HOST", "").strip()
        if not host:
            return None
        security = _security(environment)
        recipients = _addresses(environment, "PERF_SMTP_TO")
        sender = _addresses(environment, "PERF_SMTP_FROM")
        user, password = environment.get("PERF_SMTP_USER") or None, environment.get("PERF_SMTP_PASSWORD") or None
        if (user is None) != (password is None):
            raise UsageError("PERF_SMTP_USER and PERF_SMTP_PASSWORD belong together; set both or none")
        if len(sender) != 1:
            raise UsageError(f"PERF_SMTP_FROM has {len(sender)} addresses; give one")
        ca_file = environment.get("PERF_SMTP_CA_FILE") or None
        port = _port(environment, security)
        return cls(host, port, sender[0], recipients, security, user, password, _timeout(environment), ca_file)


def _security(environment: Mapping[str, str]) -> Security:
    text = environment.get("PERF_SMTP_SECURITY", "").strip().lower() or Security.STARTTLS.value
    try:
        return Security(text)
    except ValueError as cause:
        raise UsageError(f"PERF_SMTP_SECURITY is '{text}'; use none, starttls or tls") from cause


def _port(environment: Mapping[str, str], security: Security) -> int:
    text = environment.get("PERF_SMTP_PORT", "").strip() or str(_PORTS[security.value])
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) < 65536:
        raise UsageError(f"PERF_SMTP_PORT is '{text}'; give a port from 1 to 65535")
    return int(text)


def _timeout(environment: Mapping[str, str]) -> float:
    text = environment.get("PERF_SMTP_TIMEOUT", "").strip() or str(TIMEOUT)
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 600:
        raise UsageError(f"PERF_SMTP_TIMEOUT is '{text}'; give seconds above 0, at most 600")
    return seconds


def _addresses(environment: Mapping[str, str], name: str) -> tuple[str, ...]:
    addresses = tuple(part.strip() for part in environment.get(name, "").split(",") if part.strip())
    if not addresses:
        raise UsageError(f"{name} is not set, but PERF_SMTP_HOST is; give a mail address or unset PERF_SMTP_HOST")
    for address in addresses:
        if not _ADDRESS.fullmatch(address):
            raise UsageError(f"{name} has '{address}', which is no mail address; write them like a@example.org")
    return addresses


def send(settings: SmtpSettings, message: EmailMessage) -> None:
    """Hand the message to the server; return when it took it for at least one recipient.

    Raises:
        DeliveryError: the server could not be reached, refused, or did not answer in time. Refused recipients are
            an error too, when nobody is left; `UsageError` is never raised here.
    """
    try:
        with _connection(settings) as server:
            if settings.user is not None and settings.password is not None:
                server.login(settings.user, settings.password)
            refused = server.send_message(message, settings.sender, settings.recipients)
    except (smtplib.SMTPException, OSError, ValueError) as cause:
        raise DeliveryError(
            f"the mail server {settings.host}:{settings.port} did not take the mail ({_plain(cause)}); "
            "check PERF_SMTP_*"
        ) from cause
    if refused:
        raise PartialDeliveryError(tuple(sorted(refused)), settings)


class PartialDeliveryError(DeliveryError):
    """Raised when the server took the mail for some recipients only; sending again would reach the others twice."""

    def __init__(self, refused: tuple[str, ...], settings: SmtpSettings) -> None:
        super().__init__(
            f"the mail server {settings.host}:{settings.port} refused {', '.join(refused)} and took the mail for the "
            "others; correct PERF_SMTP_TO"
        )
        self.refused = refused


def _connection(settings: SmtpSettings) -> AbstractContextManager[smtplib.SMTP]:
    if settings.security is Security.NONE:
        return smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout)
    context = ssl.create_default_context(cafile=settings.ca_file)
    if settings.security is Security.TLS:
        return smtplib.SMTP_SSL(settings.host, settings.port, timeout=settings.timeout, context=context)
    server = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout)
    try:
        server.starttls(context=context)
    except BaseException:
        server.close()
        raise
    return server


def _plain(cause: Exception) -> str:
    """Return the server's words on one line; the error of a hang says nothing by itself."""
    if isinstance(cause, TimeoutError) or "timed out" in str(cause):
        return "no answer in time"
    if isinstance(cause, smtplib.SMTPRecipientsRefused):
        replies = {f"{code} {text.decode('ascii', 'replace')}" for code, text in cause.recipients.values()}
        return "all recipients refused: " + "; ".join(sorted(replies))
    if isinstance(cause, smtplib.SMTPResponseException):
        error = cause.smtp_error
        words = error.decode("ascii", "replace") if isinstance(error, bytes) else str(error)
        return f"{cause.smtp_code} {words}"
    return str(cause) or type(cause).__name__
