"""Loaded in the place of a locustfile that does not load; no run is started with it."""

from locust import User, constant, task


class NothingToRun(User):
    """Locust asks for a user class."""

    wait_time = constant(1)

    @task
    def nothing(self) -> None:
        """Ask nobody for anything."""
