"""The reference workload: an ordinary locustfile for the reference service, with test data from two files.

Its requests have distinct costs: cached reads, keyset pages, searches with facets, writes, orders, a slow report. It
leaves as many items as it found and asks for nothing that grows while it runs, so that one run is like the next.

PERF_WORKLOAD_CLIENT chooses the user class: FastHttpUser, which is the default, or FastUser.
"""

import os
import random
import uuid
from collections import deque
from pathlib import Path

from locust import FastHttpUser, between, task

import perf_locust
from perf_locust.samplers import sampler
from perf_locust.users import FastUser

DATA = Path(perf_locust.__file__).parent / "workload_data"
CATEGORIES = ("lighting", "kitchen", "garden", "office", "toys", "sports", "books", "music")
WORDS = ("brass", "oak", "steel", "glass", "lamp", "bowl", "chair", "shelf")
NEXT = {"placed": "pay", "paid": "ship", "shipped": "deliver"}
ITEM, ORDER = "/v1/items/{id}", "/v1/orders/{id}"


# The ids of the items that are seeded; few are asked for often, many seldom.
items = sampler(DATA / "items.csv", "zipf", columns={"id": str}, exponent=1.0)
# No two users are the same customer, on whichever worker they are; when there are more users, customers come again.
customers = sampler(DATA / "customers.csv", "unique", columns={"id": str}, at_end="cycle")


client = {"FastHttpUser": FastHttpUser, "FastUser": FastUser}[
    os.environ.get("PERF_WORKLOAD_CLIENT") or "FastHttpUser"
]


class Shopper(client):  # type: ignore[misc, valid-type]
    """Looks at items, searches, asks for delivery, orders; seldom changes something."""

    wait_time = between(0.05, 0.15)

    def on_start(self) -> None:
        """Be a customer without orders."""
        self.customer = f"{customers.next(self)['id']}-{uuid.uuid4().hex[:12]}"
        self.placed: deque[tuple[str, str]] = deque(maxlen=20)

    def popular_item(self) -> str:
        """Return the id of an item."""
        return str(items.next(self)["id"])

    @task(40)
    def look_at_an_item(self) -> None:
        """Read one item: from the cache, mostly."""
        self.client.get(f"/v1/items/{self.popular_item()}", name=ITEM)

    @task(15)
    def leaf_through(self) -> None:
        """List a page of a category by price."""
        category = random.choice(CATEGORIES)  # noqa: S311  load
        query = f"category={category}&price_gte=1000&sort=price&limit=20"
        self.client.get(f"/v1/items?{query}", name="/v1/items")

    @task(10)
    def search(self) -> None:
        """Search with facets: costs computing time."""
        word = random.choice(WORDS)  # noqa: S311  load
        self.client.get(f"/v1/search?q={word}&facets=true", name="/v1/search")

    @task(30)
    def ask_for_delivery(self) -> None:
        """Ask what delivery costs: waits for the carrier."""
        self.client.get(f"/v1/items/{self.popular_item()}/delivery-quote", name=f"{ITEM}/delivery-quote")

    @task(5)
    def restock(self) -> None:
        """Change one item; somebody else may have been faster, that is no failure."""
        headers, path = {"If-Match": "*"}, f"/v1/items/{self.popular_item()}"
        with self.client.patch(
            path, json={"stock": 10**6}, headers=headers, name=ITEM, catch_response=True
        ) as answer:
            if answer.status_code == 412:
                answer.success()

    @task(3)
    def replace_a_new_item(self) -> None:
        """Add an item, replace it, remove it."""
        item = {"sku": f"NEW-{uuid.uuid4().hex}", "name": "Passing thing", "price": 990, "stock": 7}
        added = self.client.post("/v1/items", json=item, name="/v1/items")
        if added.status_code == 201:
            path = f"/v1/items/{added.json()['id']}"
            self.client.put(path, json=item | {"price": 890}, headers={"If-Match": '"1"'}, name=ITEM)
            self.client.delete(path, name=ITEM)

    @task(2)
    def add_many(self) -> None:
        """Add five items at once and remove them."""
        batch = uuid.uuid4().hex
        items = [{"sku": f"NEW-{batch}-{number}", "name": "Passing thing", "price": 990} for number in range(5)]
        added = self.client.post("/v1/items:bulk", json={"items": items}, name="/v1/items:bulk")
        if added.status_code == 207:
            for result in added.json()["results"]:
                self.client.delete(f"/v1/items/{result['id']}", name=ITEM)

    @task(10)
    def order(self) -> None:
        """Order two items."""
        lines = [{"item_id": item, "quantity": 1} for item in {self.popular_item(), self.popular_item()}]
        body = {"customer_id": self.customer, "lines": lines}
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        answer = self.client.post("/v1/orders", json=body, headers=headers, name="/v1/orders")
        if answer.status_code == 201:
            self.placed.append((answer.json()["id"], "placed"))

    @task(4)
    def look_at_an_order(self) -> None:
        """Read an order of one's own, right after it was written."""
        if not self.placed:
            self.order()
        if self.placed:
            self.client.get(f"/v1/orders/{self.placed[-1][0]}", name=ORDER)

    @task(4)
    def look_at_all_orders(self) -> None:
        """List one's own orders."""
        self.client.get(f"/v1/customers/{self.customer}/orders?limit=5", name="/v1/customers/{id}/orders")

    @task(4)
    def move_an_order_on(self) -> None:
        """Pay, ship or deliver an order of one's own."""
        if not self.placed:
            self.order()
        if self.placed:
            order, state = self.placed.popleft()
            body = {"action": NEXT[state]}
            answer = self.client.post(f"/v1/orders/{order}/transitions", json=body, name=f"{ORDER}/transitions")
            reached = answer.json()["state"] if answer.status_code == 200 else ""
            if reached in NEXT:
                self.placed.append((order, reached))

    @task(1)
    def report(self) -> None:
        """Sum the seeded orders of a quarter: the slow tail."""
        self.client.get("/v1/reports/sales?from=2026-01-01&to=2026-03-31&group_by=category", name="/v1/reports/sales")
