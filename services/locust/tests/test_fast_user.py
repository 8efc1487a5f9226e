"""FastUser's client: what tasks and listeners learn, connections, time limits, TLS, refusals."""

import gc
import json
import os
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
from fast_clients import Client, asked, misbehaving
from gevent import monkey, ssl
from locust import FastHttpUser, HttpUser, constant, task
from locust.contrib.fasthttp import FastResponse, ResponseContextManager
from locust.env import Environment
from locust.exception import LocustError, StopTest

from perf_locust.error_class import error_class
from perf_locust.users import FastUser
from perf_locust.users.fast.refusal import NotSupportedError

CERTIFICATE = Path(__file__).parents[3] / "libs/core/tests/loopback-certificate.pem"


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    with misbehaving() as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def secure_host() -> Iterator[str]:
    with misbehaving(str(CERTIFICATE)) as port:
        yield f"https://127.0.0.1:{port}"


def connection_of(client: Client, path: str = "/echo", method: str = "GET") -> int:
    return int(asked(client.ask(method, path))["connection"])


def test_a_response_is_what_tasks_for_fast_http_user_expect(host: str) -> None:
    ours, theirs = (Client(each, host).http.get("/json?a=1") for each in (FastUser, FastHttpUser))

    assert isinstance(ours, FastResponse)
    assert ours.json() == theirs.json() == {"a": [1, 2]}
    assert (ours.ok, ours.status_code, ours.url) == (True, 200, theirs.url)
    assert ours.headers["CONTENT-type"] == theirs.headers["CONTENT-type"] == "application/json"
    assert (ours.request.method, ours.request.url, ours.request.body) == ("GET", theirs.request.url, None)
    assert ours.elapsed.total_seconds() > 0
    assert (len(ours), bool(ours)) == (len(theirs), bool(theirs))
    with pytest.raises(LocustError):
        ours.success()


def test_the_way_of_a_redirected_request_is_known(host: str) -> None:
    answer = Client(FastUser, host).http.get("/moved")

    assert [each.status_code for each in answer.history] == [302]
    assert answer.url == answer.request.url == f"{host}/hello"
    assert answer.history[0].headers["location"] == "/hello"


def decide(client: Client, path: str, decision: Any) -> BaseException | None:
    with client.http.get(path, catch_response=True) as answer:
        assert isinstance(answer, ResponseContextManager)
        decision(answer)
    return client.events[-1]["exception"]


def raise_inside(_: Any) -> None:
    raise KeyError("in the task")


@pytest.mark.parametrize("user_class", [FastUser, FastHttpUser])
def test_a_task_decides_what_is_a_failure(host: str, user_class: type) -> None:
    client = Client(user_class, host)

    assert str(decide(client, "/hello", lambda answer: answer.failure("too short"))) == "too short"
    assert decide(client, "/not-found", lambda answer: answer.success()) is None
    assert decide(client, "/hello", lambda _: None) is None
    assert "404" in str(decide(client, "/not-found", lambda _: None))
    assert decide(client, "/close-at-once", lambda answer: answer.success()) is None
    with pytest.raises(KeyError):
        decide(client, "/hello", raise_inside)
    assert len(client.events) == 5


@pytest.mark.parametrize("user_class", [FastUser, FastHttpUser])
def test_rest_parses_and_judges(host: str, user_class: type) -> None:
    client = Client(user_class, host)

    with client.user.rest("POST", "/echo", json={"a": 1}) as answer:
        assert answer.js["body"] == '{"a": 1}'
        assert ["accept", "application/json"] in answer.js["headers"]
    with client.user.rest("GET", "/hello") as answer:
        assert answer.js is None
    with client.user.rest("GET", "/json") as answer:
        raise AssertionError("wrong a")
    with client.user.rest("GET", "/close-at-once") as answer:
        assert answer.content is None
    with client.user.rest_("GET", "/echo?x=1") as answer:
        assert "&_=" in answer.js["line"]

    failures = [str(event["exception"]) if event["exception"] else None for event in client.events]
    assert failures[0] is failures[4] is None
    assert "Could not parse response as JSON. hello" in str(failures[1])
    assert failures[2:4] == ["wrong a", "connection closed."]
    assert client.events[4]["name"] == "/echo?x=1&_=..."


