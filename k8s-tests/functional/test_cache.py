"""The cache of items, as the service's own metrics show it."""

import re
import time
from collections.abc import Callable

import httpx


def _lookups(text: str, result: str) -> float:
    found = re.findall(rf'^cache_requests_total\{{.*result="{result}".*\}} (\S+)$', text, re.MULTILINE)
    return sum(map(float, found))


def test_an_item_that_is_read_again_comes_from_the_cache(
    api: httpx.Client, api_metrics: Callable[[], str], sku: str
) -> None:
    item = api.post("/v1/items", json={"sku": sku, "name": "bowl", "price": 1}).json()["id"]
    before, deadline, hits = api_metrics(), time.monotonic() + 30, 0.0

    while hits < 5 and time.monotonic() < deadline:  # with replicas the metrics are of one of them
        for _ in range(10):
            assert api.get(f"/v1/items/{item}").status_code == 200
        hits = _lookups(api_metrics(), "hit") - _lookups(before, "hit")

    assert hits >= 5, "reads are not answered from the cache; see cache_requests_total in the service's metrics"


def test_a_changed_item_is_not_served_from_the_cache(api: httpx.Client, sku: str) -> None:
    item = api.post("/v1/items", json={"sku": sku, "name": "bowl", "price": 1}).json()["id"]
    api.get(f"/v1/items/{item}")

    api.patch(f"/v1/items/{item}", json={"price": 2}, headers={"If-Match": "*"}).raise_for_status()

    deadline = time.monotonic() + 60  # another replica may have kept it for as long as its cache keeps items
    while api.get(f"/v1/items/{item}").json()["price"] != 2 and time.monotonic() < deadline:
        time.sleep(1)
    assert api.get(f"/v1/items/{item}").json()["price"] == 2


def test_requests_are_counted_by_route_and_never_by_address(
    api: httpx.Client, api_metrics: Callable[[], str], sku: str
) -> None:
    item = api.post("/v1/items", json={"sku": sku, "name": "bowl", "price": 1}).json()["id"]
    api.get(f"/v1/items/{item}")

    text = api_metrics()

    assert 'route="/v1/items' in text
    assert item not in text
