"""An SMTP server that meets every connection in the next of its moods, then accepts; a program, not a test.

usage: moody_smtp.py PORT MAILDIR [tls|starttls|login] [refuse|hang|drop ...]

`tls` and `starttls` ask for encryption and a login (user perf, password hunter2), `login` for that alone.
"""

import asyncio
import ssl
import sys
from pathlib import Path

from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import SMTP, AuthResult


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


def knows(_server: object, _session: object, _envelope: object, _mechanism: str, data: object) -> AuthResult:
    known = (getattr(data, "login", b""), getattr(data, "password", b"")) == (b"perf", b"hunter2")
    return AuthResult(success=known, handled=False)


async def main() -> None:
    port, folder, *moods = sys.argv[1:]
    protection = moods.pop(0) if moods and moods[0] in {"tls", "starttls", "login"} else ""
    loop, handler = asyncio.get_running_loop(), Moody(folder, moods)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(Path(__file__).with_name("loopback-certificate.pem"))
    asked = {"authenticator": knows, "auth_required": True, "auth_require_tls": protection == "starttls"}
    more = {"tls_context": context, "require_starttls": True} if protection == "starttls" else {}
    options = {**asked, **more} if protection else {}
    server = await loop.create_server(
        lambda: SMTP(handler, loop=loop, **options),
        "127.0.0.1",
        int(port),
        ssl=context if protection == "tls" else None,
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