def test_the_context_and_the_name_reach_the_listeners(host: str) -> None:
    client = Client(FastUser, host, context=lambda _: {"shop": 1, "from": "user"})

    with client.http.rename_request("renamed"):
        client.ask("GET", "/echo", context={"from": "request"})
    client.ask("GET", "/echo", name="own")

    assert client.events[0]["context"] == {"shop": 1, "from": "request"}
    assert [event["name"] for event in client.events] == ["renamed", "own"]
    assert client.events[1]["context"] == {"shop": 1, "from": "user"}


def test_one_connection_carries_all_requests_of_a_user(host: str) -> None:
    client = Client(FastUser, host)

    numbers = [connection_of(client), connection_of(client, method="POST")]
    for path in ("/hello", "/chunked", "/not-found", "/moved", "/continue", "/no-content", "/gzip", "/large"):
        client.ask("GET", path)
    client.ask("HEAD", "/hello")
    client.ask("HEAD", "/gzip")
    numbers.append(connection_of(client))

    assert len(set(numbers)) == 1


def wait_for_the_end(client: Client, seconds: float) -> None:
    """Wait until the server's end of each kept connection has arrived here."""
    idle = [each for pool in client.http._sender._transfer._pools.values() for each in pool._idle]
    deadline = time.monotonic() + seconds
    while any(connection.unheard() for connection in idle) and time.monotonic() < deadline:
        gevent.sleep(0.01)
    if seconds:
        gevent.sleep(0.001)  # the event loop sees it too


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/closes-without-a-word", "/closes-later", "/asks-to-close", "/too-long-later"])
def test_a_kept_connection_that_was_closed_is_replaced(host: str, path: str, method: str) -> None:
    client = Client(FastUser, host)
    client.ask("GET", path)
    wait_for_the_end(client, 30 if "later" in path or method == "POST" else 0)

    after = client.ask(method, "/echo")

    assert (after.status, after.failed) == (200, False)
    assert not client.events[0]["exception"]


def test_a_new_connection_that_breaks_is_a_failure_at_once(host: str) -> None:
    client = Client(FastUser, host)
    before = connection_of(client)
    client.http._sender._transfer._pools.clear()

    failed = client.ask("GET", "/close-at-once")

    assert failed.failed
    assert connection_of(client) == before + 2  # one was for the failed request: it was not sent twice


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_a_large_body_goes_out_whole_while_the_response_is_already_there(
    host: str, secure_host: str, secure: bool
) -> None:
    client = Client(FastUser, secure_host if secure else host)
    body = os.urandom(1 << 20).hex()

    got = asked(client.ask("POST", "/echo", data=body))

    assert got["body"] == body


def test_requests_at_the_same_time_have_connections_of_their_own_up_to_the_limit(host: str) -> None:
    client = Client(FastUser, host, concurrency=3)

    tasks = [gevent.spawn(client.http.get, "/slow-in-headers") for _ in range(7)]
    gevent.joinall(tasks, raise_error=True)
    kept = client.http._sender._transfer._pools.values()

    assert [len(pool._idle) for pool in kept] == [3]
    assert {answer.value.content for answer in tasks} == {b"hello"}


def test_a_time_limit_holds_for_one_request_and_restarts_with_each_byte(host: str) -> None:
    client = Client(FastUser, host)

    short = client.ask("GET", "/silent", timeout=0.1)
    slow = client.ask("GET", "/byte-by-byte", timeout=(5, 0.5))
    again = client.ask("GET", "/silent-in-body", timeout=(None, 0.1))

    assert [each.failed for each in (short, slow, again)] == [True, False, True]
    assert short.message == f"URL {host}/silent: 0, original=timed out"
    assert 100 <= client.events[0]["response_time"] < 30_000
    assert {error_class(client.events[at]["exception"]) for at in (0, 2)} == {"timeout"}


