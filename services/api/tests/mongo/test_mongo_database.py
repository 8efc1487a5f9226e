import asyncio
import contextlib
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from pymongo import MongoClient

from perf_api.adapters.factory import open_database
from perf_api.adapters.mongo.client import DEFAULTS, MongoUrlError, database_of, open_client
from perf_api.adapters.mongo.database import MongoDatabase
from perf_api.adapters.mongo.indexes import INDEXES
from perf_api.domain.errors import DatabaseUnavailableError
from perf_api.domain.ids import new_id, seeded_id
from perf_api.domain.items import Item, ItemQuery, SearchQuery
from perf_api.domain.orders import Order, OrderState
from perf_api.domain.sales import SalesGroup, SalesQuery

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def lamp(**changes: Any) -> Item:
    values: dict[str, Any] = {"id": seeded_id(1), "sku": "A", "name": "Lamp", "category": "light", "price": 1}
    return Item(**(values | {"currency": "EUR", "stock": 3} | changes))


class Wire:
    """A TCP connection to a MongoDB that can be cut and opened again."""

    def __init__(self, url: str, port: int) -> None:
        parts = urlsplit(url)
        self._target, self._port = (parts.hostname, parts.port or 27017), port
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []
        where = f"{parts.netloc.rpartition('@')[0]}@".lstrip("@") + f"127.0.0.1:{port}"
        options = "&".join(filter(None, (parts.query, "directConnection=true", "timeoutMS=2000")))
        self.url = parts._replace(netloc=where, query=options.replace("timeoutMS=60000&", "")).geturl()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._join, "127.0.0.1", self._port)

    async def cut(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()
        await self._server.wait_closed()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection(*self._target)
        self._writers += [writer, there[1]]
        await asyncio.gather(self._pump(reader, there[1]), self._pump(there[0], writer))

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
        sink.close()


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Return a port that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


async def test_the_scheme_chooses_the_adapter(mongodb_url: str) -> None:
    database = open_database(mongodb_url)

    assert isinstance(database, MongoDatabase)
    await database.ping()
    await database.close()


def test_a_database_may_be_opened_before_its_event_loop_runs(mongodb_url: str) -> None:
    database = open_database(mongodb_url)

    async def use() -> Item:
        await database.prepare()
        await database.items.add(lamp())
        found = await database.items.get(lamp().id)
        await database.close()
        return found

    assert asyncio.run(use()) == lamp()


async def test_indexes_are_created_and_creating_them_again_changes_nothing(mongodb_url: str) -> None:
    database = MongoDatabase(mongodb_url)
    for _ in range(3):
        await database.prepare()
    await asyncio.gather(*(database.prepare() for _ in range(3)))
    with MongoClient[dict[str, Any]](mongodb_url) as client:
        there = {name: client.get_default_database()[name].index_information() for name in INDEXES}
    await database.close()

    for name, indexes in INDEXES.items():
        assert set(there[name]) == {"_id_"} | {index.document["name"] for index in indexes}
    assert there["items"]["sku"]["unique"]
    assert there["orders"]["key"]["unique"]


async def test_an_unreachable_database_is_given_up_before_a_request_is(closed_port: int) -> None:
    database = MongoDatabase(f"mongodb://127.0.0.1:{closed_port}/")

    async with asyncio.timeout(30):
        with pytest.raises(DatabaseUnavailableError, match="no MongoDB server can be reached"):
            await database.items.get("1")
    await database.close()


async def test_every_operation_of_an_unreachable_database_says_so(closed_port: int) -> None:
    database = MongoDatabase(f"mongodb://ann:pa55@127.0.0.1:{closed_port}/?timeoutMS=300")
    order = Order(new_id(), "ann", "EUR", (), 0, OrderState.PENDING, NOON, NOON)
    items, orders = database.items, database.orders
    operations = [
        database.ping(), database.prepare(),
        items.add(lamp()), items.add_many([lamp()]), items.get("1"), items.replace(lamp(), None),
        items.remove("1", None), items.page(ItemQuery(1)), items.search(SearchQuery(1)),
        items.change_stock("1", "k", -1), items.undo_stock("1", "k"), items.forget_stock("1", "k"),
        orders.begin(order), orders.add_many([order]), orders.get("1"), orders.of_customer("ann", None, 1),
        orders.move("1", OrderState.PAID, OrderState.SHIPPED, NOON, unsettled=False), orders.settle("1"),
        orders.discard("1"), orders.unsettled(NOON, 1), orders.forget_keys(NOON),
        orders.sales(SalesQuery(NOON, NOON, SalesGroup.DAY, 1)),
    ]  # fmt: skip

    async with asyncio.timeout(60):
        outcomes = await asyncio.gather(*operations, return_exceptions=True)
    await database.close()

    assert {type(outcome) for outcome in outcomes} == {DatabaseUnavailableError}
    assert not any("pa55" in str(outcome) for outcome in outcomes)


async def test_a_database_that_accepts_and_never_answers_does_not_hold_a_ping(silent_port: int) -> None:
    database = MongoDatabase(f"mongodb://127.0.0.1:{silent_port}/")

    async with asyncio.timeout(30):
        with pytest.raises(DatabaseUnavailableError):
            await database.ping()
    await database.close()


async def test_a_database_that_comes_back_is_used_again(mongodb_url: str, closed_port: int) -> None:
    wire = Wire(mongodb_url, closed_port)
    database = MongoDatabase(wire.url)
    with pytest.raises(DatabaseUnavailableError):
        await database.ping()

    await wire.open()
    await database.prepare()
    await database.items.add(lamp())
    await wire.cut()
    with pytest.raises(DatabaseUnavailableError):
        await database.items.get(lamp().id)
    await wire.open()
    assert await database.items.get(lamp().id) == lamp()
    await database.close()
    await wire.cut()


async def test_what_a_client_sends_is_a_value_and_never_an_operator(mongodb_url: str) -> None:
    database = MongoDatabase(mongodb_url)
    await database.prepare()
    await database.items.add(lamp(attributes={"n": 2**62, "f": 0.5, "t": True, "s": "$where"}, category="$ne"))

    assert [item.category for item in await database.items.page(ItemQuery(5, category="$ne"))] == ["$ne"]
    assert await database.items.page(ItemQuery(5, sku_prefix=".*")) == []
    assert (await database.items.get(lamp().id)).attributes == {"n": 2**62, "f": 0.5, "t": True, "s": "$where"}
    await database.close()


async def test_what_the_url_says_wins_over_the_defaults() -> None:
    client = open_client("mongodb://127.0.0.1:1/shop?timeoutms=9000&maxPoolSize=3&w=1")
    options = client.delegate.options

    assert (options.timeout, options.pool_options.max_pool_size) == (9.0, 3)
    assert options.write_concern.document == {"w": 1, "j": True}
    assert options.pool_options.wait_queue_timeout == DEFAULTS["waitQueueTimeoutMS"] / 1000
    assert database_of(client).name == "shop"
    client.close()


async def test_without_options_writes_are_confirmed_by_the_disk_and_everything_is_bounded() -> None:
    client = open_client("mongodb://127.0.0.1:1")
    options = client.delegate.options

    assert options.write_concern.document == {"w": "majority", "j": True}
    assert (options.timeout, options.server_selection_timeout) == (3.0, 2.0)
    assert options.retry_writes
    assert options.retry_reads
    assert database_of(client).name == "perf_api"
    client.close()


@pytest.mark.parametrize(
    "url",
    [
        "mongodb://",
        "mongodb://ann:pa55@:port/",
        "mongodb://ann:pa55@host/?replicaSet=a&directConnection=maybe&maxPoolSize=-3",
        "mongodb://ann:pa:55@x y/",
    ],
    ids=["no host", "no port", "impossible option", "unescaped"],
)
async def test_an_url_that_cannot_be_understood_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(MongoUrlError, match="write it like mongodb://") as caught:
        open_database(url)

    assert "pa55" not in str(caught.value)
    assert caught.value.__cause__ is None
