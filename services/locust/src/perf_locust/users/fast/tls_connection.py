"""A connection with TLS, by gevent's cooperative SSL socket."""

from time import perf_counter

from gevent import monkey, ssl

from perf_locust.users.fast.parser import ResponseParser

_poll = monkey.get_original("select", "poll")
_BLOCK = 65536
_READABLE = 1


class TlsConnection:
    """An encrypted socket; TLS costs so much more than the event loop that the plain way of gevent is kept."""

    __slots__ = ("_socket", "arrived", "parser")

    def __init__(self, secured: ssl.SSLSocket) -> None:
        """Take over a cooperative SSL socket whose handshake is done."""
        self._socket = secured
        self.arrived = 0.0
        self.parser = ResponseParser()

    def send(self, data: bytes, now: float, timeout: float) -> None:  # noqa: ARG002  the same call as without TLS
        """Send all of it; at most `timeout` seconds may pass in silence from then on."""
        self._socket.settimeout(timeout)
        self._socket.sendall(data)

    def receive(self) -> bytes:
        """Wait for bytes and return them; none is the end.

        Raises:
            OSError: the connection is broken, or was silent for too long (TimeoutError).
        """
        data: bytes = self._socket.recv(_BLOCK)
        self.arrived = perf_counter()
        return data

    def usable(self) -> bool:
        """Say whether nothing has come while it was idle, not even the end."""
        return True

    def unheard(self) -> bool:
        """Say whether nothing has come since; a system call."""
        poller = _poll()
        poller.register(self._socket.fileno(), _READABLE)
        return not poller.poll(0)

    def close(self) -> None:
        """Close it."""
        self._socket.close()
