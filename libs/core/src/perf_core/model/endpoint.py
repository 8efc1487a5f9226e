"""An endpoint: what Locust groups requests by."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class EndpointKey:
    """Method and name of an endpoint; the name is a route template, never a raw URL."""

    method: str
    name: str

    def __str__(self) -> str:
        """Return ``GET /items``; just the name when there is no method."""
        return f"{self.method} {self.name}".strip()
