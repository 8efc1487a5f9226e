"""Telling people that a run is over: what is to be sent waits on the volume until it has arrived."""

from perf_core.notify.courier import Attempt, Courier
from perf_core.notify.outbox import Channel, Outbox, OutboxEntry
from perf_core.notify.settings import NotifySettings

__all__ = ["Attempt", "Channel", "Courier", "NotifySettings", "Outbox", "OutboxEntry"]
