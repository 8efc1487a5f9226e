"""The samplers of this process, by name: what the plugin needs to know of them."""

import hashlib
from dataclasses import dataclass, field

from perf_locust.samplers.mix import Mix
from perf_locust.samplers.rows import OrderedRows, UniqueRows

Known = OrderedRows | UniqueRows | Mix


@dataclass(slots=True)
class Registry:
    """Samplers in the order in which the locustfile made them; master and workers make the same ones."""

    samplers: dict[str, Known] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)

    def free_name(self, name: str) -> str:
        """Return the name, with a number when another sampler has it."""
        names = (name, *(f"{name}-{number}" for number in range(2, len(self.samplers) + 2)))
        return next(each for each in names if each not in self.samplers)

    def add(self, sampler: Known, digest: str) -> None:
        """Know a sampler; `digest` stands for its rows and its settings."""
        self.samplers[sampler.name], self.digests[sampler.name] = sampler, digest

    def begin(self, worker: int) -> None:
        """Begin all again: a run starts."""
        for sampler in self.samplers.values():
            sampler.begin(worker)

    @property
    def shared(self) -> dict[str, UniqueRows]:
        """The samplers whose rows are handed out once over all workers."""
        return {name: each for name, each in self.samplers.items() if isinstance(each, UniqueRows)}

    @property
    def mixes(self) -> dict[str, Mix]:
        """The samplers that draw from others."""
        return {name: each for name, each in self.samplers.items() if isinstance(each, Mix)}

    @property
    def digest(self) -> str | None:
        """A digest of all data and how it is handed out; None without samplers."""
        if not self.digests:
            return None
        return hashlib.sha256(repr(sorted(self.digests.items())).encode()).hexdigest()[:16]


REGISTRY = Registry()
