"""What a run lost with a worker, as a bound: what was in flight, and without its spool the last second."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Loss:
    """One worker that went away without emptying itself.

    Attributes:
        why: what happened to it.
        users: users it had when it was last heard of: each had at most one request in flight.
        rate: most requests it recorded in one second.
        requests: at most so many requests that were answered are not recorded.
    """

    worker: str
    why: str
    users: int
    rate: int
    requests: int = 0
    sentence: str = ""

    def told(self, *, recovered: bool) -> "Loss":
        """Return the loss with its bound, once it is known whether the spool was recovered."""
        flight = f"at most {self.users} requests that it had in flight"
        if recovered:
            sentence = f"worker {self.worker} {self.why}; its spool was recovered: {flight} are not recorded"
            return replace(self, requests=0, sentence=sentence)
        sentence = (
            f"worker {self.worker} {self.why} and its spool was not found: {flight} and one second of its requests, "
            f"at most about {self.rate}, are not recorded"
        )
        return replace(self, requests=self.rate, sentence=sentence)
