"""When bytes arrived: the kernel's time stamp of their packet, not the moment at which this process reads them.

A process that is busy, or waits for a processor, reads late; that is its own delay and not the server's. The kernel
says (SO_TIMESTAMPNS, see socket(7) of Linux) when the last packet of what was read came in.
"""

import socket
import struct
import sys
from time import perf_counter, time

STAMPED = 64
"""Bytes of ancillary data that a time stamp takes."""
_SO_TIMESTAMPNS = 35
_stamp = struct.Struct("@ll")  # a struct timespec
Ancillary = list[tuple[int, int, bytes]]


def ask_for_stamps(connected: socket.socket) -> bool:
    """Have the kernel stamp what arrives; say whether it will."""
    if sys.platform != "linux":
        return False
    try:
        connected.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    except OSError:
        return False
    return True


def arrival(ancillary: Ancillary, asked: float) -> float:
    """Return when what was just read had arrived, on time.perf_counter's clock; not before `asked`.

    Only the time since then is taken from the clock of the stamps, so that it does not matter if that one is set; a
    stamp that makes no sense is passed over.
    """
    now, today = perf_counter(), time()
    if ancillary and len(ancillary[0][2]) == _stamp.size:
        seconds, nanoseconds = _stamp.unpack(ancillary[0][2])
        waited: float = today - seconds - nanoseconds * 1e-9
        if 0 <= waited <= now - asked:
            return now - waited
    return now
