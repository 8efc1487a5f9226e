"""An SMTP server that meets every connection in the next of its moods, then accepts; a program, not a test.

usage: moody_smtp.py PORT MAILDIR [refuse|hang|drop ...]
"""

import asyncio
import sys

from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import SMTP


class Moody(Mailbox):
    def __init__(self, folder: str, moods: list[str]) -> None:
        super().__init__(folder)
        self.moods = moods

    async def handle_MAIL(self, server, session, envelope, address, mail_options):  # noqa: ARG002, N802
        self.mood = self.moods.pop(0) if self.moods else "accept"
        if self.mood == "refuse":
            return "451 come back later"
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if self.mood == "hang":
            await asyncio.sleep(60)
        if self.mood == "drop":
            server.transport.abort()
            return "421 gone"
        return await super().handle_DATA(server, session, envelope)


async def main() -> None:
    port, folder, *moods = sys.argv[1:]
    handler = Moody(folder, moods)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, loop=loop), "127.0.0.1", int(port))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
