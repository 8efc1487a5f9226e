"""Files of other tools against what is found in the run folder they become."""

import gzip
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from perf_core.adapters.imported import BAD_ROWS, Imported
from perf_core.adapters.result_format import MAX_KEYS, KeyTable
from perf_core.adapters.result_import import import_results
from perf_core.adapters.result_rows import CHUNK
from perf_core.compare import compare_runs
from perf_core.compare.stretches import course
from perf_core.errors import ResultsError
from perf_core.model.endpoint import EndpointKey
from perf_core.model.frame import FrameKey
from perf_core.model.series import Recording
from perf_core.model.verdict import RunState, Validity, Verdict
from perf_core.runstore import RunStore

T = 1_790_000_000
SAMPLES = "timestamp,method,name,duration,ok,bytes\n"
JTL = "timeStamp,elapsed,label,responseCode,responseMessage,success,failureMessage,bytes\n"
K6 = (
    "metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,method,name,proto,scenario,"
    "service,status,subproto,tls_version,url,extra_tags\n"
)
LOCUST = "timestamp,request_type,name,response_time_ms,response_length,status_code,exception\n"
Import = Callable[..., tuple[Imported, Recording]]


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


@pytest.fixture
def imported(store: RunStore, tmp_path: Path) -> Import:
    def call(text: str | bytes, format_name: str | None = None) -> tuple[Imported, Recording]:
        path = tmp_path / "results.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        made = import_results(path, store, "checkout", format_name)
        return made, store.load(made.info.id)

    return call


def only(recording: Recording) -> EndpointKey:
    (key,) = recording.endpoints
    return key


def test_samples_become_a_valid_run(imported: Import) -> None:
    made, run = imported(
        SAMPLES + f"{T + 2.5},GET,/a,0.75,1,100\n{T + 9},POST,/b,2,0,7\n{T + 1.25},GET,/a,0.25,1,50\n"
    )

    series = run.endpoints[EndpointKey("GET", "/a")].ok
    assert (run.info.state, run.info.validity, run.info.scenario) == (RunState.FINISHED, Validity.VALID, "checkout")
    assert (run.info.started, run.info.ended) == (T + 1.0, T + 9.0)
    assert (series.seconds.tolist(), series.counts.tolist()) == ([T + 1], [2])
    assert (series.minima[0], series.maxima[0], series.sums[0], series.bytes[0]) == (0.25, 0.75, 1.0, 150)
    assert run.endpoints[EndpointKey("POST", "/b")].failed.seconds.tolist() == [T + 7]
    assert (made.format, made.tally.bad_rows, run.info.failures, run.info.fingerprint) == ("samples", 0, 1, {})


def test_the_order_of_the_rows_does_not_matter(imported: Import) -> None:
    draw = np.random.default_rng(3)
    rows = [f"{T + draw.uniform(0, 40):.3f},GET,/e{at % 3},{draw.lognormal(-3, 0.4):.6f},1,9\n" for at in range(9000)]

    _, one = imported(SAMPLES + "".join(rows))
    _, other = imported(SAMPLES + "".join(reversed(rows)))

    for key, series in one.endpoints.items():
        twin = other.endpoints[key].ok
        assert np.array_equal(series.ok.cell_counts, twin.cell_counts)
        assert np.array_equal(series.ok.cell_buckets, twin.cell_buckets)
        assert np.allclose(series.ok.sums, twin.sums)


