"""Response times as Locust's users report them, against the clock of the packets.

In a network namespace of its own, a server answers each request at once or within 3 ms. A packet socket on the
loopback gets every packet with the kernel's time stamp; the response time of the packets is that of the last packet
of a response less that of the first one of its request. What a user reports beyond that is the user's own delay:
Python, the event loop, other users, other processes. Two loads: calm (10 users who wait 20 ms) and busy (20 users who
do not wait, on one core). The same over TLS, where the packets do not tell which request they carry: there the first
packets of requests are taken in their order, which is that of the numbers, because a user takes a number right before
it sends and nothing comes in between. Promise: FastUser is within 50 us at the median in all.

Needs root (a packet socket, a namespace), Linux and openssl. Run: .venv/bin/python benchmarks/client_clock.py
"""

import array
import asyncio
import fcntl
import os
import random
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.asgi import verdict
from support.locust_process import LocustProcess, locust_process

PORT = 8080
TLS_PORT = 8443
APPLICATION_DATA = b"\x17\x03\x03"
CLASSES = ("FastUser", "FastHttpUser", "HttpUser")
TLS_CLASSES = ("FastUser", "FastHttpUser")  # HttpUser refuses the certificate
LOADS = {"calm": (10, 0.02), "busy": (20, 0.0)}
SECONDS = 3.0
ROUNDS = 3
LIMIT_US = 50.0
SO_TIMESTAMPNS = 35
ETH_P_IP = 0x0800
PACKET_HOST = 0


async def serve(certificate: str) -> None:
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

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    plain = await asyncio.start_server(answer, "127.0.0.1", PORT)
    tls = await asyncio.start_server(answer, "127.0.0.1", TLS_PORT, ssl=context)
    await asyncio.gather(plain.serve_forever(), tls.serve_forever())


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


def encrypted_exchanges(packets: Iterator[tuple[float, bytes]]) -> list[float]:
    """Return the response time of each request over TLS, in the order of the requests."""
    done: list[Exchange] = []
    open_by_port: dict[int, Exchange] = {}
    for at, data in packets:
        tcp = data[(data[0] & 15) * 4 :]
        source, target = struct.unpack("!HH", tcp[:4])
        payload = tcp[(tcp[12] >> 4) * 4 :]
        if target == TLS_PORT and payload.startswith(APPLICATION_DATA):
            open_by_port[source] = exchange = Exchange("", at)
            done.append(exchange)
        elif source == TLS_PORT and payload and (open_exchange := open_by_port.get(target)):
            open_exchange.answered = at
    return [exchange.answered - exchange.asked for exchange in done]


def measure(users: LocustProcess, *, tls: bool) -> list[float]:
    """Return what users report beyond the packets, in microseconds."""
    packets = Packets()
    told = users.work(SECONDS)
    if told.failures:
        raise RuntimeError(f"{told.failures} requests failed")
    if tls:
        in_order = encrypted_exchanges(packets.read())
        if len(in_order) != len(told.times):
            raise RuntimeError(f"{len(told.times)} requests, but {len(in_order)} in the packets")
        true = dict(zip(sorted(told.times, key=int), in_order, strict=True))
    else:
        true = exchanges(packets.read())
    return [(told.times[number] - true[number]) * 1e6 for number in told.times.keys() & true.keys()]


def compare(load: str, name: str, *, tls: bool) -> float:
    """Print and return the median of what the users of a class report beyond the packets, in microseconds."""
    users, wait = LOADS[load]
    url = f"https://127.0.0.1:{TLS_PORT}" if tls else f"http://127.0.0.1:{PORT}"
    with locust_process(name, url, users, wait, "numbered", core=0) as process:
        rounds = [measure(process, tls=tls) for _ in range(ROUNDS)]
    every = sorted(us for beyond in rounds for us in beyond)
    shown = ", ".join(f"{statistics.median(beyond):.0f}" for beyond in rounds)
    median = statistics.median(every)
    print(
        f"{url[:5].strip(':')}, {load}: {name:13} reports {median:8.1f} us beyond the packets at the median "
        f"({shown} by round), "
        f"{every[len(every) * 9 // 10]:8.1f} us at p90, of {len(every)} requests",
        flush=True,
    )
    return median


def inside() -> bool:
    bring_up_loopback()
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(["taskset", "-c", "1", sys.executable, __file__, "serve", certificate(folder)])
        try:
            time.sleep(1)
            medians = {
                (load, name, tls): compare(load, name, tls=tls)
                for tls, names in ((False, CLASSES), (True, TLS_CLASSES))
                for load in LOADS
                for name in names
            }
        finally:
            server.kill()
            server.wait()
    kept = []
    for secure in (False, True):
        worst = max(abs(each) for (_, name, tls), each in medians.items() if name == "FastUser" and tls == secure)
        scheme = "https" if secure else "http"
        sentence = f"{scheme}: FastUser is {worst:.0f} us from the packets at the median, at most {LIMIT_US:.0f}"
        kept.append(verdict(sentence, kept=worst <= LIMIT_US))
    return all(kept)


def certificate(folder: str) -> str:
    """Make a certificate with its key in one file, and return its path."""
    path = f"{folder}/both.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    named = ["-subj", "/CN=127.0.0.1", "-days", "2", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"]
    subprocess.run([*made, *named], check=True, capture_output=True)
    Path(path).write_text(Path(f"{folder}/key.pem").read_text() + Path(f"{folder}/cert.pem").read_text())
    return path


def bring_up_loopback() -> None:
    with socket.socket() as plain:
        request = array.array("B", struct.pack("16sh22x", b"lo", 0x1 | 0x40))  # IFF_UP, IFF_RUNNING
        fcntl.ioctl(plain, 0x8914, request)  # SIOCSIFFLAGS


def main() -> int:
    match sys.argv[1:]:
        case ["serve", path]:
            asyncio.run(serve(path))
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
