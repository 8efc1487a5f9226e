"""A real HTTP server that misbehaves as its script for the path says; run as a program with its port.

With a certificate's file as second argument it speaks TLS.

A script is a list of bytes to send, seconds to wait, CLOSE or RESET. Any other path is answered with what was asked,
as JSON: the request line, the headers, the body, and the how many-th connection it came on.
"""

import asyncio
import gzip
import itertools
import json
import socket
import ssl
import struct
import sys
import zlib

import brotli

CLOSE, RESET = "close", "reset"
Script = list[bytes | float | str]
OK = b"HTTP/1.1 200 OK\r\n"


def sized(body: bytes, *headers: bytes, status: bytes = b"200 OK", length: int | None = None) -> bytes:
    lines = [b"HTTP/1.1 " + status, *headers, b"Content-Length: %d" % (len(body) if length is None else length)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def chunked(*chunks: bytes, trailers: bytes = b"", extension: bytes = b"") -> bytes:
    body = b"".join(b"%x%b\r\n%b\r\n" % (len(chunk), extension, chunk) for chunk in (*chunks, b"")[:-1])
    return OK + b"Transfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n" + trailers + b"\r\n"


def moved(location: bytes, status: bytes = b"302 Found") -> bytes:
    return sized(b"elsewhere", b"Location: " + location, status=status)


SLOW = 0.02
HELLO = sized(b"hello")
DEFLATER = zlib.compressobj(wbits=-15)
RAW_DEFLATE = DEFLATER.compress(b"deflated" * 50) + DEFLATER.flush()
SCRIPTS: dict[str, Script] = {
    "/hello": [HELLO],
    "/nothing": [sized(b"")],
    "/large": [sized(b"0123456789abcdef" * 65536)],
    "/slow-in-headers": [OK[:10], SLOW, OK[10:] + b"Content-", SLOW, b"Length: 5\r", SLOW, b"\n\r\nhe", SLOW, b"llo"],
    "/slow-in-body": [HELLO[:-5], SLOW, b"he", SLOW, b"llo"],
    "/byte-by-byte": [part for byte in HELLO for part in (bytes([byte]), 0.0005)],
    "/truncated": [sized(b"hello", length=10), CLOSE],
    "/truncated-slowly": [sized(b"hel", length=5), SLOW, CLOSE],
    "/too-long": [sized(b"hello and more", length=5), CLOSE],
    "/too-long-later": [HELLO, SLOW, b"and more", CLOSE],
    "/negative-length": [sized(b"hello", length=-5), CLOSE],
    "/length-no-number": [OK + b"Content-Length: five\r\n\r\nhello", CLOSE],
    "/two-equal-lengths": [OK + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", CLOSE],
    "/two-lengths": [OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", CLOSE],
    "/length-and-chunked": [
        OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        CLOSE,
    ],
    "/until-close": [OK + b"Content-Type: text/plain\r\n\r\nuntil", SLOW, b" the end", CLOSE],
    "/until-reset": [OK + b"Content-Type: text/plain\r\n\r\nuntil", SLOW, RESET],
    "/no-headers": [OK + b"\r\nbare", CLOSE],
    "/http-1.0": [b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", CLOSE],
    "/http-1.0-kept": [b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello"],
    "/asks-to-close": [sized(b"hello", b"Connection: close"), CLOSE],
    "/closes-without-a-word": [HELLO, CLOSE],
    "/closes-later": [HELLO, SLOW, CLOSE],
    "/chunked": [chunked(b"hello ", b"in ", b"parts")],
    "/chunked-slowly": [
        OK + b"Transfer-Encoding: chunked\r\n\r\n",
        SLOW,
        b"3\r",
        SLOW,
        b"\nabc\r\n",
        SLOW,
        b"0\r\n\r\n",
    ],
    "/chunked-nothing": [chunked()],
    "/chunked-trailers": [chunked(b"hello", trailers=b"X-Sum: 1\r\nX-More: 2\r\n")],
    "/chunked-extension": [chunked(b"hello", extension=b";name=value")],
    "/chunked-truncated": [chunked(b"hello", b"world")[:-12], CLOSE],
    "/chunked-without-end": [chunked(b"hello")[:-5], CLOSE],
    "/chunk-size-no-number": [OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n0\r\n\r\n", CLOSE],
    "/chunk-too-long": [OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n", CLOSE],
    "/continue": [b"HTTP/1.1 100 Continue\r\n\r\n" + HELLO],
    "/continue-slowly": [b"HTTP/1.1 100 Continue\r\n\r\n", SLOW, HELLO],
    "/early-hints": [b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n", SLOW, HELLO],
    "/many-interims": [b"HTTP/1.1 102 Processing\r\n\r\n" * 5 + HELLO],
    "/continue-then-close": [b"HTTP/1.1 100 Continue\r\n\r\n", CLOSE],
    "/huge-header": [sized(b"hello", b"X-Huge: " + b"h" * 60000)],
    "/many-headers": [sized(b"hello", *(b"X-%d: %d" % (number, number) for number in range(90)))],
    "/repeated-header": [sized(b"hello", b"X-Twice: 1", b"x-twice: 2")],
    "/latin-1-header": [sized(b"hello", b"X-Name: caf\xe9")],
    "/close-at-once": [CLOSE],
    "/reset-at-once": [RESET],
    "/close-in-status": [b"HTTP/1.1 20", CLOSE],
    "/close-in-headers": [OK + b"Content-Le", CLOSE],
    "/reset-in-headers": [OK + b"Content-Le", SLOW, RESET],
    "/reset-in-body": [sized(b"hel", length=5), SLOW, RESET],
    "/garbage": [b"this is not HTTP at all\r\n\r\n", CLOSE],
    "/no-version": [b"HTTP 200 OK\r\n\r\n", CLOSE],
    "/odd-version": [b"HTTP/9.9 200 OK\r\nContent-Length: 5\r\n\r\nhello", CLOSE],
    "/status-no-number": [b"HTTP/1.1 abc OK\r\nContent-Length: 5\r\n\r\nhello", CLOSE],
    "/status-too-short": [b"HTTP/1.1 20 OK\r\nContent-Length: 5\r\n\r\nhello", CLOSE],
    "/no-reason": [b"HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello"],
    "/lines-without-cr": [b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", CLOSE],
    "/space-before-colon": [OK + b"Content-Length : 5\r\n\r\nhello", CLOSE],
    "/folded-header": [OK + b"X-Folded: a\r\n b\r\nContent-Length: 5\r\n\r\nhello", CLOSE],
    "/zero-in-header": [OK + b"X-Zero: a\x00b\r\nContent-Length: 5\r\n\r\nhello", CLOSE],
    "/no-content": [b"HTTP/1.1 204 No Content\r\n\r\n"],
    "/not-modified": [b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nContent-Length: 5\r\n\r\n'],
    "/created": [sized(b"made", status=b"201 Created")],
    "/status-299": [sized(b"odd", status=b"299 Odd")],
    "/status-300": [sized(b"choose", status=b"300 Multiple Choices")],
    "/bad-request": [sized(b'{"error": "bad"}', status=b"400 Bad Request")],
    "/not-found": [sized(b"nothing here", status=b"404 Not Found")],
    "/too-many": [sized(b"", b"Retry-After: 1", status=b"429 Too Many Requests")],
    "/failed": [sized(b"failed", status=b"500 Internal Server Error")],
    "/unavailable": [sized(b"", status=b"503 Service Unavailable"), CLOSE],
    "/status-999": [sized(b"odd", status=b"999 Odd")],
    "/gzip": [sized(gzip.compress(b"squeezed" * 50), b"Content-Encoding: gzip")],
    "/gzip-chunked": [chunked(gzip.compress(b"squeezed" * 50)).replace(OK, OK + b"Content-Encoding: gzip\r\n")],
    "/gzip-damaged": [sized(gzip.compress(b"squeezed" * 50)[:-9], b"Content-Encoding: gzip")],
    "/gzip-not": [sized(b"not squeezed at all", b"Content-Encoding: gzip")],
    "/gzip-of-nothing": [sized(b"", b"Content-Encoding: gzip")],
    "/deflate": [sized(RAW_DEFLATE, b"Content-Encoding: deflate")],
    "/deflate-zlib": [sized(zlib.compress(b"deflated" * 50), b"Content-Encoding: deflate")],
    "/br": [sized(brotli.compress(b"squeezed" * 50), b"Content-Encoding: br")],
    "/br-not": [sized(b"not squeezed at all", b"Content-Encoding: br")],
    "/coding-unknown": [sized(b"plain", b"Content-Encoding: utf-8")],
    "/latin-1": [sized(b"caf\xe9", b"Content-Type: text/plain; charset=latin-1")],
    "/utf-8": [sized("café".encode(), b"Content-Type: application/json; charset=utf-8")],
    "/json": [sized(b'{"a": [1, 2]}', b"Content-Type: application/json")],
    "/moved": [moved(b"/hello")],
    "/moved-here": [moved(b"hello")],
    "/moved-to-404": [moved(b"/not-found")],
    "/moved-to-close": [moved(b"/close-at-once")],
    "/moved-permanently": [moved(b"/echo/moved", b"301 Moved Permanently")],
    "/see-other": [moved(b"/echo/other", b"303 See Other")],
    "/moved-with-body": [moved(b"/echo/temporary", b"307 Temporary Redirect")],
    "/moved-for-good": [moved(b"/echo/permanent", b"308 Permanent Redirect")],
    "/moved-without-location": [sized(b"lost", status=b"302 Found")],
    "/moved-to-ftp": [moved(b"ftp://127.0.0.1/x")],
    "/loop": [moved(b"/loop")],
    "/loop-a": [moved(b"/loop-b")],
    "/loop-b": [moved(b"/loop-a")],
    "/sets-cookies": [
        sized(b"", b"Set-Cookie: a=1; Path=/", b"Set-Cookie: b=2; Path=/echo/deep", b"Set-Cookie: c=3; Max-Age=0")
    ],
    "/sets-cookie-and-moves": [sized(b"", b"Set-Cookie: m=9; Path=/", b"Location: /echo/m", status=b"302 Found")],
    "/drops-cookie": [sized(b"", b"Set-Cookie: a=; Max-Age=0; Path=/")],
    "/silent": [30.0],
    "/silent-in-body": [sized(b"hel", length=5), 30.0],
}


connections = itertools.count(1)


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    number = next(connections)
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            line, *fields = head.split("\r\n")[:-2]
            pairs = sorted([name.lower(), value] for name, value in (field.split(": ", 1) for field in fields))
            body = await reader.readexactly(int(dict(pairs).get("content-length", 0)))
            method, target, _ = line.split(" ")
            script = SCRIPTS.get(target.partition("?")[0])
            if script is None:
                asked = {"line": line, "headers": pairs, "body": body.decode("latin-1"), "connection": number}
                script = [sized(json.dumps(asked).encode(), b"Content-Type: application/json")]
            if not await perform(script, writer, with_body=method != "HEAD"):
                return
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def perform(script: Script, writer: asyncio.StreamWriter, *, with_body: bool) -> bool:
    for step in script:
        if isinstance(step, bytes):
            writer.write(step if with_body else step.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
            await writer.drain()
        elif isinstance(step, float):
            await asyncio.sleep(step)
        else:
            if step == RESET:
                plain = writer.get_extra_info("socket")
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.close()
            return False
    return True


async def main() -> None:
    context = None
    if len(sys.argv) > 2:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(sys.argv[2])
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), limit=2**20, ssl=context)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