def test_what_memory_does_not_hold_is_written_in_parts(imported: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f"{T + at % 7}.5,GET,/a,{0.01 + at * 1e-5:.6f},1,1\n" for at in range(3 * CHUNK))
    _, whole = imported(SAMPLES + rows)
    monkeypatch.setattr("perf_core.adapters.result_frames._PENDING", 100)
    monkeypatch.setattr("perf_core.adapters.result_frames._MOST_CELLS", 100)

    _, parts = imported(SAMPLES + rows)

    one, other = whole.endpoints[only(whole)].ok, parts.endpoints[only(parts)].ok
    assert np.array_equal(one.cell_counts, other.cell_counts)
    assert (one.minima.tolist(), one.counts.tolist()) == (other.minima.tolist(), other.counts.tolist())


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"{T},GET,/a,fast,1,1", "duration 'fast' is not a number"),
        (f"{T},GET,/a,nan,1,1", "duration 'nan' is not a number"),
        (f"{T},GET,/a,inf,1,1", "duration 'inf' is not a number"),
        (f"{T},GET,/a,,1,1", "duration '' is not a number"),
        (f"{T},GET,/a,-0.5,1,1", "-0.5 s is negative"),
        (f"{T},GET,/a,1e300,1,1", "no time in Unix seconds"),
        (f"{T}000,GET,/a,0.1,1,1", "no time in Unix seconds"),
        ("now,GET,/a,0.1,1,1", "timestamp 'now' is not a number"),
        (f"{T},GET,/a,0.1,maybe,1", "ok is 'maybe', not 0 or 1"),
        (f"{T},GET,,0.1,1,1", "the name is empty"),
        (f"{T},GET,/a,0.1,1,many", "'many' is no number of bytes"),
        (f"{T},GET,/a,0.1,1,-1", "'-1' is no number of bytes"),
        (f"{T},GET,/a", "3 columns instead of 6"),
        (f"{T},GET,/a,0.1,1,1,9,9", "8 columns instead of 6"),
        (f'{T},GET,"/a,0.1,1,1', "over 3 lines (a quote that is not closed?)"),
    ],
    ids=lambda value: value[-20:],
)
def test_a_bad_row_is_reported_with_its_line(imported: Import, store: RunStore, row: str, reason: str) -> None:
    good = f"{T},GET,/a,0.1,1,1\n"

    made, run = imported(SAMPLES + good + f'{T},GET,"/two\nlines",0.1,1,1\n\n' + row + "\n" + good * 2)

    (bad,) = made.tally.bad
    assert bad.line == 6
    assert reason in bad.reason
    assert (run.info.validity, run.info.rejected_samples) == (Validity.SUSPECT, 1)
    assert run.requests == (2 if "quote" in reason else 4)
    assert (store.folder(made.info.id).path / BAD_ROWS).read_text() == f"{bad}\n"


def test_every_bad_row_is_listed_in_any_chunk(imported: Import, store: RunStore) -> None:
    rows = [f"{T},GET,/a,0.1,1,1"] * (2 * CHUNK + 100)
    wrong = [3, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 50]
    for at in wrong:
        rows[at] = "?"

    made, run = imported(SAMPLES + "\n".join(rows))

    assert [bad.line for bad in made.tally.bad] == [at + 2 for at in wrong]
    assert (run.requests, made.tally.rows) == (len(rows) - 5, len(rows))
    assert len((store.folder(made.info.id).path / BAD_ROWS).read_text().splitlines()) == 5


def test_few_bad_rows_of_many_leave_the_run_valid(imported: Import) -> None:
    made, _ = imported(SAMPLES + f"{T},GET,/a,0.1,1,1\n" * 2000 + "?\n")

    assert (made.info.validity, made.tally.bad_rows) == (Validity.VALID, 1)


@pytest.mark.parametrize(
    ("failed", "validity"), [(0, "VALID"), (4, "VALID"), (6, "SUSPECT"), (10, "INVALID")], ids=str
)
def test_the_rows_say_whether_the_run_is_valid(imported: Import, failed: int, validity: str) -> None:
    made, _ = imported(SAMPLES + "".join(f"{T + at},GET,/a,0.1,{int(at >= failed)},1\n" for at in range(10)))

    assert made.info.validity == validity


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: gzip.compress(text.encode()),
        lambda text: text.replace(",", ";").encode(),
        lambda text: text.replace(",", "\t").encode(),
        lambda text: text.rstrip().encode(),
        lambda text: ("\n" + text + "\n\n").encode(),
        lambda text: (text + text.splitlines()[0] + "\n").encode(),
    ],
    ids=["windows", "BOM", "utf-16", "gzip", "semicolons", "tabs", "no last newline", "empty lines", "second header"],
)
def test_the_same_rows_in_another_dress(imported: Import, change: Callable[[str], bytes]) -> None:
    made, run = imported(change(SAMPLES + f"{T + 1},GET,/caf\u00e9,0.5,1,10\n{T + 2},GET,/caf\u00e9,0.5,1,10\n"))

    assert only(run) == EndpointKey("GET", "/caf\u00e9")
    assert (run.requests, made.tally.bad_rows, made.tally.rows) == (2, 0, 2)


