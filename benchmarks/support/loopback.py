"""A plain HTTP server in a process of its own, and free ports, all on loopback."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from support.mongodb import wait_for

from perf_core.ports import free_port

SERVER = """
import asyncio, sys, time
stalled_until = 0.0
async def answer(reader, writer):
    global stalled_until
    try:
        while True:
            path = (await reader.readuntil(b"\\r\\n\\r\\n")).split()[1]
            if path.startswith(b"/stall/"):
                stalled_until = time.monotonic() + float(path[7:])
            else:
                await asyncio.sleep(max(stalled_until - time.monotonic(), 0.002))
            writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()
async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", int(sys.argv[1]), backlog=4096)
    await server.serve_forever()
asyncio.run(main())
"""


@contextmanager
def plain_server() -> Iterator[str]:
    """Give the URL of a server that answers in 2 ms; /stall/SECONDS lets all other answers wait that long."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(port)])
    try:
        wait_for("127.0.0.1", port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
