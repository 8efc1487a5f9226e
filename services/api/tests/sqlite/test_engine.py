"""The embedded database: group commit, isolation of failures, one process per file."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from perf_api.adapters.sqlite.engine import DatabaseFileError, Engine
from perf_api.adapters.sqlite.lock import DatabaseInUseError
from perf_api.domain.errors import DatabaseUnavailableError, DuplicateSkuError

TABLE = "CREATE TABLE t (n INTEGER PRIMARY KEY)"


def insert(number: int) -> Any:
    return lambda connection: connection.execute("INSERT INTO t VALUES (?)", (number,)).rowcount


def count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT COUNT(*) FROM t").fetchone()[0])


async def test_writes_that_come_together_share_a_commit(tmp_path: Path) -> None:
    engine = Engine(f"{tmp_path}/a.db")
    await engine.write(lambda connection: connection.execute(TABLE).rowcount)
    commits: list[str] = []

    def trace(statement: str) -> None:
        if statement == "COMMIT":
            commits.append(statement)

    await engine.write(lambda connection: connection.set_trace_callback(trace))
    commits.clear()
    await asyncio.gather(*(engine.write(insert(number)) for number in range(50)))
    engine.close()

    assert len(commits) == 1


async def test_a_failing_write_does_not_touch_its_neighbours(tmp_path: Path) -> None:
    engine = Engine(f"{tmp_path}/a.db")
    await engine.write(lambda connection: connection.execute(TABLE).rowcount)

    def refuse(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO t VALUES (100)")
        raise DuplicateSkuError("x")

    outcomes = await asyncio.gather(
        engine.write(insert(1)), engine.write(refuse), engine.write(insert(2)), return_exceptions=True
    )
    rows = await engine.read(count)
    engine.close()

    assert outcomes[0] == outcomes[2] == 1
    assert isinstance(outcomes[1], DuplicateSkuError)
    assert rows == 2


async def test_an_error_of_sqlite_becomes_one_of_ours(tmp_path: Path) -> None:
    engine = Engine(f"{tmp_path}/a.db")

    with pytest.raises(DatabaseUnavailableError):
        await engine.read(lambda connection: connection.execute("SELECT * FROM nowhere"))
    with pytest.raises(DatabaseUnavailableError):
        await engine.write(lambda connection: connection.execute("INSERT INTO nowhere VALUES (1)"))
    engine.close()


async def test_a_commit_that_fails_fails_for_all_and_the_next_one_works(tmp_path: Path) -> None:
    engine = Engine(f"{tmp_path}/a.db")
    await engine.write(lambda connection: connection.execute(TABLE).rowcount)
    deferred = "CREATE TABLE child (n INTEGER REFERENCES t (n) DEFERRABLE INITIALLY DEFERRED)"
    await engine.write(lambda connection: connection.execute(deferred).rowcount)
    engine._connections[0].execute("PRAGMA foreign_keys = ON")
    orphan = engine.write(lambda connection: connection.execute("INSERT INTO child VALUES (99)").rowcount)

    outcomes = await asyncio.gather(engine.write(insert(1)), orphan, return_exceptions=True)
    empty = await engine.read(count)
    await engine.write(insert(2))
    rows = await engine.read(count)
    engine.close()

    assert all(isinstance(outcome, DatabaseUnavailableError) for outcome in outcomes)
    assert (empty, rows) == (0, 1)


async def test_a_reader_sees_nothing_that_is_not_committed(tmp_path: Path) -> None:
    engine = Engine(f"{tmp_path}/a.db")
    await engine.write(lambda connection: connection.execute(TABLE).rowcount)
    loop, seen = asyncio.get_running_loop(), list[int]()

    def insert_and_look(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO t VALUES (1)")
        seen.append(asyncio.run_coroutine_threadsafe(engine.read(count), loop).result())

    await engine.write(insert_and_look)
    after = await engine.read(count)
    engine.close()

    assert (seen, after) == ([0], 1)


async def test_a_query_nobody_waits_for_is_broken_off(tmp_path: Path) -> None:
    engine = Engine(f"{tmp_path}/a.db")
    endless = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT COUNT(*) FROM c"
    queries = [
        asyncio.create_task(engine.read(lambda connection: connection.execute(endless).fetchone())) for _ in range(8)
    ]
    await asyncio.sleep(0.1)
    for query in queries:
        query.cancel()

    answer = await asyncio.wait_for(engine.read(lambda connection: connection.execute("SELECT 1").fetchone()), 60)
    engine.close()

    assert answer == (1,)


async def test_writes_are_finished_before_the_file_is_closed(tmp_path: Path) -> None:
    engine = Engine(f"{tmp_path}/a.db")
    await engine.write(lambda connection: connection.execute(TABLE).rowcount)
    writes = [asyncio.create_task(engine.write(insert(number))) for number in range(100)]
    await asyncio.sleep(0)
    await asyncio.to_thread(engine.close)
    await asyncio.gather(*writes)

    with sqlite3.connect(f"{tmp_path}/a.db") as connection:
        assert count(connection) == 100


def test_the_file_is_durable_and_shared_by_nobody(tmp_path: Path) -> None:
    path = f"{tmp_path}/a.db"
    engine = Engine(path)

    assert engine._connections[0].execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert engine._connections[0].execute("PRAGMA synchronous").fetchone() == (2,)
    with pytest.raises(DatabaseInUseError, match=r"in use by process \d+; stop it, or name another file"):
        Engine(path)
    engine.close()
    Engine(path).close()


def test_a_second_process_is_refused_until_the_first_is_gone_however_it_ends(tmp_path: Path) -> None:
    path = f"{tmp_path}/a.db"
    program = (
        "import sys; from perf_api.adapters.sqlite.engine import Engine; Engine(sys.argv[1]); print(1, flush=True)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", f"{program}; sys.stdin.read()", path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    holder.stdout.readline()

    with pytest.raises(DatabaseInUseError, match=str(holder.pid)):
        Engine(path)
    holder.kill()
    holder.communicate()
    Engine(path).close()


@pytest.mark.parametrize("content", [b"", b"this is no database at all, only a text" * 100], ids=["empty", "text"])
def test_a_file_that_is_no_database_is_refused_and_an_empty_one_is_used(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(content)

    if content:
        with pytest.raises(DatabaseFileError, match="name another file"):
            Engine(str(path))
        assert path.read_bytes() == content
    else:
        Engine(str(path)).close()


def test_a_path_that_cannot_be_made_is_refused() -> None:
    with pytest.raises(DatabaseFileError, match="name another file"):
        Engine("/proc/nowhere/a.db")
