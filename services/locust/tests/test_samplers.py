"""Samplers without Locust: what is read, in which order it is handed out, and what is said when it cannot be."""

import os
import runpy
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pytest

from perf_locust.lease_book import LeaseBook, book_path, take_book
from perf_locust.leases import Leases
from perf_locust.samplers import DataError, Mongo, Sampler, mix, sampler
from perf_locust.samplers.order import generator, permuted
from perf_locust.samplers.registry import REGISTRY
from perf_locust.samplers.table import FileTable

ROOT = Path(__file__).parents[3]
SMALL = 2**12
"""Memory in which none of the files below fits."""


class User:
    """Somebody who asks."""


@pytest.fixture(autouse=True)
def _no_samplers() -> Iterator[None]:
    yield
    REGISTRY.samplers.clear()
    REGISTRY.digests.clear()


@pytest.fixture
def items(tmp_path: Path) -> Path:
    """1000 rows; some values hold delimiters, quotes and line ends, some lines are empty."""
    path, odd = tmp_path / "items.csv", '"a ""b"", \nc"'
    rows = (f"{number:04d},{number / 4},{odd if number % 7 == 0 else 'plain'}\n" for number in range(1000))
    path.write_text(
        "id,price,note\n" + "".join(row if number % 50 else f"\n{row}" for number, row in enumerate(rows))
    )
    return path


@dataclass(frozen=True)
class Item:
    id: str
    price: float
    note: str | None = None


def taken(made: Sampler, count: int) -> list[object]:
    user = User()
    return [made.next(user) for _ in range(count)]


@pytest.mark.parametrize("memory", [2**28, SMALL], ids=["in memory", "from the file"])
def test_rows_are_typed_and_the_same_from_memory_and_from_the_file(items: Path, memory: int) -> None:
    made = sampler(items, columns=Item, memory_bytes=memory, at_end="stop_user")
    rows = taken(made, 1000)

    assert isinstance(made.table, FileTable) is (memory == SMALL)
    assert rows[0] == Item("0000", 0.0, 'a "b", \nc')
    assert rows[999] == Item("0999", 249.75, "plain")
    assert [row.id for row in rows] == [f"{number:04d}" for number in range(1000)]
    assert made.draw(None) is None


@pytest.mark.parametrize("strategy", ["random", "shuffled", "weighted", "zipf"])
def test_the_same_seed_gives_the_same_rows_wherever_they_are_held(items: Path, strategy: str) -> None:
    def rows(seed: int, worker: int, memory: int) -> list[object]:
        made = sampler(items, strategy, seed=seed, weight="price", name="rows", memory_bytes=memory)
        made.begin(worker)
        REGISTRY.samplers.clear()
        return taken(made, 1500)

    first = rows(1, 0, 2**28)

    assert first == rows(1, 0, SMALL)
    assert first != rows(2, 0, 2**28)
    assert first != rows(1, 1, 2**28)


def test_shuffled_rows_come_once_a_round_and_rounds_differ(items: Path) -> None:
    made = sampler(items, "shuffled")
    first, second = taken(made, 1000), taken(made, 1000)

    assert len({row["id"] for row in first}) == len({row["id"] for row in second}) == 1000
    assert first != second


@pytest.mark.parametrize("rows", [1, 2, 5, 4097, 70_000])
def test_a_permutation_without_memory_has_each_number_once(rows: int) -> None:
    numbers = list(permuted(rows, generator(1)))

    assert sorted(numbers) == list(range(rows))
    assert rows < 5 or numbers != sorted(numbers)


@pytest.mark.parametrize("exponent", [0.0, 0.7, 1.0, 1.6])
def test_zipf_draws_ranks_as_often_as_the_law_says(exponent: float) -> None:
    made, draws = sampler([{"n": number} for number in range(200)], "zipf", exponent=exponent), 100_000
    counts = Counter(row["n"] for row in taken(made, draws))
    total = sum(rank**-exponent for rank in range(1, 201))

    for rank in (1, 2, 5, 20, 100):
        expected = draws * rank**-exponent / total
        assert abs(counts[rank - 1] - expected) < 6 * expected**0.5 + 1


@pytest.mark.parametrize("memory", [2**28, SMALL], ids=["in memory", "from the file"])
def test_weights_decide_how_often_a_row_comes(tmp_path: Path, memory: int) -> None:
    path = tmp_path / "weights.csv"
    path.write_text("id,weight\n" + "".join(f"{number},{number % 3}\n" for number in range(600)))
    counts = Counter(row["weight"] for row in taken(sampler(path, "weighted", memory_bytes=memory), 9000))

    assert set(counts) == {"1", "2"}
    assert 1.7 < counts["2"] / counts["1"] < 2.3


