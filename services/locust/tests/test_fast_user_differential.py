"""The same requests through FastUser, FastHttpUser and HttpUser, to a server that misbehaves in every way it can."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from fast_clients import Client, Outcome, asked, misbehaving
from locust import FastHttpUser, HttpUser
from misbehaving_server import SCRIPTS

from perf_locust.users import FastUser

SILENT = {path for path in SCRIPTS if path.startswith("/silent")}
BROKEN_BODY = {
    "/truncated",
    "/truncated-slowly",
    "/until-reset",
    "/chunked-truncated",
    "/chunked-without-end",
    "/reset-in-body",
    "/silent-in-body",
}
"""FastHttpUser gives the task the status and a part of the body; HttpUser and FastUser no response at all."""
RAISES = {"/gzip-damaged", "/gzip-not", "/gzip-of-nothing", "/br-not", "/coding-unknown"}
"""FastHttpUser raises in the task instead of telling what came, for the last two without a request event."""
PASSED_BY_HTTP_USER = {
    # http.client takes what is ambiguous or not HTTP any more
    "/too-long",
    "/negative-length",
    "/length-no-number",
    "/two-equal-lengths",
    "/length-and-chunked",
    "/lines-without-cr",
    "/space-before-colon",
    "/folded-header",
    "/zero-in-header",
    "/close-in-headers",
    # its statuses are good below 400 and above 600
    "/status-299",
    "/status-300",
    "/status-999",
    # it returns the beginning of what is damaged
    "/gzip-damaged",
}
INTERIM_FOR_HTTP_USER = {"/early-hints", "/many-interims"}
"""http.client takes an interim response for the response."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with misbehaving() as number:
        yield number


@pytest.fixture(scope="module")
def host(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def through(user_class: type, host: str, path: str, method: str = "GET", **arguments: Any) -> Outcome:
    return Client(user_class, host).ask(method, path, **arguments)


@pytest.mark.parametrize("path", sorted(set(SCRIPTS) - SILENT - RAISES))
def test_a_response_is_the_same_as_fast_http_users(host: str, path: str) -> None:
    ours, theirs = through(FastUser, host, path), through(FastHttpUser, host, path)

    if path in BROKEN_BODY:
        theirs = replace(theirs, status=0, content=None, text=None)
    if path == "/moved-to-ftp":
        theirs = replace(theirs, message=ours.message)
    if theirs.message == "Invalid EOF state":
        theirs = replace(theirs, message="Incomplete response.")
    if theirs.content and theirs.content.startswith(b'{"line"'):
        assert asked(ours)["line"] == asked(theirs)["line"]
        theirs = replace(theirs, content=ours.content, text=ours.text, length=ours.length)
    assert ours == theirs


@pytest.mark.parametrize("path", sorted(set(SCRIPTS) - SILENT - INTERIM_FOR_HTTP_USER - {"/moved-to-ftp"}))
def test_a_request_fails_where_http_users_does_and_else_has_the_same_content(host: str, path: str) -> None:
    ours, theirs = through(FastUser, host, path), through(HttpUser, host, path)

    assert ours.failed == (theirs.failed or path in PASSED_BY_HTTP_USER)
    if not ours.failed and (ours.content or b"")[:7] != b'{"line"':
        assert (ours.status, ours.content, ours.length) == (theirs.status, theirs.content, theirs.length)
    assert set(theirs.fields) == set(ours.fields)


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "path", ["/hello", "/truncated", "/chunked", "/no-content", "/not-found", "/see-other", "/moved-with-body"]
)
def test_other_methods_are_answered_as_fast_http_users_are(host: str, path: str, method: str) -> None:
    ours, theirs = (through(each, host, path, method, data=b"x" * 10) for each in (FastUser, FastHttpUser))

    if path == "/truncated" and method != "HEAD":
        theirs = replace(theirs, status=0, content=None, text=None)
    if theirs.content and theirs.content.startswith(b'{"line"'):
        assert (asked(ours)["line"], asked(ours)["body"]) == (asked(theirs)["line"], asked(theirs)["body"])
        theirs = replace(theirs, content=ours.content, text=ours.text, length=ours.length)
    assert ours == theirs


@pytest.mark.parametrize("path", sorted(SILENT))
def test_silence_ends_with_the_same_failure(host: str, path: str) -> None:
    ours, theirs = (Client(each, host, network_timeout=0.2).ask("GET", path) for each in (FastUser, FastHttpUser))

    if path in BROKEN_BODY:  # read later by FastHttpUser, where it is named otherwise
        assert (ours.failure, theirs.failure) == ("RetriesExceeded", "TimeoutError")
        theirs = replace(theirs, status=0, content=None, text=None, failure=ours.failure, message=ours.message)
    assert ours == theirs


@pytest.mark.parametrize("path", sorted(RAISES))
def test_what_cannot_be_decoded_is_a_failure_and_never_an_exception_in_the_task(host: str, path: str) -> None:
    ours = through(FastUser, host, path)

    assert ours.status == 200
    assert ours.failed == (path not in {"/gzip-of-nothing", "/coding-unknown"})
    assert ours.content == {"/gzip-of-nothing": b"", "/coding-unknown": b"plain"}.get(path)


REQUESTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "plain": ("GET", "/echo", {}),
    "query": ("GET", "/echo?a=1&b=%20x", {}),
    "empty query": ("GET", "/echo?", {}),
    "space and umlaut": ("GET", "/echo/a b/ä?ü=ö ü", {}),
    "percent": ("GET", "/echo/%41%2f?x=100%", {}),
    "semicolon": ("GET", "/echo;v=1?x=2", {}),
    "fragment": ("GET", "/echo?x=1#part", {}),
    "quotes": ("GET", "/echo/'\"<>`{}|\\^", {}),
    "dots": ("GET", "/echo/../a/./b", {}),
    "query without path": ("GET", "?x=1", {}),
    "params": ("GET", "/echo?a=1", {"params": {"b": "x y", "c": [1, 2], "d": None}}),
    "params as pairs": ("GET", "/echo", {"params": [("b", "ü"), ("b", "&")]}),
    "json": ("POST", "/echo", {"json": {"a": [1, None, "ä"]}}),
    "empty json": ("POST", "/echo", {"json": {}}),
    "json and its type": ("POST", "/echo", {"json": [1], "headers": {"content-type": "application/vnd.x+json"}}),
    "form": ("POST", "/echo", {"data": {"a": 1, "b": "x &y"}}),
    "text": ("PUT", "/echo", {"data": "täxt"}),
    "bytes": ("PATCH", "/echo", {"data": b"\x00\xff"}),
    "text with type": ("POST", "/echo", {"data": "<a/>", "headers": {"Content-Type": "text/xml"}}),
    "nothing to post": ("POST", "/echo", {}),
    "body in a get": ("GET", "/echo", {"data": "x"}),
    "delete with json": ("DELETE", "/echo", {"json": {"a": 1}}),
    "headers": ("GET", "/echo", {"headers": {"X-A": "1", "x-b": "2", "Accept": "text/html"}}),
    "header of many lines": ("GET", "/echo", {"headers": {"X-A": ["1", "2"]}}),
    "number in a header": ("GET", "/echo", {"headers": {"X-A": 1}}),
    "latin-1 header": ("GET", "/echo", {"headers": {"X-A": "é"}}),
    "other encoding": ("GET", "/echo", {"headers": {"accept-encoding": "identity"}}),
    "own host": ("GET", "/echo", {"headers": {"Host": "shop.example"}}),
    "own length": ("POST", "/echo", {"data": "ab", "headers": {"Content-Length": "2"}}),
    "own cookie": ("GET", "/echo", {"headers": {"Cookie": "x=1"}}),
    "auth": ("GET", "/echo", {"auth": ("user", "päss")}),
    "small letters": ("get", "/echo", {}),
    "small letters and a body": ("post", "/echo", {"data": "x"}),
    "name": ("GET", "/echo/1", {"name": "/echo/{id}"}),
}


@pytest.mark.parametrize("case", REQUESTS)
def test_the_server_gets_the_same_request(host: str, case: str) -> None:
    method, path, arguments = REQUESTS[case]

    ours, theirs = (through(each, host, path, method, **arguments) for each in (FastUser, FastHttpUser))

    got, expected = asked(ours), asked(theirs)
    assert (got["line"], got["headers"], got["body"]) == (expected["line"], expected["headers"], expected["body"])
    assert (ours.name, ours.url, ours.method) == (theirs.name, theirs.url, theirs.method)


@pytest.mark.parametrize("base", ["", "/", "/base", "/base/"])
def test_a_host_with_credentials_and_a_path_is_understood_alike(port: int, base: str) -> None:
    host, path = f"http://user:p%40ss@127.0.0.1:{port}{base}", "echo" if base.endswith("/") else "/echo"

    ours, theirs = (through(each, host, path, params={"a": 1}) for each in (FastUser, FastHttpUser))
    plain = [through(each, host, path) for each in (FastUser, FastHttpUser)]

    assert {key: value for key, value in asked(ours).items() if key != "connection"} == {
        key: value for key, value in asked(theirs).items() if key != "connection"
    }
    assert asked(plain[0])["line"] == asked(plain[1])["line"]
    assert (ours.name, ours.url) == (theirs.name, theirs.url)


@pytest.mark.parametrize(
    ("path", "arguments"),
    [
        ("/echo", {"headers": {"X-A": "a\r\nX-Evil: 1"}}),
        ("/echo", {"headers": {"X A": "a"}}),
        ("//echo", {}),
    ],
    ids=["line break in a header", "space in a name", "two slashes"],
)
def test_what_http_does_not_allow_is_refused_alike(host: str, path: str, arguments: dict[str, Any]) -> None:
    for each in (FastUser, FastHttpUser):
        with pytest.raises(ValueError):
            through(each, host, path, **arguments)


def test_cookies_go_where_they_belong(host: str) -> None:
    seen = []
    for each in (FastUser, FastHttpUser, HttpUser):
        client = Client(each, host)
        paths = ("/echo", "/sets-cookies", "/echo", "/echo/deep/er", "/sets-cookie-and-moves", "/echo/x")
        lines = [client.ask("GET", path) for path in (*paths, "/drops-cookie", "/echo")]
        lines += [client.ask("GET", "/echo/own", headers={"Cookie": "own=1"}), client.ask("GET", "/echo/own")]
        got = [json.loads(line.content or b"{}").get("headers", []) for line in lines]
        seen.append([sorted(dict(pairs).get("cookie", "").split("; ")) for pairs in got])

    ours, theirs, requests = seen
    assert ours == theirs
    assert ours[:-2] == requests[:-2]  # HttpUser sends the jar's beside the task's own
    assert ours[3] == ["a=1", "b=2"]
