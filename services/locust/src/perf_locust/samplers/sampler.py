"""A sampler hands rows of test data to users."""

import sys
from collections.abc import Callable
from enum import StrEnum
from typing import Any, ClassVar, NoReturn

from perf_locust.samplers.errors import DataError


class AtEnd(StrEnum):
    """What happens when a sampler has no further row."""

    CYCLE = "cycle"
    """It begins again."""
    STOP_USER = "stop_user"
    """The user that asked stops; the run goes on without it."""
    STOP_RUN = "stop_run"
    """The run ends, and says why."""


class Sampler:
    """Hands out rows: a subclass needs the one method `draw`.

    Attributes:
        name: in messages.
        at_end: what happens when `draw` has no further row; a subclass that begins again by itself needs none.
        when_dry: the plugin's; it tells the master.
        when_wrong: the plugin's, for a row that is found to be wrong when it is handed out; it is told the reason.
    """

    name = ""
    at_end: AtEnd = AtEnd.STOP_USER
    when_dry: ClassVar["Callable[[Sampler], None] | None"] = None
    when_wrong: ClassVar["Callable[[str], None] | None"] = None

    def draw(self, user: object) -> Any | None:
        """Return a row for this user, or None when there is no further one."""
        raise NotImplementedError

    def next(self, user: object = None) -> Any:
        """Return the next row.

        Args:
            user: the Locust user that asks, for samplers that give each user its own row.

        Raises:
            StopUser: there is no further row; Locust stops the user.
            DataError: the data cannot be read, or outside Locust: there is no further row.
        """
        try:
            row = self.draw(user)
        except DataError as cause:
            if Sampler.when_wrong is not None:
                Sampler.when_wrong(str(cause))
            raise
        if row is None:
            self._end()
        return row

    def _end(self) -> NoReturn:
        if Sampler.when_dry is not None:
            Sampler.when_dry(self)
        locust = sys.modules.get("locust.exception")  # what hands out rows needs no Locust
        if locust is not None:
            raise locust.StopUser
        raise DataError(f"{self.name or type(self).__name__} has no further row; give it more, or at_end='cycle'")