def test_a_response_that_is_read_late_is_not_a_slow_response(host: str) -> None:
    client = Client(FastUser, host)
    connection_of(client)
    (pool,) = client.http._sender._transfer._pools.values()
    connection = pool._idle[0]
    began = time.perf_counter()
    request = gevent.spawn(client.http.get, "/hello")
    gevent.sleep(0)

    while connection.unheard():
        pass  # this greenlet keeps the event loop from reading
    came = time.perf_counter()
    monkey.get_original("time", "sleep")(0.1)
    request.join()

    assert 0 < client.events[-1]["response_time"] / 1000 <= came - began


def test_a_gevent_timeout_around_a_request_is_its_failure_as_with_fast_http_user(host: str) -> None:
    for each in (FastUser, FastHttpUser):
        client = Client(each, host)
        with gevent.Timeout(0.1):
            client.ask("GET", "/silent")
        assert type(client.events[0]["exception"]).__name__ == "RetriesExceeded"
        assert client.ask("GET", "/hello").status == 200


def test_a_user_that_is_killed_leaves_nothing_behind(host: str) -> None:
    client = Client(FastUser, host)
    connection_of(client)
    greenlet = gevent.spawn(client.http.get, "/silent")
    gevent.sleep(0.05)

    greenlet.kill()

    assert client.ask("GET", "/hello").status == 200
    assert len(client.events) == 2  # nothing was answered to the one that was killed
    gc.collect()
    files = len(list(Path("/proc/self/fd").iterdir()))
    gone = weakref.ref(client.user)
    del client, greenlet
    gc.collect()
    assert gone() is None
    assert len(list(Path("/proc/self/fd").iterdir())) == files - 1


def test_what_cannot_be_reached_is_a_failure(host: str) -> None:
    closed, unknown = "http://127.0.0.1:9/", "http://no-such-host.invalid/"
    for each in (FastUser, FastHttpUser):
        client = Client(each, host)
        results = [client.ask("GET", url) for url in (closed, unknown)]
        assert [(result.status, result.failure) for result in results] == [
            (0, "ConnectionRefusedError"),
            (0, "gaierror"),
        ]
        assert error_class(client.events[1]["exception"]) == "connection"


def test_tls_is_spoken_with_any_certificate_or_with_a_trusted_one(secure_host: str) -> None:
    def trusting() -> Any:
        return ssl.create_default_context(cafile=str(CERTIFICATE))

    anyone = Client(FastUser, secure_host)
    strict = Client(FastUser, secure_host, insecure=False)
    trusted = Client(FastUser, secure_host, insecure=False, ssl_context_factory=staticmethod(trusting))

    assert [anyone.ask("GET", path).content for path in ("/hello", "/chunked", "/hello")][1:] == [
        b"hello in parts",
        b"hello",
    ]
    assert connection_of(anyone) == connection_of(anyone, method="POST")
    refused = strict.ask("GET", "/hello")
    assert (refused.failure, error_class(strict.events[0]["exception"])) == ("SSLCertVerificationError", "tls")
    assert trusted.ask("GET", "/hello").status == 200


@pytest.mark.parametrize("path", ["/closes-later", "/truncated", "/reset-in-body", "/slow-in-body", "/until-close"])
def test_a_secure_server_that_misbehaves_is_seen_as_fast_http_user_sees_it(secure_host: str, path: str) -> None:
    results = []
    for each in (FastUser, FastHttpUser):
        client = Client(each, secure_host)
        first = client.ask("GET", path)
        gevent.sleep(0.5 if path == "/closes-later" else 0)
        second = client.ask("POST", "/echo")
        results.append((first.failed, first.failed or first.content, second.status))

    assert results[0] == results[1]


