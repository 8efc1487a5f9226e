"""Where requests go: a scheme, a host and a port."""

from typing import NamedTuple


class Origin(NamedTuple):
    """What a connection leads to (RFC 6454)."""

    scheme: str
    host: str
    port: int

    @property
    def host_line(self) -> str:
        """The header Host; the port is left out where FastHttpUser leaves it out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"Host: {host}\r\n" if self.port in {80, 443} else f"Host: {host}:{self.port}\r\n"