def test_a_torn_gzip_file_keeps_what_was_read_and_says_so(imported: Import) -> None:
    draw = np.random.default_rng(5)
    text = SAMPLES + "".join(f"{T + draw.uniform(0, 60):.6f},GET,/a,{draw.uniform():.9f},1,1\n" for _ in range(20000))
    packed = gzip.compress(text.encode())

    made, run = imported(packed[: len(packed) // 2])

    assert 0 < run.requests < 20000
    assert "cannot be read from here on" in made.tally.bad[-1].reason


@pytest.mark.parametrize("damage", ["torn", "changed"])
def test_damage_inside_a_quoted_name_is_a_bad_row_and_no_crash(imported: Import, damage: str) -> None:
    draw = np.random.default_rng(5)
    name = '"/a,\nb"'
    text = SAMPLES + "".join(f"{T},GET,{name},{draw.uniform():.12f},1,1\n" for _ in range(9000))
    within = text.index(name, len(text) // 2) + name.index("b")
    deflate = zlib.compressobj(wbits=31)
    head = deflate.compress(text[:within].encode()) + deflate.flush(zlib.Z_FULL_FLUSH)

    made, run = imported(head if damage == "torn" else head + b"\xff" * 99)

    assert 0 < run.requests <= text[:within].count(name)
    assert any("cannot be read from here on" in bad.reason for bad in made.tally.bad)


def test_jtl_gives_the_start_in_milliseconds(imported: Import) -> None:
    made, run = imported(
        JTL
        + f"{T}900,400,GET /items,200,OK,true,,10\n"
        + f"{T + 1}000,700,Pay,500,Internal Server Error,false,,10\n"
        + f'{T + 1}000,700,Pay,200,OK,false,"expected ""a"",\ngot b",10\n'
        + f"{T + 1}000,9,Pay,Non HTTP response code: java.net.SocketTimeoutException,x,false,,0\n"
        + f"{T + 1}000,9,,200,OK,true,,0\n"
        + f"{T + 1}000,-5,Pay,200,OK,true,,0\n"
    )

    items, pay = run.endpoints[EndpointKey("GET", "/items")], run.endpoints[EndpointKey("", "Pay")]
    assert (made.format, items.ok.seconds.tolist(), items.ok.maxima.tolist()) == ("jtl", [T], [0.4])
    assert sorted((error.error_class, error.text) for error in pay.errors) == [
        ("HTTP 500", "Internal Server Error"),
        ("failed check", 'expected "a",\ngot b'),
        ("timeout", "x"),
    ]
    assert EndpointKey("", "(no name)") in run.endpoints
    assert [(bad.line, bad.reason) for bad in made.tally.bad] == [(8, "a duration of -0.005 s is negative")]
    assert run.info.ended == T + 1.7


def test_jtl_without_a_header_and_with_dates(imported: Import) -> None:
    row = ",250,Home,200,OK,Users 1-1,text,true,,10,5,1,1,http://x/,1,0,1\n"

    _, run = imported("2026/09/21 14:13:20.500" + row + "1790000001000" + row, "jtl")

    assert (only(run), run.info.started, run.requests) == (EndpointKey("", "Home"), T + 0.5, 2)
    assert imported("1790000001000" + row, "jtl")[1].requests == 1


@pytest.mark.parametrize(
    ("columns", "rest", "failed"),
    [
        ("", "", 0),
        (",success", ",", 0),
        (",responseCode", ",", 0),
        (",responseCode", ",200", 0),
        (",responseCode", ",404", 2),
    ],
    ids=["neither", "no success", "no code", "a good code", "a bad code"],
)
def test_a_jtl_of_few_columns_has_failed_only_where_it_says_so(
    imported: Import, columns: str, rest: str, failed: int
) -> None:
    made, run = imported(f"elapsed,label,timeStamp{columns}\n" + f"250,Home,{T}000{rest}\n" * 2)

    assert (run.requests, made.tally.failures) == (2, failed)
    assert made.info.validity is (Validity.INVALID if failed else Validity.VALID)


def k6_row(metric: str, at: object, value: object, url: str, tags: tuple[object, str, str] = (200, "", "")) -> str:
    status, code, expected = tags
    error = "refused" if code else ""
    return f"{metric},{at},{value},,{error},{code},{expected},,GET,{url},,default,,{status},,,{url},\n"


def test_k6_requests_are_the_rows_of_one_metric(imported: Import) -> None:
    made, run = imported(
        K6
        + k6_row("http_reqs", T + 1, 1, "http://h/a")
        + k6_row("http_req_duration", T + 1, 500.0, "http://h/a?page=1")
        + k6_row("http_req_duration", T + 2, 1500.0, "http://h/a?page=2", (404, "", ""))
        + k6_row("http_req_duration", T + 3, 100.0, "http://h/a", (404, "", "true"))
        + k6_row("http_req_duration", T + 4, 0.0, "http://h/a", (0, "1212", "false"))
        + "vus,1790000004,5,,,,,,,,,,,,,,,\n"
        + k6_row("http_req_duration", T + 5, "x", "http://h/a")
    )

    endpoint = run.endpoints[EndpointKey("GET", "http://h/a")]
    assert (made.format, made.tally.other_metrics, made.tally.bad[0].line) == ("k6", 2, 8)
    assert endpoint.ok.seconds.tolist() == [T, T + 2]
    assert endpoint.failed.seconds.tolist() == [T, T + 4]
    assert {error.error_class for error in endpoint.errors} == {"HTTP 404", "connection"}


@pytest.mark.parametrize(
    "stamp", [f"{T}", f"{T}000", f"{T}000000", f"{T}000000000", "2026-09-21T14:13:20Z", "2026-09-21T16:13:20+02:00"]
)
def test_k6_writes_time_in_many_ways(imported: Import, stamp: str) -> None:
    _, run = imported(K6 + k6_row("http_req_duration", stamp, 250.0, "/"))

    assert run.info.ended == pytest.approx(T, abs=1e-3)


def test_locust_logs_the_start_and_may_have_no_latency(imported: Import) -> None:
    made, run = imported(
        LOCUST + f"{T}.25,GET,/a,500.0,10,200,\n{T}.5,GET,/a,,0,0,\n{T + 1},GET,/a,30.0,0,503,Bad status\n"
    )

    series = run.endpoints[EndpointKey("GET", "/a")]
    assert (made.format, series.ok.counts.tolist(), series.ok.cell_counts.tolist()) == ("locust-csv", [2], [1])
    assert [(each.error_class, each.text) for each in series.errors] == [("HTTP 503", "Bad status")]
    assert run.info.ended == T + 1.03


@pytest.mark.parametrize(
    ("text", "format_name", "sentence"),
    [
        ("", None, "is empty"),
        (SAMPLES, None, "holds no row and no usable request"),
        (SAMPLES + "?\n", None, "no usable request: line 2"),
        ("a,b\n1,2\n", None, "of no known format"),
        ("a,b\n1,2\n", "samples", "lacks the column timestamp, name, duration, ok"),
        ('<?xml version="1.0"?>\n<testResults>\n', None, "is XML"),
        ('<?xml version="1.0"?>\n<testResults>\n', "jtl", "is XML"),
        ('{"type":"Metric"}\n', None, "is JSON"),
        ('{"type":"Metric"}\n', "k6", "is JSON"),
        ("Type,Name,Request Count,Failure Count,Average Response Time\n", None, "no usable request"),
        ('[{"num_requests": 0}]', None, "no usable request"),
        ("[1, 2]", None, "of no known format"),
        (f"{T}000,5,Home,200,OK\n", None, "no header line"),
        (gzip.compress(b"x" * 500)[:12], None, "cannot be read"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_file_that_is_of_no_use_leaves_no_run(
    imported: Import, store: RunStore, text: str | bytes, format_name: str | None, sentence: str
) -> None:
    with pytest.raises(ResultsError, match=r"results\.csv") as raised:
        imported(text, format_name)

    assert sentence in str(raised.value)
    assert store.list() == []
    assert not list(store.root.glob("*"))


def test_a_missing_file_is_named(store: RunStore, tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"nothing\.csv cannot be read"):
        import_results(tmp_path / "nothing.csv", store, "s")


def test_two_imports_never_share_an_id(imported: Import, store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = iter(["same", "same", "same", "other"])
    monkeypatch.setattr("perf_core.runstore.store.new_run_id", lambda: next(ids))
    text = SAMPLES + f"{T},GET,/a,0.1,1,1\n"

    made = [imported(text)[0].info.id, imported(text)[0].info.id]

    assert made == ["same", "other"]
    assert len(store.list()) == 2


def test_more_names_than_can_be_kept_are_counted_as_other(imported: Import) -> None:
    table = KeyTable()
    ids = table.memo(lambda name: FrameKey("GET", name, ""))(((str(at),) for at in range(MAX_KEYS + 9)), MAX_KEYS + 9)

    assert (len(table.keys), table.keys[-1].name, table.folded(ids)) == (MAX_KEYS + 1, "other", 9)
    assert imported(SAMPLES + f"{T},GET,/a,0.1,1,1\n")[0].tally.folded == 0


def test_imported_runs_are_compared_whatever_they_do_not_know(imported: Import) -> None:
    draw = np.random.default_rng(11)

    def rows(factor: float) -> str:
        facts = zip(draw.uniform(0, 120, 24000), draw.lognormal(-3, 0.4, 24000), range(24000), strict=True)
        return SAMPLES + "".join(
            f"{T + at:.4f},GET,/e{n % 4},{d * (factor if n % 4 == 1 else 1):.6f},1,9\n" for at, d, n in facts
        )

    baseline, same, slow = (imported(rows(factor))[1] for factor in (1.0, 1.0, 1.3))
    live = replace(baseline, info=replace(baseline.info, fingerprint={"users": "20", "load_model": "closed"}))

    assert compare_runs(same, live).verdict is Verdict.UNCHANGED
    comparison = compare_runs(slow, live)
    assert comparison.verdict is Verdict.REGRESSED
    assert [each.key.name for each in comparison.endpoints if each.verdict is Verdict.REGRESSED] == ["/e1"]


def test_rows_with_a_night_between_them_have_figures(imported: Import) -> None:
    draw = np.random.default_rng(4)
    facts = zip(draw.uniform(0, 120, 8000), draw.lognormal(-3, 0.3, 8000), range(8000), strict=True)
    rows = [f"{T + at + n % 2 * 86400:.4f},GET,/e{n // 2 % 4},{d:.6f},1,9\n" for at, d, n in facts]

    run = imported(SAMPLES + "".join(rows))[1]

    alone, compared = compare_runs(run, None), compare_runs(run, run)
    assert [bool(each.current and each.current.p50 > 0) for each in alone.endpoints] == [True] * 4
    assert (compared.verdict, len(compared.endpoints)) == (Verdict.INCONCLUSIVE, 4)
    assert "where there are long pauses, make a run of each part" in compared.explanation


def test_one_wrong_time_takes_no_memory_for_the_years_between(imported: Import) -> None:
    rows = "".join(f"{T + n / 100},GET,/a,0.05,1,9\n" for n in range(4000))

    near, far = (imported(SAMPLES + rows + f"{T - days * 86400},GET,/a,0.05,1,9\n")[1] for days in (1, 20000))

    assert (course(near).medians.size, course(far).medians.size) == (86439, 0)
    assert compare_runs(far, near).verdict is Verdict.INCONCLUSIVE