def test_each_user_keeps_its_row_and_leaves_it_behind(items: Path) -> None:
    made, users = sampler(items, "per_user"), [User(), User()]
    first, second = (made.next(user)["id"] for user in users)
    again = made.next(users[0])["id"]
    del users[0]

    assert (first, second, again) == ("0000", "0001", "0000")
    assert made.next(User())["id"] == "0000"


def test_a_mix_draws_by_weights_that_can_be_changed(items: Path) -> None:
    made = mix("both", {"a": sampler(items), "b": sampler([{"id": "b"}])}, {"a": 1, "b": 3})
    share = Counter(row["id"] == "b" for row in taken(made, 4000))[True] / 4000
    made.weigh({"a": 0})

    assert 0.7 < share < 0.8
    assert {row["id"] for row in taken(made, 100)} == {"b"}
    with pytest.raises(DataError, match="has no sampler 'c'; it has a, b"):
        made.weigh({"c": 1})
    with pytest.raises(DataError, match="all weights of both are 0"):
        made.weigh({"b": 0})


def test_a_user_cannot_change_the_row_of_another() -> None:
    made = sampler([{"id": 1}])
    made.next()["id"] = 2

    assert made.next() == {"id": 1}


def test_a_sampler_of_ones_own_is_a_class_with_one_method() -> None:
    class Countdown(Sampler):
        left = 2

        def draw(self, user: object) -> int | None:  # noqa: ARG002
            self.left -= 1
            return self.left if self.left >= 0 else None

    made = Countdown()

    assert [made.next(), made.next()] == [1, 0]
    assert made.draw(None) is None


BAD: dict[str, tuple[bytes | None, dict[str, object], str]] = {
    "no file": (None, {}, "cannot be read (No such file or directory); name a file that can"),
    "empty": (b"", {}, "is empty; it needs a line with the names of its columns, and rows"),
    "only a header": (b"id\n", {}, "has no row after its header; add rows"),
    "a missing value": (b"id,x\n1,2\n3\n", {}, "line 3 has 1 values for 2 columns (id, x); correct the line"),
    "a missing column": (b"id\n1\n", {"columns": {"x": int}}, "has no column 'x'; it has 'id'"),
    "a wrong value": (b"id,x\n1,2\n\n3,y\n", {"columns": {"x": int}}, "line 4: 'x' is 'y', not a whole number"),
    "an empty value": (
        b"id,x\n1,\n",
        {"columns": {"x": float}},
        "line 2: 'x' is empty; fill it in, or make its type",
    ),
    "another encoding": (b"id\nok\n\xe9\n", {}, "line 3 is not UTF-8; save it so, or say what it is"),
    "an open quote": (b'id\n"1\n' + b"2\n" * 99_999, {}, "line 2 is no CSV (field larger than"),
    "a column twice": (b"id,id\n1,2\n", {}, "names a column twice"),
    "no weight": (b"id\n1\n", {"strategy": "weighted"}, "has no column 'weight' for its weight; it has 'id'"),
    "a weight below zero": (b"weight\n-1\n", {"strategy": "weighted"}, "the weight 'weight' is '-1'; give a number"),
    "only weights of zero": (b"weight\n0\n", {"strategy": "weighted"}, "no row has a weight above 0"),
    "an unknown strategy": (b"id\n1\n", {"strategy": "best"}, "choose one of sequential, random"),
    "an unknown end": (b"id\n1\n", {"at_end": "panic"}, "choose one of cycle, stop_user, stop_run"),
    "an unknown type": (b"id\n1\n", {"columns": {"id": "money"}}, "give str, int, float or bool"),
}


@pytest.mark.parametrize("memory", [2**28, 8], ids=["in memory", "from the file"])
@pytest.mark.parametrize("case", BAD.values(), ids=list(BAD))
def test_bad_data_is_told_with_its_place(
    tmp_path: Path, case: tuple[bytes | None, dict[str, object], str], memory: int
) -> None:
    content, options, sentence = case
    path = tmp_path / "bad.csv"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(DataError) as raised:
        taken(sampler(path, memory_bytes=memory, **options), 3)  # type: ignore[arg-type]

    assert str(raised.value).startswith(("strategy", "at_end", "column", str(path)))
    assert sentence in str(raised.value)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ('{"id": 1}\n{"di": 1}\n', "line 2 has no 'id'; add it"),
        ('{"id": 1}\n[1]\n', "line 2 is no JSON object"),
        ('{"id": 1}\nnope\n', "line 2 is no JSON (Expecting value"),
        ("", "is empty; it needs one JSON object a line"),
    ],
)
def test_bad_json_lines_are_told_with_their_place(tmp_path: Path, lines: str, sentence: str) -> None:
    (tmp_path / "bad.jsonl").write_text(lines)

    with pytest.raises(DataError) as raised:
        sampler(tmp_path / "bad.jsonl")

    assert sentence in str(raised.value)


