"""The sales report as aggregation pipelines."""

from dataclasses import dataclass

from motor.motor_asyncio import AsyncIOMotorCollection

from perf_api.adapters.mongo.client import Document
from perf_api.adapters.mongo.documents import SEPARATOR
from perf_api.domain.orders import SOLD
from perf_api.domain.sales import SalesQuery, SalesRow


@dataclass(frozen=True, slots=True)
class SalesReport:
    """One report over a collection of orders.

    One sum per pipeline: FerretDB 1.24 answers 0 for the second `$sum` of a `$group`, and groups by the first field
    only of a compound `_id`, both without an error. So an order placed while the report is made may be in some of its
    columns only, which a later report corrects.
    """

    orders: AsyncIOMotorCollection[Document]
    query: SalesQuery

    async def rows(self) -> list[SalesRow]:
        """Return the rows, highest revenue first."""
        best: list[Document] = [{"$sort": {"sum": -1, "_id": 1}}, {"$limit": self.query.limit}]
        revenue = await self._sums("$lines.amount", [], best)
        chosen: list[Document] = [{"$match": {self._group: {"$in": list(revenue)}}}]
        quantity = await self._sums("$lines.quantity", chosen, [])
        lines = await self._sums(1, chosen, [])
        return [_row(joined, lines.get(joined, 0), quantity.get(joined, 0), sum_) for joined, sum_ in revenue.items()]

    @property
    def _group(self) -> str:
        return f"lines.groups.{self.query.group.value}"

    async def _sums(self, summand: str | int, before: list[Document], after: list[Document]) -> dict[str, int]:
        times = {"$gte": self.query.since, "$lt": self.query.until}
        pipeline: list[Document] = [
            {"$match": {"created_at": times, "state": {"$in": sorted(SOLD)}}},
            {"$unwind": "$lines"},
            *before,
            {"$group": {"_id": f"${self._group}", "sum": {"$sum": summand}}},
            *after,
        ]
        return {document["_id"]: document["sum"] async for document in self.orders.aggregate(pipeline)}


def _row(joined: str, lines: int, quantity: int, revenue: int) -> SalesRow:
    key, currency = joined.split(SEPARATOR)
    return SalesRow(key, currency, lines, quantity, revenue)