@pytest.mark.parametrize(
    ("arguments", "instead"),
    [
        ({"stream": True}, "FastHttpUser"),
        ({"files": {"a": b"1"}}, "FastHttpUser"),
        ({"data": open}, "HttpUser"),
        ({"data": iter([b"a"])}, "HttpUser"),
        ({"data": [("a", "1")]}, "HttpUser"),
        ({"headers": {"Expect": "100-continue"}}, "FastHttpUser"),
        ({"headers": {"transfer-encoding": "chunked"}}, "FastHttpUser"),
        ({"verify": "ca.pem"}, "HttpUser"),
        ({"proxies": {"http": "http://127.0.0.1:3128"}}, "HttpUser"),
        ({"max_retries": 3}, "FastHttpUser"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_not_supported_is_refused_with_the_class_to_use(
    host: str, arguments: dict[str, Any], instead: str
) -> None:
    client = Client(FastUser, host)

    with pytest.raises(NotSupportedError, match=rf"derive this user from locust\.{instead} instead"):
        client.http.post("/echo", **arguments)
    assert client.events == []


def test_an_unknown_argument_is_refused_and_not_sent_as_a_parameter(host: str) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'parms'"):
        Client(FastUser, host).http.get("/echo", parms={"a": 1})


def test_reading_a_response_as_a_stream_is_refused(host: str) -> None:
    client = Client(FastUser, host)
    answer = client.http.get("/hello")

    for stream in (lambda: next(answer.iter_content()), answer.read, lambda: client.http.iter_lines("/hello")):
        with pytest.raises(NotSupportedError, match="FastHttpUser"):
            stream()


@pytest.mark.parametrize("attribute", ["proxy_host", "client_pool", "max_retries", "pool_manager"])
def test_a_setting_without_effect_is_refused_when_the_class_is_made(attribute: str) -> None:
    with pytest.raises(NotSupportedError, match=attribute):
        type("Proxied", (FastUser,), {attribute: 1})


def test_a_user_without_a_host_stops_the_test() -> None:
    with pytest.raises(StopTest):
        type("Lost", (FastUser,), {})(Environment())


def test_changing_the_base_class_is_all_that_a_locustfile_needs(host: str) -> None:
    totals = []
    for base in (FastUser, FastHttpUser, HttpUser):

        class Shopper(base):  # type: ignore[misc,valid-type]
            @task
            def look(self) -> None:
                self.client.get("/hello", name="hello")
                with self.client.get("/not-found", catch_response=True) as answer:
                    answer.failure("missing")
                with self.rest("POST", "/echo", json={"a": 1}) as answer:
                    assert json.loads(answer.js["body"]) == {"a": 1}
                gevent.sleep(0.01)

        environment = Environment(user_classes=[Shopper], host=host)
        runner = environment.create_local_runner()
        runner.start(3, spawn_rate=100)
        while environment.stats.total.num_requests < 60:
            gevent.sleep(0.01)
        runner.stop()
        stats = environment.stats
        totals.append(
            {
                (entry.name, entry.method, entry.num_failures > 0, round(entry.avg_content_length / 50))
                for entry in stats.entries.values()
            }
            | {(error.name, str(error.error)) for error in stats.errors.values()}
        )
        runner.quit()

    assert totals[0] == totals[1] == totals[2]


def test_a_user_that_wakes_while_it_is_stopped_sends_nothing_that_is_not_recorded(server) -> None:
    class Waiting(FastUser):
        host = server.url
        wait_time = constant(0.3)

        @task
        def look(self) -> None:
            self.client.get("/fast")

        def on_stop(self) -> None:
            self.client.get("/leave")

    environment = Environment(user_classes=[Waiting])
    environment.stop_timeout = 10
    events: list[str] = []
    environment.events.request.add_listener(lambda name, **_: events.append(name))
    runner = environment.create_local_runner()
    runner.start(3, spawn_rate=100)
    gevent.sleep(0.1)
    assert events == ["/fast"] * 3

    # The loop stands still while Locust begins to stop: then both the end and the next task of all users are due.
    environment.events.test_stopping.add_listener(lambda **_: monkey.get_original("time", "sleep")(0.5))
    gevent.spawn_later(0.01, runner.stop).join()  # by a timer, as at the end of --run-time

    assert sorted(events) == ["/fast"] * 3 + ["/leave"] * 3
    assert server.served() == len(events)
