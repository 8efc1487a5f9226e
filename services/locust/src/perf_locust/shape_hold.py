"""Holds the number of users of a load shape at another one, while somebody asks for it."""

from typing import Any

from locust.env import Environment


class ShapeHold:
    """Stands before the `tick` of the environment's load shape, if there is one."""

    def __init__(self, environment: Environment) -> None:
        """Let the shape say what it says."""
        self._users: int | None = None
        shape: Any = environment.shape_class
        if shape is not None:
            tick = shape.tick
            shape.tick = lambda: self._held(tick())

    def hold(self, users: int) -> None:
        """Have so many users, until the shape ends or the hold is released."""
        self._users = users

    def release(self) -> None:
        """Let the shape go on where it is by now."""
        self._users = None

    def _held(self, ticked: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
        if ticked is None or self._users is None:
            return ticked
        return (self._users, max(float(ticked[1]), float(self._users)), *ticked[2:])
