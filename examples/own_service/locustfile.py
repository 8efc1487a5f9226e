"""Buyers of a service of your own: they sign in once, look around, order, and check what they get."""

import random

from locust import FastHttpUser, between, task


class Buyer(FastHttpUser):
    """Looks more often than it orders."""

    wait_time = between(0.1, 0.3)

    def on_start(self) -> None:
        """Sign in: the token goes with every order."""
        answer = self.client.post("/login", json={"user": "buyer"})
        self.headers = {"Authorization": f"Bearer {answer.json()['token']}"}

    @task(4)
    def look(self) -> None:
        """Look at one item; the name keeps all of them in one row."""
        self.client.get(f"/items/{random.randrange(50)}", name="/items/{id}")  # noqa: S311  load

    @task(1)
    def order(self) -> None:
        """Order one; an answer that is not what was asked for is a failed request."""
        item = random.randrange(50)  # noqa: S311  load
        with self.client.post("/orders", json={"item": item}, headers=self.headers, catch_response=True) as answer:
            if answer.status_code != 201 or answer.json()["ordered"] != item:
                answer.failure("another item was ordered")
