"""The connections of one user to one server."""

from collections.abc import Callable
from functools import partial

from gevent import socket, ssl
from gevent.lock import BoundedSemaphore

from perf_locust.users.fast.origin import Origin
from perf_locust.users.fast.plain_connection import PlainConnection
from perf_locust.users.fast.tls_connection import TlsConnection

Connection = PlainConnection | TlsConnection


class Pool:
    """Keeps connections that were left in order, for the next request; the last one used comes first."""

    def __init__(self, connect: Callable[[float], Connection], size: int) -> None:
        """Make connections with `connect`, which gets the seconds it may take; at most `size` at a time."""
        self._connect = connect
        self._idle: list[Connection] = []
        self._free = BoundedSemaphore(size)

    def take(self, timeout: float, *, surely: bool) -> tuple[Connection, bool, bool]:
        """Return a connection, whether it has carried a request before, and whether it was there at once.

        With `surely` the kernel is asked whether it is still open: for requests that must not be sent twice.

        Raises:
            OSError: the server cannot be reached.
        """
        at_once = not self._free.locked()
        self._free.acquire()
        while self._idle:
            connection = self._idle.pop()
            if connection.usable() and not (surely and not connection.unheard()):
                return connection, True, at_once
            connection.close()
        try:
            return self._connect(timeout), False, False
        except BaseException:
            self._free.release()
            raise

    def give_back(self, connection: Connection) -> None:
        """Keep a connection for the next request."""
        self._idle.append(connection)
        self._free.release()

    def drop(self, connection: Connection) -> None:
        """Close a connection that is of no use any more."""
        connection.close()
        self._free.release()

    def __del__(self) -> None:
        """Close what is open when the user is gone: the event loop would keep it."""
        while self._idle:
            self._idle.pop().close()


def connector(origin: Origin, context: Callable[[], ssl.SSLContext]) -> Callable[[float], Connection]:
    """Return what connects to that origin; `context` is asked once, and only for https."""
    if origin.scheme == "https":
        return partial(_connect_tls, origin, context())
    return partial(_connect_plain, origin)


def _connect_plain(origin: Origin, timeout: float) -> PlainConnection:
    return PlainConnection(_connect(origin, timeout))


def _connect_tls(origin: Origin, context: ssl.SSLContext, timeout: float) -> TlsConnection:
    connected = _connect(origin, timeout)
    try:
        return TlsConnection(connected, context, origin.host, timeout)
    except BaseException:
        connected.close()
        raise


def _connect(origin: Origin, timeout: float) -> socket.socket:
    connected = socket.create_connection((origin.host, origin.port), timeout)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connected
