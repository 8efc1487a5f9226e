"""A closed-loop HTTP client that costs little: as many requests as connections are on their way at any time."""

import asyncio
import time
from pathlib import Path


class _Connection(asyncio.Protocol):
    """Sends the same request again as soon as its answer is complete; every answer has the same length."""

    def __init__(self, request: bytes) -> None:
        self._request, self._rest, self.answers, self.length = request, 0, 0, 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self.length:
            head, _, _ = data.partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode())
            body = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            self.length = len(head) + 4 + body
        self._rest += len(data)
        if self._rest >= self.length:
            self._rest -= self.length
            self.answers += 1
            self._transport.write(self._request)


async def requests_per_second(port: int, path: str, seconds: float, connections: int = 32) -> float:
    """Return the answers per second of a server on the loopback."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: */*\r\n\r\n".encode()
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(lambda: _Connection(request), "127.0.0.1", port) for _ in range(connections)
    ]
    began, before = time.perf_counter(), sum(connection.answers for _, connection in opened)
    await asyncio.sleep(seconds)
    answers = sum(connection.answers for _, connection in opened) - before
    rate = answers / (time.perf_counter() - began)
    for transport, _ in opened:
        transport.close()
    if any(connection.answers == 0 for _, connection in opened):
        raise RuntimeError(f"port {port} did not answer on every connection")
    return rate


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100
