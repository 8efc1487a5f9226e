"""A load shape of a file as Locust takes it: asked once a second for the users, it sets the rate besides."""

import math
from collections.abc import Callable

from locust import LoadTestShape

from perf_locust.shape_file import LoadShape


class FileShape(LoadTestShape):
    """Follows a shape; `follow` sets a rate; `search` says the level of one."""

    use_common_options = True  # Locust says otherwise that it ignores --users

    def __init__(self, shape: LoadShape, users: int) -> None:
        """Follow the shape, with so many users when its levels are rates."""
        super().__init__()
        self.shape, self._users = shape, shape.users or users
        self.follow: Callable[[float], None] = lambda _: None
        self.search: Callable[[], float | None] | None = None
        self.rate = 0.0
        """What a shape of rates asks for by now; 0 before its first second."""

    def __str__(self) -> str:
        """Return the shape in words."""
        return str(self.shape)

    def tick(self) -> tuple[int, float] | None:
        """Return users and spawn rate; None ends the run."""
        level = self.search() if self.search is not None else self.shape.level(self.get_run_time())
        if level is None:
            return None
        if self.shape.of == "users":
            users = max(math.ceil(level - 1e-9), 0)
            return users, float(max(users, abs(users - self.get_current_user_count()), 1))
        self.rate = level
        self.follow(level)
        return self._users, float(max(self._users, 1))
