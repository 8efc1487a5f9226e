"""The reference workload: an ordinary locustfile for the reference service, without a line of the platform."""

import random

from locust import FastHttpUser, between, task

ITEMS = 300


class Shopper(FastHttpUser):
    """Looks at items, asks for delivery, seldom changes something."""

    wait_time = between(0.05, 0.15)

    @task(5)
    def look_at_an_item(self) -> None:
        """Read one item."""
        self.client.get(f"/v1/items/{_id(random.randint(1, ITEMS))}", name="/v1/items/{id}")  # noqa: S311  load

    @task(2)
    def leaf_through(self) -> None:
        """List a page."""
        self.client.get("/v1/items?limit=20", name="/v1/items")

    @task(3)
    def ask_for_delivery(self) -> None:
        """Ask what delivery costs: waits for the carrier."""
        item = random.randint(1, ITEMS)  # noqa: S311  load
        self.client.get(f"/v1/items/{_id(item)}/delivery-quote", name="/v1/items/{id}/delivery-quote")

    @task(1)
    def restock(self) -> None:
        """Replace one item."""
        item = random.randint(1, ITEMS)  # noqa: S311  load
        body = {"sku": f"SKU-{item:06d}", "name": f"Item {item}", "price": 990, "stock": 7}
        self.client.put(f"/v1/items/{_id(item)}", json=body, headers={"If-Match": "*"}, name="/v1/items/{id}")


def _id(number: int) -> str:
    """Return the id of a seeded item."""
    return f"{number:026d}"
