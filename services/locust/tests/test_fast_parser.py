"""The parser against h11, on responses cut into pieces anywhere."""

import contextlib
import itertools
from dataclasses import dataclass, field

import h11
import pytest
from geventhttpclient.response import HTTPParseError
from hypothesis import given, settings
from hypothesis import strategies as st

from perf_locust.users.fast.parser import ResponseParser


@dataclass
class Response:
    """What a parser made of bytes."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""


TOKEN = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-", min_size=1, max_size=12)
FRAMING = {"content-length", "transfer-encoding", "connection", "upgrade", "trailer"}
HEADERS = st.lists(
    st.tuples(TOKEN.filter(lambda name: name.lower() not in FRAMING), st.text("abc 019=;,\xe9", max_size=20)),
    max_size=8,
)
STATUS = st.sampled_from([200, 201, 204, 206, 301, 304, 400, 404, 418, 500, 503])


@st.composite
def responses(draw: st.DrawFn) -> bytes:
    """A response that h11 writes, after some interim ones; by length, chunked, or to the end of the connection."""
    server = h11.Connection(h11.SERVER)
    method = draw(st.sampled_from(["GET", "HEAD", "POST"]))
    version = draw(st.sampled_from([b"1.1", b"1.0"]))
    server.receive_data(b"%b / HTTP/%b\r\nHost: x\r\n\r\n" % (method.encode(), version))
    server.next_event()
    body = draw(st.binary(max_size=300))
    headers = [(name.encode(), value.strip().encode("latin-1")) for name, value in draw(HEADERS)]
    if draw(st.booleans()):
        headers.append((b"Content-Length", b"%d" % len(body)))
    written = b""
    if version == b"1.1":
        for status in draw(st.lists(st.sampled_from([100, 102, 103]), max_size=3)):
            written += server.send(h11.InformationalResponse(status_code=status, headers=[])) or b""
    status = draw(STATUS)
    written += server.send(h11.Response(status_code=status, headers=headers)) or b""
    if method != "HEAD" and status not in {204, 304}:
        for part in (body[:7], body[7:]):
            written += server.send(h11.Data(data=part)) or b""
    elif method != "HEAD":
        body = b""
    with contextlib.suppress(h11.LocalProtocolError):  # a HEAD with a length
        written += server.send(h11.EndOfMessage()) or b""
    return method.encode() + b"|" + written


def by_h11(method: bytes, pieces: list[bytes]) -> Response:
    client = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 20)
    client.send(h11.Request(method=method, target=b"/", headers=[(b"Host", b"x")]))
    client.send(h11.EndOfMessage())
    seen, feed = Response(), [*pieces, b""]
    while True:
        event = client.next_event()
        if event is h11.NEED_DATA:
            client.receive_data(feed.pop(0))
        elif isinstance(event, h11.Response):
            seen.status, seen.headers = event.status_code, list(event.headers.raw_items())
        elif isinstance(event, h11.Data):
            seen.body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            return seen


def by_ours(parser: ResponseParser, method: bytes, pieces: list[bytes]) -> Response:
    parser.begin(method.decode())
    for piece in pieces:
        assert not parser.complete
        parser.feed(piece)
    if not parser.complete:
        parser.end()
    return Response(parser.status, parser.headers, parser.body)


def pieces_of(data: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted({cut for cut in cuts if 0 < cut < len(data)}), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(places)]


@given(written=responses(), cuts=st.lists(st.integers(1, 600), max_size=12))
@settings(max_examples=300, deadline=None)
def test_a_response_is_what_h11_reads_however_it_is_cut(written: bytes, cuts: list[int]) -> None:
    method, _, data = written.partition(b"|")
    pieces = pieces_of(data, cuts)

    assert by_ours(ResponseParser(), method, pieces) == by_h11(method, pieces)


@given(st.lists(st.sampled_from([b"GET", b"HEAD"]), min_size=2, max_size=6), st.lists(st.integers(1, 90), max_size=6))
@settings(max_examples=100, deadline=None)
def test_one_parser_reads_one_response_after_another(methods: list[bytes], cuts: list[int]) -> None:
    parser = ResponseParser()
    for at, method in enumerate(methods):
        body = b"body %d" % at
        data = b"HTTP/1.1 20%d OK\r\nX-At: %d\r\nContent-Length: %d\r\n\r\n" % (at % 3, at, len(body))
        data += body if method == b"GET" else b""

        pieces = pieces_of(data, cuts)
        if method == b"GET" and at % 3 != 4:
            assert by_ours(parser, method, pieces).body == body
        else:
            assert by_ours(parser, method, pieces).body == b""
        assert parser.reusable
        assert parser.headers[0] == (b"X-At", b"%d" % at)


@given(st.binary(max_size=200), st.booleans())
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_a_response_or_a_parse_error(data: bytes, begin_well: bool) -> None:
    parser = ResponseParser()
    parser.begin("GET")
    try:
        parser.feed(b"HTTP/1.1 200 OK\r\n" + data if begin_well else data)
        parser.end()
    except HTTPParseError:
        pass
    else:
        assert parser.complete


@pytest.mark.parametrize(
    "surplus",
    [b"EXTRA", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"\r\n\r\nX"],
    ids=["text", "response", "lines"],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_connection_with_more_than_the_response_is_not_used_again(method: str, surplus: bytes) -> None:
    parser = ResponseParser()
    parser.begin(method)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    try:
        parser.feed(head + surplus)
    except HTTPParseError:
        return

    assert parser.complete
    assert not parser.reusable
