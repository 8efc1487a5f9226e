"""Response times as Locust's users report them, against the clock of the packets.

In a network namespace of its own, a server answers each request at once or within 3 ms. A packet socket on the
loopback gets every packet with the kernel's time stamp; the response time of the packets is that of the last packet
of a response less that of the first one of its request. What a user reports beyond that is the user's own delay:
Python, the event loop, other users, other processes. Two loads: calm (10 users who wait 20 ms) and busy (20 users who
do not wait, on one core). Promise: FastUser is within 50 us at the median in both.

Needs root (a packet socket, a namespace) and Linux. Run: .venv/bin/python benchmarks/client_clock.py
"""

import array
import asyncio
import fcntl
import os
import random
import socket
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.asgi import verdict
from support.locust_process import LocustProcess, locust_process

PORT = 8080
CLASSES = ("FastUser", "FastHttpUser", "HttpUser")
LOADS = {"calm": (10, 0.02), "busy": (20, 0.0)}
SECONDS = 3.0
ROUNDS = 3
LIMIT_US = 50.0
SO_TIMESTAMPNS = 35
ETH_P_IP = 0x0800
PACKET_HOST = 0


async def serve() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = b"x" * 300
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                if (wait := random.uniform(-0.001, 0.003)) > 0:
                    await asyncio.sleep(wait)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", PORT)
    await server.serve_forever()


@dataclass
class Exchange:
    """One request and its response, in the packets."""

    number: str
    asked: float
    answered: float = 0.0


class Packets:
    """The TCP packets of the loopback with the kernel's time stamps."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, 33, 1 << 28)  # SO_RCVBUFFORCE
        self._socket.bind(("lo", ETH_P_IP))
        self._socket.settimeout(0)

    def read(self) -> Iterator[tuple[float, bytes]]:
        while True:
            try:
                data, ancillary, _, address = self._socket.recvmsg(2048, 64)
            except BlockingIOError:
                return
            if address[2] == PACKET_HOST:
                seconds, nanoseconds = struct.unpack("qq", ancillary[0][2])
                yield seconds + nanoseconds / 1e9, data


def exchanges(packets: Iterator[tuple[float, bytes]]) -> dict[str, float]:
    """Return the response time of each request by its number."""
    done: dict[str, float] = {}
    open_by_port: dict[int, Exchange] = {}
    for at, data in packets:
        tcp = data[(data[0] & 15) * 4 :]
        source, target = struct.unpack("!HH", tcp[:4])
        payload = tcp[(tcp[12] >> 4) * 4 :]
        if not payload:
            continue
        if target == PORT and payload.startswith(b"GET /"):
            open_by_port[source] = Exchange(payload.split(b" ", 2)[1][1:].decode(), at)
        elif source == PORT and (exchange := open_by_port.get(target)):
            done[exchange.number] = at - exchange.asked
    return done


def measure(users: LocustProcess) -> list[float]:
    """Return what users report beyond the packets, in microseconds."""
    packets = Packets()
    told = users.work(SECONDS)
    true = exchanges(packets.read())
    if told.failures:
        raise RuntimeError(f"{told.failures} requests failed")
    return [(told.times[number] - true[number]) * 1e6 for number in told.times.keys() & true.keys()]


def compare(load: str, name: str, users: int, wait: float) -> float:
    """Print and return the median of what the users of a class report beyond the packets, in microseconds."""
    with locust_process(name, f"http://127.0.0.1:{PORT}", users, wait, "numbered", core=0) as process:
        rounds = [measure(process) for _ in range(ROUNDS)]
    every = sorted(us for beyond in rounds for us in beyond)
    shown = ", ".join(f"{statistics.median(beyond):.0f}" for beyond in rounds)
    median = statistics.median(every)
    print(
        f"{load}: {name:13} reports {median:8.1f} us beyond the packets at the median ({shown} by round), "
        f"{every[len(every) * 9 // 10]:8.1f} us at p90, of {len(every)} requests",
        flush=True,
    )
    return median


def inside() -> bool:
    bring_up_loopback()
    server = subprocess.Popen(["taskset", "-c", "1", sys.executable, __file__, "serve"])
    try:
        time.sleep(1)
        medians = {
            (load, name): compare(load, name, users, wait)
            for load, (users, wait) in LOADS.items()
            for name in CLASSES
        }
        within = all(abs(medians[load, "FastUser"]) <= LIMIT_US for load in LOADS)
        return verdict(f"FastUser agrees with the packets within {LIMIT_US:.0f} us at the median", kept=within)
    finally:
        server.kill()
        server.wait()


def bring_up_loopback() -> None:
    with socket.socket() as plain:
        request = array.array("B", struct.pack("16sh22x", b"lo", 0x1 | 0x40))  # IFF_UP, IFF_RUNNING
        fcntl.ioctl(plain, 0x8914, request)  # SIOCSIFFLAGS


def main() -> int:
    match sys.argv[1:]:
        case ["serve"]:
            asyncio.run(serve())
        case ["inside"]:
            return 0 if inside() else 1
        case _:
            if os.geteuid() != 0:
                print("needs root: a packet socket and a network namespace")
                return 2
            command = ["unshare", "--net", sys.executable, str(Path(__file__)), "inside"]
            return subprocess.run(command, check=False).returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
