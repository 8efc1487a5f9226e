"""The courier: tries what is due in the outbox and writes down how it went. It blocks: not for an event loop."""

import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from perf_core.adapters.smtp import PartialDeliveryError, send
from perf_core.adapters.webhook import post_json
from perf_core.compare.comparison import RunComparison
from perf_core.compare.document import read_comparison
from perf_core.errors import PerfError, RunNotFoundError, UsageError
from perf_core.model.verdict import Validity, Verdict
from perf_core.notify.outbox import Channel, Outbox, OutboxEntry
from perf_core.notify.settings import NotifySettings, Occasion, occasion, wanted_channels
from perf_core.report.email import build_message
from perf_core.report.links import run_links
from perf_core.report.slack import build_payload
from perf_core.runstore import RunStore

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt and what became of the entry."""

    entry: OutboxEntry

    @property
    def outcome(self) -> str:
        """``sent`` or ``failed``, as metrics call it."""
        return "failed" if self.entry.sent_at is None else "sent"


@dataclass(frozen=True, slots=True)
class Courier:
    """Delivers the outbox of a run store; `environment` is read at every attempt, `clock` gives Unix seconds."""

    store: RunStore
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    clock: Callable[[], float] = time.time

    @property
    def outbox(self) -> Outbox:
        """The outbox on the volume of the runs."""
        return Outbox(self.store.root)

    def enqueue(self, comparison: RunComparison) -> tuple[OutboxEntry, ...]:
        """Note that people are to be told of a run, once per channel however often this is called.

        Raises:
            RunStoreError: the volume cannot be written.
            UsageError: PERF_NOTIFY_ON makes no sense.
        """
        if occasion(self.environment) is Occasion.CHANGE and not is_change(comparison):
            return ()
        now = self.clock()
        channels = wanted_channels(self.environment)
        return tuple(self.outbox.enqueue(comparison.current.id, channel, now) for channel in channels)

    def deliver_due(self, *, only_fresh: bool = False) -> tuple[Attempt, ...]:
        """Try every entry that is due, oldest first; with `only_fresh` only those that were never tried."""
        attempts = []
        for entry in self.outbox.entries():
            if entry.is_due(self.clock()) and not (only_fresh and entry.attempts):
                attempt = self._try(entry.run_id, entry.channel)
                attempts += [attempt] if attempt else []
        return tuple(attempts)

    def resend(self, run_id: str, channel: Channel = Channel.MAIL) -> OutboxEntry:
        """Send the run's message at once, whatever the backoff says, through its entry in the outbox.

        Raises:
            UsageError: the channel is switched off, or its settings make no sense.
            PerfError: it was not delivered, or not to all; a later attempt will follow by itself.
        """
        if channel not in wanted_channels(self.environment):
            name = "PERF_SMTP_HOST" if channel is Channel.MAIL else "PERF_WEBHOOK_URL"
            raise UsageError(f"{name} is not set, so there is nobody to send to; set it")
        settings = NotifySettings.from_environment(self.environment)
        self.store.folder(run_id)
        before = self.outbox.enqueue(run_id, channel, self.clock())
        with self.outbox.locked(run_id, channel):
            entry = self.outbox.read(run_id, channel) or before
            if before.sent_at is None and entry.sent_at is not None:
                return entry  # the master was faster
            return self._attempt(entry.asked_again(self.clock()), settings, raising=True)

    def _try(self, run_id: str, channel: Channel) -> Attempt | None:
        """Try one entry; None when another process was faster, or the run is gone."""
        with self.outbox.locked(run_id, channel):
            entry = self.outbox.read(run_id, channel)
            if entry is None or not entry.is_due(self.clock()):
                return None
            try:
                self.store.folder(run_id)
                settings = NotifySettings.from_environment(self.environment)
            except RunNotFoundError as cause:
                log.warning("outbox.run_gone", extra={"run_id": run_id, "cause": str(cause)})
                self.outbox.remove(run_id)
                return None
            except UsageError as cause:
                return Attempt(self.outbox.write(entry.failed(self.clock(), str(cause))))
            return Attempt(self._attempt(entry, settings))

    def _attempt(self, entry: OutboxEntry, settings: NotifySettings, *, raising: bool = False) -> OutboxEntry:
        try:
            self._send(entry, settings)
        except Exception as cause:  # one message that cannot be made must not hold up the others
            if isinstance(cause, PerfError):
                log.error("%s of run %s: %s", entry.channel, entry.run_id, cause)  # noqa: TRY400  one sentence
            else:
                log.exception("%s of run %s", entry.channel, entry.run_id)
            done = self.outbox.write(_after(entry, cause, self.clock(), settings.first_delay))
            if raising:
                raise
            return done
        return self.outbox.write(entry.delivered(self.clock()))

    def _send(self, entry: OutboxEntry, settings: NotifySettings) -> None:
        run = self.store.folder(entry.run_id)
        folder, links = run.path, run_links(run.read_info(), self.environment)
        comparison = read_comparison(folder / "comparison.json")
        if entry.channel is Channel.WEBHOOK:
            post_json(settings.webhook or "", build_payload(comparison, links))
            return
        if settings.smtp is None:
            raise UsageError("PERF_SMTP_HOST is not set any more; set it, or remove the entry from the outbox")
        report = folder / "report.html"
        html = report.read_text(encoding="utf-8", errors="replace") if report.exists() else None
        smtp, limit = settings.smtp, settings.attachment_limit
        send(
            smtp,
            build_message(comparison, html, smtp.sender, smtp.recipients, links=links, attachment_limit=limit),
        )


def _after(entry: OutboxEntry, cause: Exception, now: float, first_delay: float) -> OutboxEntry:
    """Return the entry after an error; where some got the message nobody gets it again."""
    words = str(cause) or type(cause).__name__
    return (
        entry.delivered(now, words)
        if isinstance(cause, PartialDeliveryError)
        else entry.failed(now, words, first_delay)
    )


def is_change(comparison: RunComparison) -> bool:
    """Return whether a run is news: better, worse, a threshold broken, or not worth anything."""
    moved = comparison.verdict in {Verdict.REGRESSED, Verdict.IMPROVED}
    return moved or bool(comparison.broken_thresholds) or comparison.validity is Validity.INVALID
