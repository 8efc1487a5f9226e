"""Faults on demand: one route made slower by a factor, for proving that a regression is found."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Faults:
    """Slowdowns by (method, route template); refused unless the settings enable them."""

    enabled: bool
    slowdowns: dict[tuple[str, str], float] = field(default_factory=dict)

    def slowdown(self, method: str, route: str) -> float:
        """Return the factor of a route, 1.0 when it has none."""
        return self.slowdowns.get((method, route), 1.0)
