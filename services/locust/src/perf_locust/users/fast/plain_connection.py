"""A connection without TLS, read by gevent's hub itself."""

from time import perf_counter
from typing import Any

import gevent
from gevent import monkey, socket

from perf_locust.users.fast.arrival import STAMPED, arrival, ask_for_stamps
from perf_locust.users.fast.parser import ResponseParser

_Socket = monkey.get_original("socket", "socket")
_READ = 1
_BLOCK = 65536
_NEVER = float("inf")


class PlainConnection:
    """A socket with a watcher that goes on from one request to the next, and reads before it wakes the user.

    That the watcher stays quiet while no response is awaited is how a closed connection is found. One timer serves
    many requests: it is only looked at when it ends.
    """

    __slots__ = (
        "_data",
        "_deadline",
        "_due",
        "_error",
        "_hub",
        "_silence",
        "_socket",
        "_stamped",
        "_stirred",
        "_timer",
        "_waiter",
        "_watcher",
        "arrived",
        "asked",
        "parser",
    )

    def __init__(self, connected: socket.socket) -> None:
        """Take over a connected cooperative socket."""
        self._socket = _Socket(connected.family, connected.type, connected.proto, fileno=connected.detach())
        self._socket.settimeout(0)
        self._stamped = ask_for_stamps(self._socket)
        self._hub = gevent.get_hub()
        self._waiter: gevent.Greenlet | None = None
        self._data: bytes | None = None
        self._error: OSError | None = None
        self._stirred = False
        self._timer: Any = None
        self._due = _NEVER
        self.arrived = self.asked = 0.0
        self.parser = ResponseParser()
        self._watcher = self._hub.loop.io(self._socket.fileno(), _READ)
        self._watcher.start(self._on_readable)

    def send(self, data: bytes, timeout: float) -> None:
        """Send all of it; at most `timeout` seconds may pass in silence then. `asked` is when this began."""
        self._silence = timeout
        self.asked = now = perf_counter()
        self._deadline = now + timeout
        if self._deadline < self._due:
            self._arm(timeout)
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            self._send_slowly(memoryview(data)[sent:])

    def receive(self) -> bytes:
        """Wait for bytes and return them; none is the end.

        Raises:
            OSError: the connection is broken, or was silent for too long (TimeoutError).
        """
        if self._stirred:
            self._stirred = False
            self._watcher.start(self._on_readable)
        self._waiter = gevent.getcurrent()
        try:
            while self._data is None:
                self._hub.switch()
        finally:
            self._waiter = None
        data, self._data = self._data, None
        if self._error is not None:
            raise self._error
        return data

    def usable(self) -> bool:
        """Say whether nothing has come while it was idle, not even the end."""
        return not self._stirred

    def unheard(self) -> bool:
        """Say whether nothing has come that the hub has not seen yet; a system call."""
        try:
            self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def close(self) -> None:
        """Close it."""
        self._watcher.stop()
        self._watcher.close()
        if self._timer is not None:
            self._timer.close()
            self._timer = None
        self._socket.close()

    def _on_readable(self) -> None:
        if self._waiter is None:
            self._watcher.stop()
            self._stirred = True
            return
        try:
            if self._stamped:
                self._data, ancillary, _, _ = self._socket.recvmsg(_BLOCK, STAMPED)
                self.arrived = arrival(ancillary, self.asked)
            else:
                self._data = self._socket.recv(_BLOCK)
                self.arrived = perf_counter()
        except BlockingIOError:
            return
        except OSError as error:
            self._fail(error)
            return
        self._deadline = self.arrived + self._silence
        self._waiter.switch()

    def _fail(self, error: OSError) -> None:
        self._data, self._error = b"", error
        self.arrived = perf_counter()
        if self._waiter is not None:
            self._waiter.switch()

    def _arm(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.close()
        self._due = perf_counter() + seconds
        self._timer = self._hub.loop.timer(seconds)
        self._timer.start(self._on_timer)

    def _on_timer(self) -> None:
        self._due = _NEVER
        left = self._deadline - perf_counter()
        if self._waiter is None:
            return
        if left > 0:
            self._arm(left)
        else:
            self._fail(TimeoutError("timed out"))

    def _send_slowly(self, rest: memoryview) -> None:
        while rest:
            socket.wait_write(self._socket.fileno(), timeout=self._silence, timeout_exc=TimeoutError("timed out"))
            try:
                rest = rest[self._socket.send(rest) :]
            except BlockingIOError:
                continue
