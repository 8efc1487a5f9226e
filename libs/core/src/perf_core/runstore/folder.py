"""The folder of one run: `run.json` (facts), `frames.log` (samples) and what is made from them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from perf_core.errors import DamagedRunError, RunNotFoundError
from perf_core.model.run import RunInfo
from perf_core.model.verdict import RunState
from perf_core.runstore.atomic import write_atomically
from perf_core.runstore.codec import info_from_document, info_to_document
from perf_core.runstore.frame_log import scan

if TYPE_CHECKING:
    from perf_core.model.frame import Frame
    from perf_core.model.series import Recording


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One run on disk; nothing is read before it is asked for."""

    path: Path

    @property
    def id(self) -> str:
        """The run's id: the folder's name."""
        return self.path.name

    @property
    def frames_log(self) -> Path:
        """The log of recorded frames."""
        return self.path / "frames.log"

    def read_info(self) -> RunInfo:
        """Return the facts of the run.

        Raises:
            RunNotFoundError: the folder holds no run.json.
            DamagedRunError: it holds one that cannot be understood.
        """
        path = self.path / "run.json"
        try:
            info = info_from_document(json.loads(path.read_bytes()))
        except (FileNotFoundError, NotADirectoryError) as cause:
            raise RunNotFoundError(f"{self.path} holds no run; list the runs with `perf-platform runs`") from cause
        except (OSError, ValueError) as cause:
            raise DamagedRunError(f"{path} cannot be read ({cause}); restore it from a copy") from cause
        except DamagedRunError as cause:
            raise DamagedRunError(f"{path}: {cause}") from cause
        if info.id != self.id:
            raise DamagedRunError(f"{path} is of run {info.id}; rename the folder {self.id} back to it")
        return info

    def write_info(self, info: RunInfo) -> None:
        """Replace run.json."""
        text = json.dumps(info_to_document(info), indent=2, ensure_ascii=False)
        self.write_text("run.json", text + "\n")

    def write_text(self, name: str, text: str) -> Path:
        """Replace a file of the folder, whole or not at all, and return its path."""
        path = self.path / name
        write_atomically(path, text.encode("utf-8", "backslashreplace"))
        return path

    def frames(self) -> "Iterator[Frame]":
        """Yield the frames of the log, in the order in which they came."""
        from perf_core.runstore.frame_codec import decode_frame  # noqa: PLC0415  see load

        return (decode_frame(payload) for payload in scan(self.frames_log).payloads)

    def load(self) -> "Recording":
        """Return everything recorded.

        Raises:
            DamagedRunError: a finished run whose log does not hold what its run.json says.
        """
        info = self.read_info()
        recording = self.read_log(info)
        if info.state is RunState.FINISHED and recording.requests != info.requests:
            raise DamagedRunError(
                f"run {info.id} is damaged: frames.log holds {recording.requests} of {info.requests} requests; "
                "restore the folder from a copy or choose another run"
            )
        return recording

    def read_log(self, info: RunInfo) -> "Recording":
        """Return what the log holds, whether or not it is what the facts say."""
        # numpy takes most of a second: whoever lists runs does without.
        from perf_core.runstore.frame_codec import decode_frame  # noqa: PLC0415
        from perf_core.runstore.recording import build_recording  # noqa: PLC0415

        found = scan(self.frames_log)
        return build_recording(info, (decode_frame(payload) for payload in found.payloads))
