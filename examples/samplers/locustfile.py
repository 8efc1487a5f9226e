"""One task for each way to hand out rows of test data; `perf-platform data FILE --strategy NAME` shows them."""

import secrets

from locust import FastHttpUser, User, between, task

from perf_locust.samplers import Sampler, mix, sampler

ITEM = {"id": int, "weight": float}

in_turn = sampler("items.csv", "sequential", columns=ITEM, name="in turn")
anything = sampler("items.csv", "random", columns=ITEM, seed=7, name="anything")
a_deck = sampler("items.csv", "shuffled", columns=ITEM, name="a deck")
as_weighted = sampler("items.csv", "weighted", columns=ITEM, name="as weighted")
popular = sampler("items.csv", "zipf", columns=ITEM, exponent=1.0, name="popular")
vouchers = sampler("vouchers.jsonl", "unique", columns={"code": str}, at_end="cycle", name="vouchers")
accounts = sampler([{"user": f"buyer-{number}"} for number in range(200)], "per_user", name="accounts")
browsed = mix("browsed", {"popular": popular, "anything": anything}, {"popular": 9, "anything": 1})


class Serials(Sampler):
    """A sampler of one's own: a class with one method."""

    def draw(self, user: User) -> dict[str, str]:  # noqa: ARG002  rows may depend on who asks
        """Return a row; None would mean that there is no further one."""
        return {"serial": secrets.token_hex(4)}


serials = Serials()


class Buyer(FastHttpUser):
    """Signs in with an account of its own, looks at items and orders some."""

    wait_time = between(0.1, 0.3)

    def on_start(self) -> None:
        """Sign in: no other user has this account, on whatever worker."""
        answer = self.client.post("/login", json=accounts.next(self))
        self.headers = {"Authorization": f"Bearer {answer.json()['token']}"}

    @task(4)
    def browse(self) -> None:
        """Look at popular items mostly; the weights of the mix can be changed while the run is on."""
        self._look(browsed)

    @task
    def walk(self) -> None:
        """Look at one item after the other."""
        self._look(in_turn)

    @task
    def deal(self) -> None:
        """Look at each item once, in random order, then again in another."""
        self._look(a_deck)

    @task
    def prefer(self) -> None:
        """Look at items as often as their column `weight` says."""
        self._look(as_weighted)

    @task
    def order(self) -> None:
        """Order with a voucher that no other user of any worker gets before all were used."""
        body = {"item": as_weighted.next(self)["id"], **vouchers.next(self), **serials.next(self)}
        self.client.post("/orders", json=body, headers=self.headers)

    def _look(self, items: Sampler) -> None:
        self.client.get(f"/items/{items.next(self)['id']}", name="/items/{id}")
