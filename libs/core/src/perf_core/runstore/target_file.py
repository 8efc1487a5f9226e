"""`target.json`: what was read of the target during a run, beside the run's own samples."""

import json
from pathlib import Path

import numpy as np

from perf_core.errors import DamagedRunError
from perf_core.model.series import GaugeSeries
from perf_core.runstore.atomic import write_atomically

NAME = "target.json"


def write_target(folder: Path, series: tuple[GaugeSeries, ...]) -> None:
    """Store the series.

    Raises:
        RunStoreError: the folder cannot be written.
    """
    told = [
        {
            "name": each.name,
            "source": each.source,
            "seconds": [round(at, 3) for at in each.seconds.tolist()],
            "values": each.values.tolist(),
        }
        for each in series
    ]
    write_atomically(folder / NAME, (json.dumps({"schema_version": 1, "series": told}) + "\n").encode())


def read_target(folder: Path) -> tuple[GaugeSeries, ...]:
    """Return the stored series; none when there are none.

    Raises:
        DamagedRunError: the file is damaged; a report does without it, and says so.
    """
    try:
        document = json.loads((folder / NAME).read_bytes())
        found = [
            GaugeSeries(
                str(each["name"]), str(each["source"]), *(_numbers(each[key]) for key in ("seconds", "values"))
            )
            for each in document["series"]
        ]
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError) as cause:
        raise DamagedRunError(f"{folder / NAME} cannot be read ({cause}); it can only be left out") from cause
    return tuple(each for each in found if each.seconds.size and each.seconds.size == each.values.size)


def _numbers(raw: object) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.array(raw, dtype=np.float64).reshape(-1)
