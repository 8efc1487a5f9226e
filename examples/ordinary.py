"""An ordinary locustfile: two kinds of requests, one three times as frequent, and a check."""

import random

from locust import FastHttpUser, between, task


class Visitor(FastHttpUser):
    """Reads items."""

    wait_time = between(0.1, 0.3)

    @task(3)
    def item(self) -> None:
        """Read one item; without the name every id would be an endpoint of its own."""
        self.client.get(f"/items/{random.randrange(50)}", name="/items/{id}")  # noqa: S311  load

    @task
    def catalogue(self) -> None:
        """Read all of them, and expect fifty."""
        with self.client.get("/items", catch_response=True) as answer:
            if answer.status_code != 200 or len(answer.json()) != 50:
                answer.failure("the catalogue is not complete")
