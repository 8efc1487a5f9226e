"""A connection with TLS: Python's TLS on top of a plain connection, so that it is read and timed like one."""

from gevent import socket, ssl

from perf_locust.users.fast.plain_connection import PlainConnection

_BLOCK = 65536


class TlsConnection:
    """Encrypts what goes over a plain connection (ssl.SSLObject between two ssl.MemoryBIO)."""

    __slots__ = ("_came", "_carrier", "_goes", "_tls", "parser")

    def __init__(self, connected: socket.socket, context: ssl.SSLContext, host: str, timeout: float) -> None:
        """Take over a connected cooperative socket and shake hands within `timeout` seconds of silence.

        Raises:
            OSError: the server does not, or its certificate will not do (ssl.SSLError).
        """
        self._came, self._goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._came, self._goes, server_hostname=host)
        self._carrier = PlainConnection(connected)
        self.parser = self._carrier.parser
        try:
            self._shake_hands(timeout)
        except BaseException:
            self.close()
            raise

    @property
    def arrived(self) -> float:
        """When the last bytes had arrived, on time.perf_counter's clock."""
        return self._carrier.arrived

    @property
    def asked(self) -> float:
        """When the last request was encrypted and about to be sent, on the same clock."""
        return self._carrier.asked

    def send(self, data: bytes, timeout: float) -> None:
        """Send all of it; at most `timeout` seconds may pass in silence then."""
        self._tls.write(data)
        self._carrier.send(self._goes.read(), timeout)

    def receive(self) -> bytes:
        """Wait for bytes and return them; none is the end.

        Raises:
            OSError: the connection is broken, or was silent for too long (TimeoutError).
        """
        while True:
            try:
                return bytes(self._tls.read(_BLOCK))
            except ssl.SSLWantReadError:
                self._take_more()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    def usable(self) -> bool:
        """Say whether nothing has come while it was idle, not even the end."""
        return self._carrier.usable()

    def unheard(self) -> bool:
        """Say whether nothing has come that the hub has not seen yet; a system call."""
        return self._carrier.unheard()

    def close(self) -> None:
        """Close it."""
        self._carrier.close()

    def _shake_hands(self, timeout: float) -> None:
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._carrier.send(self._goes.read(), timeout)
                self._take_more()
            else:
                # what completes the handshake goes out with the first request
                return

    def _take_more(self) -> None:
        data = self._carrier.receive()
        if data:
            self._came.write(data)
        else:
            self._came.write_eof()
