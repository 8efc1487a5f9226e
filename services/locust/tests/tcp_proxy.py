"""A TCP proxy on loopback, PORT to $TARGET, that cuts its link on SIGUSR1 and restores it on SIGUSR2."""

import asyncio
import os
import signal
import sys


class Link:
    """All connections through the proxy."""

    def __init__(self, target: int) -> None:
        self.target, self.up = target, True
        self.writers: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        self.up = False
        for writer in self.writers:
            writer.transport.abort()

    def restore(self) -> None:
        self.up = True

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.up:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        await asyncio.gather(self.pipe(reader, far_writer), self.pipe(far_reader, writer))

    async def pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            self.writers.discard(writer)
            writer.close()


async def main() -> None:
    link, loop = Link(int(os.environ["TARGET"])), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, link.cut)
    loop.add_signal_handler(signal.SIGUSR2, link.restore)
    server = await asyncio.start_server(link.accept, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