def test_a_dry_sampler_says_so_outside_locust() -> None:
    program = (
        "from perf_locust.samplers import sampler\n"
        "made = sampler([{'id': 1}], at_end='stop_user')\nmade.next()\nmade.next()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert "DataError: rows has no further row; give it more, or at_end='cycle'" in done.stderr


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom perf_locust.samplers import sampler\n"
        "made = sampler(sys.argv[1], sys.argv[2], memory_bytes=2**20)\n"
        "assert len({made.next()['id'] for _ in range(3000)}) > 100\n"
        "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])\n"
    )

    def peak(rows: int) -> int:
        path = tmp_path / f"{rows}.csv"
        if not path.exists():
            path.write_text("id,text\n" + "".join(f"{number},{'x' * 60}\n" for number in range(rows)))
        done = subprocess.run([sys.executable, "-c", program, path, "zipf"], stdout=subprocess.PIPE, check=True)
        return int(done.stdout)

    few = peak(5_000)

    assert peak(150_000) < few + 12_000, "kB; the file has 10 MB, its rows would take 80"


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    start: Callable[[], object] = runpy.run_path(str(ROOT / "benchmarks/support/mongodb.py"))["mongodb"]
    try:
        with start() as url:  # type: ignore[attr-defined]
            yield url.replace("/bench", "/perf_locust_test")
    except SystemExit as cause:
        if os.environ.get("CI") == "true":
            pytest.fail(str(cause), pytrace=False)
        pytest.skip(f"MONGODB IS NOT TESTED: {cause}")


@pytest.mark.parametrize("memory", [2**28, SMALL], ids=["in memory", "from a file"])
def test_documents_of_a_collection_are_rows(database: str, memory: int) -> None:
    import pymongo

    with pymongo.MongoClient[dict[str, object]](database) as client:
        collection = client.get_default_database()["items"]
        collection.drop()
        collection.insert_many([{"number": number, "price": number / 2} for number in range(300)])
    made = sampler(
        Mongo(database, "items", {"number": {"$gte": 100}}),
        at_end="stop_user",
        columns={"_id": str, "number": int},
        memory_bytes=memory,
    )
    rows = taken(made, 200)

    assert [row["number"] for row in rows] == list(range(100, 300))
    assert len({row["_id"] for row in rows}) == 200
    with pytest.raises(DataError, match="collection nothing has no document that the query finds"):
        sampler(Mongo(database, "nothing"))


def test_a_database_that_is_not_there_is_told() -> None:
    with pytest.raises(DataError, match=r"collection items cannot be read .*check the URL"):
        sampler(Mongo("mongodb://127.0.0.1:9/shop?serverSelectionTimeoutMS=200", "items"))


def numbers(leases: Leases, worker: str, ask: int, want: int = 10, left: int = 0) -> list[int]:
    answer = leases.ask(worker, ask, want, left)
    return [number for begin, end in answer.ranges for number in range(begin, end)]


def test_leases_give_each_number_once_and_the_same_answer_to_the_same_question() -> None:
    leases = Leases(1000, cycle=False)

    first, again, second = numbers(leases, "a", 1), numbers(leases, "a", 1), numbers(leases, "b", 1)

    assert first == again == list(range(10))
    assert second == list(range(10, 20))


def test_what_a_dead_worker_had_not_handed_out_goes_to_others_before_anything_is_dry() -> None:
    leases = Leases(40, cycle=False)
    had = numbers(leases, "dead", 1)
    got, ask = list[int](), 0
    while new := numbers(leases, "b", ask := ask + 1):
        got += new
    waiting = leases.ask("b", ask + 1, 10, 0)
    leases.give_back("dead", used=3)
    while new := numbers(leases, "b", ask := ask + 2):
        got += new

    assert not waiting.dry
    assert Counter([*had[:3], *got]) == Counter(range(40))
    assert leases.ask("b", ask + 1, 10, 0).dry


def test_leases_that_cycle_begin_again_only_after_the_last_number() -> None:
    leases = Leases(3, cycle=True)

    assert [numbers(leases, "a", ask, 1)[0] for ask in range(1, 8)] == [0, 1, 2, 0, 1, 2, 0]


def test_the_book_of_a_worker_can_be_read_when_its_process_is_gone_only(tmp_path: Path) -> None:
    book = LeaseBook.create(tmp_path, "run", "worker/1", ("items", "users"))
    book.used(1, 77)
    path = book_path(tmp_path, "run", "worker/1")
    with take_book(path) as alive:
        assert alive is None
    book._buffer.close()
    os.close(book._handle or 0)
    with take_book(path) as dead:
        assert dead is not None
        assert dead.used == {"items": 0, "users": 77}

    assert not path.exists()
    assert list(islice(path.parent.iterdir(), 1)) == []
