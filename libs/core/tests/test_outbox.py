"""What is to be sent waits on the volume: retried with backoff, by any process, and sent once."""

import http.server
import json
import mailbox
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from perf_core.errors import DeliveryError, PerfError, RunNotFoundError, UsageError
from perf_core.model.verdict import Reason, Validity, Verdict
from perf_core.notify import Channel, Courier, NotifySettings, Outbox, OutboxEntry
from perf_core.notify.courier import is_change
from perf_core.report import write_reports
from perf_core.report.slack import build_payload
from perf_core.runstore import RunStore

NOW = 1_790_000_100.0


@dataclass
class Clock:
    now: float = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store(judged, tmp_path) -> RunStore:
    """A run store that holds one judged run with its reports."""
    comparison, current, baseline = judged
    runs = RunStore(tmp_path / "runs")
    write_reports(runs.create(current.info).path, comparison, current, baseline)
    return runs


def run_id(judged) -> str:
    return judged[1].info.id


def test_a_mail_arrives_after_three_refusals_with_growing_delays(judged, store, moody_server):
    moods, clock, delays = ("refuse", "hang", "drop"), Clock(), []
    server = moody_server(*moods)
    Courier(store, server.environment, clock).enqueue(judged[0])
    for mood in moods:
        patience = {"PERF_SMTP_TIMEOUT": "2"} if mood == "hang" else {}
        (attempt,) = Courier(
            store, server.environment | patience, clock
        ).deliver_due()  # as a restarted process would
        assert attempt.outcome == "failed"
        assert attempt.entry.next_at is not None
        delays.append(attempt.entry.next_at - clock.now)
        assert not Courier(store, server.environment, clock).deliver_due()
        clock.now = attempt.entry.next_at

    (last,) = Courier(store, server.environment, clock).deliver_due()

    assert delays == [5.0, 10.0, 20.0]
    assert (last.outcome, last.entry.attempts) == ("sent", 4)
    (arrived,) = mailbox.Maildir(server.box)
    assert arrived["X-RcptTo"] == "a@example.org, b@example.org"
    assert "REGRESSED checkout: GET /report p50 +30 %" in str(arrived["Subject"])


def test_a_run_is_told_once_however_often_its_end_is_gone_through(judged, store, moody_server):
    server = moody_server()
    courier = Courier(store, server.environment)
    for _ in range(3):
        courier.enqueue(judged[0])
        courier.deliver_due()

    assert len(mailbox.Maildir(server.box)) == 1


def test_a_resend_uses_the_pending_entry_at_once_and_sends_the_comparison_last_stored(judged, store, moody_server):
    server, clock = moody_server("refuse"), Clock()
    courier = Courier(store, server.environment, clock)
    courier.enqueue(judged[0])
    courier.deliver_due()
    better = replace(judged[0], verdict=Verdict.IMPROVED, endpoints=())
    write_reports(store.folder(run_id(judged)).path, better, *judged[1:])

    entry = courier.resend(run_id(judged))

    clock.now += 86400
    assert entry.attempts == 2
    assert not courier.deliver_due()
    (arrived,) = mailbox.Maildir(server.box)
    assert arrived["Subject"] == "IMPROVED checkout: latency"


def test_a_resend_fails_while_the_mail_is_not_delivered_and_leaves_it_pending(judged, store, moody_server):
    server = moody_server("refuse")
    courier = Courier(store, server.environment)

    with pytest.raises(DeliveryError, match="451 come back later"):
        courier.resend(run_id(judged))

    (entry,) = courier.outbox.entries()
    assert (entry.sent_at, entry.attempts) == (None, 1)
    assert courier.resend(run_id(judged)).sent_at is not None


def test_a_delivered_mail_can_be_sent_again_with_the_same_message_id(judged, store, moody_server):
    server = moody_server()
    courier = Courier(store, server.environment)
    courier.resend(run_id(judged))
    courier.resend(run_id(judged))

    assert [mail["Message-ID"] for mail in mailbox.Maildir(server.box)] == [
        "<20260921-101500-ab12@perf-platform.example.org>"
    ] * 2


@pytest.mark.parametrize(
    ("environment", "run", "error"),
    [
        pytest.param({}, "20260921-101500-ab12", UsageError, id="mail is off"),
        pytest.param({"PERF_SMTP_HOST": "127.0.0.1"}, "20260921-101500-ab12", UsageError, id="half configured"),
        pytest.param({"PERF_WEBHOOK_URL": "ftp://x"}, "20260921-101500-ab12", UsageError, id="no mail address"),
    ],
)
def test_a_resend_that_makes_no_sense_is_refused(store, environment, run, error):
    with pytest.raises(error):
        Courier(store, environment).resend(run)


def test_a_resend_of_an_unknown_run_leaves_no_entry(store, moody_server):
    with pytest.raises(RunNotFoundError):
        Courier(store, moody_server().environment).resend("20200101-000000-0000")

    assert not Outbox(store.root).entries()


def test_a_setting_that_makes_no_sense_is_a_failed_attempt_that_names_it(judged, store):
    courier = Courier(store, {"PERF_SMTP_HOST": "127.0.0.1", "PERF_SMTP_TO": "nobody"})
    courier.enqueue(judged[0])

    (attempt,) = courier.deliver_due()

    assert "PERF_SMTP_TO" in attempt.entry.error


