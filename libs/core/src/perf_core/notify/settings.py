"""Who is told and when, from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from perf_core.adapters.smtp import SmtpSettings
from perf_core.errors import UsageError
from perf_core.notify.outbox import FIRST_DELAY, Channel
from perf_core.report.email import ATTACHMENT_LIMIT
from perf_core.report.links import http_address


class Occasion(StrEnum):
    """At the end of which runs people are told."""

    EVERY = "every"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class NotifySettings:
    """Settings of every channel.

    Attributes:
        smtp: where mail goes; None = no mail.
        webhook: URL that takes Slack's JSON; None = none. It is a secret: whoever knows it may post.
        occasion: every run, or only those that changed.
        public_url: address at which people reach the master; None = reports cannot be linked.
        grafana_url: address of Grafana, or of one dashboard.
        attachment_limit: bytes above which a report is linked instead of attached.
        first_delay: seconds between the first failure and the second attempt.
    """

    smtp: SmtpSettings | None = None
    webhook: str | None = None
    occasion: Occasion = Occasion.EVERY
    public_url: str | None = None
    grafana_url: str | None = None
    attachment_limit: int = ATTACHMENT_LIMIT
    first_delay: float = FIRST_DELAY

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "NotifySettings":
        """Return the settings.

        Raises:
            UsageError: a variable makes no sense; the message names it.
        """
        return cls(
            SmtpSettings.from_environment(environment),
            http_address(environment, "PERF_WEBHOOK_URL"),
            occasion(environment),
            http_address(environment, "PERF_PUBLIC_URL"),
            http_address(environment, "PERF_GRAFANA_URL"),
            int(_number(environment, "PERF_SMTP_ATTACHMENT_LIMIT", ATTACHMENT_LIMIT)),
            _number(environment, "PERF_NOTIFY_RETRY_SECONDS", FIRST_DELAY),
        )


def wanted_channels(environment: Mapping[str, str]) -> tuple[Channel, ...]:
    """Return the channels that are switched on, whether or not their further settings make sense."""
    switches = ((Channel.MAIL, "PERF_SMTP_HOST"), (Channel.WEBHOOK, "PERF_WEBHOOK_URL"))
    return tuple(channel for channel, name in switches if environment.get(name, "").strip())


def occasion(environment: Mapping[str, str]) -> Occasion:
    """Return at the end of which runs people are told.

    Raises:
        UsageError: PERF_NOTIFY_ON makes no sense.
    """
    text = environment.get("PERF_NOTIFY_ON", "").strip().lower() or Occasion.EVERY.value
    try:
        return Occasion(text)
    except ValueError as cause:
        raise UsageError(f"PERF_NOTIFY_ON is '{text}'; use every or change") from cause


def _number(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name, "").strip() or str(default)
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1e12:
        raise UsageError(f"{name} is '{text}'; set it to a number above zero, or unset it for {default:g}")
    return value
