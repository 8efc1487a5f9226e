"""Masters that misbehave, each a socket server in a thread."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Behaviour = Callable[[socket.socket, bytes], None]


def says(status: str, body: bytes, headers: str = "") -> Behaviour:
    """Return a behaviour: this answer to everything."""
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n".encode()

    def answer(connection: socket.socket, request: bytes) -> None:
        del request
        connection.sendall(head + body)

    return answer


def hangs(connection: socket.socket, request: bytes) -> None:
    """Accept, and never answer."""
    del request
    with suppress(OSError):
        connection.settimeout(60)
        connection.recv(1)


def drips(connection: socket.socket, request: bytes) -> None:
    """Answer a byte at a time, so that no single wait is long."""
    del request
    with suppress(OSError):
        for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000:
            connection.sendall(bytes([byte]))
            time.sleep(0.05)


@contextmanager
def odd_master(behaviour: Behaviour | list[Behaviour]) -> Iterator[str]:
    """Serve on a free loopback port; of a list of behaviours each but the last is used once."""
    waiting = behaviour if isinstance(behaviour, list) else [behaviour]
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    mine = waiting.pop(0) if len(waiting) > 1 else waiting[0]
                    threading.Thread(target=_one, args=(connection, mine), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def _one(connection: socket.socket, behaviour: Behaviour) -> None:
    with connection, suppress(OSError):
        request = b""
        while b"\r\n\r\n" not in request:
            part = connection.recv(65536)
            if not part:
                return
            request += part
        behaviour(connection, request)