def test_a_run_without_a_comparison_fails_and_does_not_hold_up_the_next(judged, store, moody_server):
    _, current, _ = judged
    server = moody_server()
    courier = Courier(store, server.environment)
    store.create(replace(current.info, id="20260920-000000-0000"))
    courier.outbox.enqueue("20260920-000000-0000", Channel.MAIL, NOW)
    courier.enqueue(judged[0])

    assert sorted(attempt.outcome for attempt in courier.deliver_due()) == ["failed", "sent"]


def test_the_entry_of_a_run_that_is_gone_goes_too(store):
    courier = Courier(store, {})
    courier.outbox.enqueue("20200101-000000-0000", Channel.MAIL, NOW)

    assert not courier.deliver_due()
    assert not courier.outbox.entries()


def test_after_a_week_nobody_waits_for_the_mail_any_more():
    entry = OutboxEntry("r", Channel.MAIL, NOW, attempts=200, next_at=NOW)

    assert entry.failed(NOW + 6 * 86400, "no").next_at == NOW + 6 * 86400 + 3600
    assert entry.failed(NOW + 7 * 86400, "no").next_at is None


def test_a_clock_that_was_set_back_delays_nothing():
    assert OutboxEntry("r", Channel.MAIL, NOW, next_at=NOW + 86400).is_due(NOW)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"run_id": "x", "channel": "pigeon"}', "\x00"])
def test_a_damaged_entry_is_as_if_never_made(judged, store, text):
    courier = Courier(store, {"PERF_SMTP_HOST": "127.0.0.1"})
    courier.enqueue(judged[0])
    (path,) = (store.root / "outbox").glob("*.json")
    path.write_text(text)

    assert not courier.outbox.entries()
    assert courier.enqueue(judged[0])[0].attempts == 0


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param({}, True, id="regressed"),
        pytest.param({"verdict": Verdict.UNCHANGED}, False, id="unchanged"),
        pytest.param({"verdict": Verdict.INCONCLUSIVE, "reasons": (Reason.NOISE,)}, False, id="inconclusive"),
        pytest.param({"verdict": None, "validity": Validity.INVALID}, True, id="invalid"),
        pytest.param({"verdict": Verdict.UNCHANGED, "broken_thresholds": ("p95 < 1",)}, True, id="threshold"),
    ],
)
def test_only_changes_are_told_when_asked_for(judged, store, changes, told):
    comparison = replace(judged[0], **changes)
    environment = {"PERF_SMTP_HOST": "127.0.0.1", "PERF_NOTIFY_ON": "change"}

    assert is_change(comparison) is told
    assert bool(Courier(store, environment).enqueue(comparison)) is told


@pytest.mark.parametrize(
    "change", [{"PERF_NOTIFY_ON": "never"}, {"PERF_WEBHOOK_URL": "x"}, {"PERF_PUBLIC_URL": "a b"}]
)
def test_a_wrong_setting_is_named(change):
    with pytest.raises(UsageError, match=next(iter(change))):
        NotifySettings.from_environment(change)


@dataclass
class Hook:
    url: str = ""
    statuses: list[int] = field(default_factory=list)
    bodies: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture
def hook() -> Iterator[Hook]:
    taken = Hook()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(taken.statuses.pop(0) if taken.statuses else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    taken.url = f"http://127.0.0.1:{server.server_address[1]}/services/T0/secret"
    yield taken
    server.shutdown()
    server.server_close()


def test_a_webhook_goes_through_the_same_outbox_and_keeps_its_secret(judged, store, hook):
    clock, environment = Clock(), {"PERF_WEBHOOK_URL": hook.url, "PERF_PUBLIC_URL": "https://perf.example.org/"}
    courier = Courier(store, environment, clock)
    hook.statuses[:] = [503]
    courier.enqueue(judged[0])

    (failed,) = courier.deliver_due()
    clock.now += 5
    (sent,) = courier.deliver_due()

    assert "HTTP 503" in failed.entry.error
    assert "secret" not in failed.entry.error
    assert sent.outcome == "sent"
    assert "REGRESSED checkout: GET /report p50 +30 %" in hook.bodies[1]["text"]
    assert "<https://perf.example.org/perf/runs/20260921-101500-ab12/report|report>" in hook.bodies[1]["text"]


def test_an_endpoint_name_mentions_nobody_in_slack(judged):
    worst = judged[0].endpoints[0]
    hostile = replace(worst, key=replace(worst.key, name="<!channel> <http://evil|x> &"))

    text = str(build_payload(replace(judged[0], endpoints=(hostile,)), ())["text"])

    assert "<!channel>" not in text
    assert "<http" not in text
    assert "&lt;!channel&gt;" in text


def test_an_outbox_that_cannot_be_written_is_an_error_of_ours(judged, tmp_path):
    (tmp_path / "outbox").write_text("a file where the folder should be")

    with pytest.raises(PerfError):
        Courier(RunStore(tmp_path), {"PERF_SMTP_HOST": "127.0.0.1"}).enqueue(judged[0])


def test_two_processes_that_look_at_once_send_one_mail(judged, store, moody_server):
    server = moody_server()
    Courier(store, server.environment).enqueue(judged[0])
    gate = threading.Barrier(4)

    def look() -> None:
        gate.wait()
        Courier(store, server.environment).deliver_due()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(mailbox.Maildir(server.box)) == 1
