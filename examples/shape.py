"""A shape: load in steps, each of the same length; it ends the run, so no run time is given.

Shapes are Locust's own (LoadTestShape). STEP_SECONDS in the environment makes the steps shorter.
"""

import os

from locust import FastHttpUser, LoadTestShape, constant, task

STEPS = (5, 10, 20)
"""Users of each step."""
SECONDS = float(os.environ.get("STEP_SECONDS", "60"))


class Visitor(FastHttpUser):
    """Reads the catalogue ten times a second at most."""

    wait_time = constant(0.1)

    @task
    def catalogue(self) -> None:
        """Read all items."""
        self.client.get("/items")


class Steps(LoadTestShape):
    """One step after the other."""

    def tick(self) -> tuple[int, float] | None:
        """Return users and users started per second; None ends the run."""
        step = int(self.get_run_time() // SECONDS)
        return (STEPS[step], float(STEPS[step])) if step < len(STEPS) else None
