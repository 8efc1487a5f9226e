"""What a run is told of its test data: a sampler that has no further row, a row that is wrong."""

from perf_locust.conductor import Conductor
from perf_locust.samplers import AtEnd, Sampler

MOST = 20
"""Wrong rows that become events of one run."""


class DataEvents:
    """Enters them into the run that is on, each once."""

    def __init__(self, conductor: Conductor) -> None:
        """Know the runs."""
        self._conductor = conductor
        self._told: set[tuple[str, str]] = set()

    def dry(self, sampler: Sampler) -> None:
        """Note that a sampler of this process has no further row."""
        self.ended(sampler.name or type(sampler).__name__, sampler.at_end)

    def ended(self, name: str, at_end: AtEnd) -> None:
        """Note that a sampler has no further row; the run ends when it says so."""
        ends = at_end is AtEnd.STOP_RUN
        what = "the run ends" if ends else "users that ask for one stop"
        told = self._tell(
            "data_dry", name, f"{name} has no further row: {what}; give it more rows, or at_end='cycle'"
        )
        if told and ends:
            self._conductor.end_run()

    def wrong(self, reason: str) -> None:
        """Note that a user was to get a row that is wrong."""
        if len(self._told) < MOST:
            self._tell("data_wrong", reason, f"{reason}; what users were to do with this row is not done")

    def _tell(self, kind: str, what: str, text: str) -> bool:
        """Return whether it is new in the run that is on."""
        session = self._conductor.session
        if session is None or (session.info.id, what) in self._told:
            return False
        self._told = {each for each in self._told if each[0] == session.info.id} | {(session.info.id, what)}
        session.happened(kind, text)
        return True
