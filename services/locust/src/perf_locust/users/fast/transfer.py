"""Request out, response in: over connections that are kept, and again where the old one had been closed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from gevent import ssl
from geventhttpclient.connectionpool import SSLConnectionPool, init_ssl_context
from geventhttpclient.response import HTTPConnectionClosed
from locust.contrib.fasthttp import insecure_ssl_context_factory

from perf_locust.users.fast.answer import Answer
from perf_locust.users.fast.origin import Origin
from perf_locust.users.fast.pool import Connection, Pool, connector
from perf_locust.users.fast.request import Request

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
ContextFactory = Callable[..., ssl.SSLContext]


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds that a connection may take to be made, and to stay silent while a response is awaited."""

    connect: float
    network: float


class Transfer:
    """The connections of one user."""

    def __init__(self, concurrency: int, *, insecure: bool, context_factory: ContextFactory | None) -> None:
        """Allow so many requests at a time to each server; `insecure` takes any certificate."""
        self._concurrency, self._insecure, self._context_factory = concurrency, insecure, context_factory
        self._pools: dict[Origin, Pool] = {}

    def exchange(self, request: Request, limits: Limits) -> Answer:
        """Send a request and return its response.

        A request that may be sent twice (RFC 9110, section 9.2.2) is sent again when a kept connection turns out to
        have been closed; never on a new connection.

        Raises:
            OSError: the server cannot be reached, or the connection broke or was silent for too long.
            HTTPParseError: what came is no response.
        """
        pool, data = self._pool(request.place.origin), request.encoded()
        twice, direct = request.method in IDEMPOTENT, True
        while True:
            connection, used, at_once = pool.take(limits.connect, surely=not twice)
            direct = direct and at_once
            try:
                _exchange(connection, request.method, data, limits.network)
            except HTTPConnectionClosed:
                pool.drop(connection)
                if not (used and twice):
                    raise
                direct = False
            except BaseException:
                pool.drop(connection)
                raise
            else:
                parser = connection.parser
                (pool.give_back if parser.reusable else pool.drop)(connection)
                answer = Answer(request, parser.status, parser.headers, parser.body)
                answer.arrived = connection.arrived
                answer.asked = connection.asked if direct else None
                return answer

    def _pool(self, origin: Origin) -> Pool:
        pool = self._pools.get(origin)
        if pool is None:
            pool = self._pools[origin] = Pool(connector(origin, self._context), self._concurrency)
        return pool

    def _context(self) -> ssl.SSLContext:
        return _context(self._context_factory, self._insecure)


def _exchange(connection: Connection, method: str, data: bytes, silence: float) -> None:
    parser = connection.parser
    parser.begin(method)
    broken = False
    try:
        connection.send(data, silence)
    except (BrokenPipeError, ConnectionResetError):
        broken = True  # there may be a response all the same: one that did not wait for the whole body
    while not parser.complete:
        try:
            part = connection.receive()
        except ConnectionResetError:
            if parser.began:
                raise
            part = b""
        if part:
            parser.feed(part)
        elif parser.began:
            parser.end()
        else:
            raise HTTPConnectionClosed("connection closed.")
    if broken:
        parser.reusable = False


@lru_cache(maxsize=64)
def _context(factory: ContextFactory | None, insecure: bool) -> ssl.SSLContext:
    """Return the TLS settings, made once for all users: reading the certificates takes milliseconds."""
    made = factory or (insecure_ssl_context_factory if insecure else ssl.create_default_context)
    return init_ssl_context(made, SSLConnectionPool.default_options["ca_certs"], check_hostname=not insecure)
