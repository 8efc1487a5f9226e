"""A run folder as one file: it comes back byte by byte, and what is damaged or foreign is refused."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from perf_core.errors import PerfError
from perf_core.model.frame import Frame, FrameKey, FrameRow
from perf_core.model.run import RunInfo
from perf_core.model.verdict import RunState
from perf_core.runstore import RunFolder, RunStore
from perf_core.runstore.archive import store_archive, write_archive
from perf_core.runstore.frame_codec import encode_frame
from perf_core.runstore.frame_log import write_log

RUN = "20261124-101500-3f9a"


def a_run(root: Path, state: RunState = RunState.FINISHED, started: float = 1.0) -> RunFolder:
    row = FrameRow(FrameKey("GET", "/", ""), 1, 7, 0.7, 0.1, 0.1, 70, np.array([500]), np.array([7]))
    folder = RunStore(root).create(RunInfo(RUN, "shop", "http://x", started=started, state=state, requests=7))
    write_log(folder.frames_log, [encode_frame(Frame("w1", 1, 2.0, (row,), ()))])
    (folder.path / "master.json").write_text('{"token": "secret"}')
    (folder.path / "report.html").write_text("<html>")
    return folder


def archived(folder: RunFolder) -> io.BytesIO:
    file = io.BytesIO()
    write_archive(folder, file)
    return file


def test_a_run_comes_back_whole_and_without_its_secrets(tmp_path: Path) -> None:
    folder = a_run(tmp_path / "here")

    for _ in range(2):  # the second takes the place of the first
        copy = store_archive(RunStore(tmp_path / "there"), RUN, archived(folder))

    names = {path.name for path in copy.path.iterdir()}
    assert names == {"run.json", "frames.log", "report.html"}
    assert all((copy.path / name).read_bytes() == (folder.path / name).read_bytes() for name in names)
    assert copy.load().requests == 7
    assert [path.name for path in (tmp_path / "there").iterdir()] == [RUN]


def test_any_damaged_byte_of_the_contents_is_found(tmp_path: Path) -> None:
    data = archived(a_run(tmp_path / "here")).getvalue()
    store, refused = RunStore(tmp_path / "there"), 0

    for at in range(0, len(data), 7):
        broken = data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
        try:
            copy = store_archive(store, RUN, io.BytesIO(broken))
        except PerfError:
            refused += 1
        else:  # a byte that carries nothing, like a time stamp
            assert copy.load().requests == 7
    assert refused > len(data) / 14
    with pytest.raises(PerfError, match="fetch it again"):
        store_archive(store, RUN, io.BytesIO(data[: len(data) // 2]))


def test_a_damaged_log_is_refused_though_its_archive_is_whole(tmp_path: Path) -> None:
    folder = a_run(tmp_path / "here")
    with folder.frames_log.open("ab") as log:
        log.write(b"torn")

    with pytest.raises(PerfError, match="4 damaged bytes"):
        store_archive(RunStore(tmp_path / "there"), RUN, archived(folder))


@pytest.mark.parametrize("name", ["../run.json", "/etc/run.json", "sub/run.json", ".lock", ".."])
def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, "x")

    with pytest.raises(PerfError, match="no file of a run folder"):
        store_archive(RunStore(tmp_path / "there"), RUN, file)
    assert [path.name for path in tmp_path.rglob("*")] == ["there"]


def test_another_run_of_that_id_stays(tmp_path: Path) -> None:
    kept = a_run(tmp_path / "there", started=2.0)

    with pytest.raises(PerfError, match="is another run"):
        store_archive(RunStore(tmp_path / "there"), RUN, archived(a_run(tmp_path / "here")))
    assert kept.read_info().started == 2.0


def test_a_run_that_is_on_is_not_archived(tmp_path: Path) -> None:
    with pytest.raises(PerfError, match="is on; wait for its end"):
        archived(a_run(tmp_path, RunState.RUNNING))
