import asyncio
from dataclasses import replace

import pytest

from perf_api.domain.errors import DuplicateSkuError, ItemNotFoundError, OutOfStockError, StaleVersionError
from perf_api.domain.ids import new_id, seeded_id
from perf_api.domain.items import FacetCount, Item, ItemQuery, ItemSort, Position, SearchQuery
from perf_api.domain.ports import Database

LAMP = Item(
    id=seeded_id(1),
    sku="LAMP-1",
    name="Brass lamp \u2013 gr\u00fcn",
    category="light",
    price=4990,
    currency="EUR",
    stock=12,
    tags=("brass", "sale"),
    attributes={"height": 0.5, "lit": True, "label": "it's", "bulbs": 2},
)


def numbered(number: int, **changes: object) -> Item:
    base = replace(LAMP, id=seeded_id(number), sku=f"S-{number:03d}", name=f"Thing {number}", tags=())
    return replace(base, **changes)  # type: ignore[arg-type]


async def test_an_item_comes_back_as_it_was_added(database: Database) -> None:
    await database.items.add(LAMP)

    assert await database.items.get(LAMP.id) == LAMP


async def test_an_unknown_item_is_not_found(database: Database) -> None:
    with pytest.raises(ItemNotFoundError):
        await database.items.get(new_id())
    with pytest.raises(ItemNotFoundError):
        await database.items.replace(LAMP, None)
    with pytest.raises(ItemNotFoundError):
        await database.items.remove(LAMP.id, None)
    with pytest.raises(ItemNotFoundError):
        await database.items.change_stock(LAMP.id, "key", -1)


async def test_a_sku_is_used_once(database: Database) -> None:
    await database.items.add(LAMP)
    await database.items.add(numbered(2))

    with pytest.raises(DuplicateSkuError):
        await database.items.add(replace(LAMP, id=new_id()))
    with pytest.raises(DuplicateSkuError):
        await database.items.replace(numbered(2, sku=LAMP.sku), None)
    assert (await database.items.get(seeded_id(2))).sku == "S-002"
    assert [item.id for item in await database.items.page(ItemQuery(10))] == [seeded_id(1), seeded_id(2)]


async def test_of_concurrent_adds_with_one_sku_one_succeeds(database: Database) -> None:
    same = [replace(LAMP, id=new_id()) for _ in range(20)]

    outcomes = await asyncio.gather(*(database.items.add(item) for item in same), return_exceptions=True)

    assert outcomes.count(None) == 1
    assert all(outcome is None or isinstance(outcome, DuplicateSkuError) for outcome in outcomes)


async def test_a_batch_adds_what_is_free_and_names_the_rest(database: Database) -> None:
    await database.items.add(LAMP)
    taken, first, again = replace(LAMP, id=new_id()), numbered(2), numbered(3, sku="S-002")

    refused = await database.items.add_many([taken, first, again, numbered(4)])

    assert refused == {taken.id, again.id}
    assert [item.id for item in await database.items.page(ItemQuery(10))] == [LAMP.id, first.id, seeded_id(4)]


async def test_a_batch_may_come_twice(database: Database) -> None:
    await database.items.add_many([numbered(1), numbered(2)])

    assert await database.items.add_many([numbered(1), numbered(2)]) == {seeded_id(1), seeded_id(2)}


async def test_replacing_counts_the_version_up_and_keeps_the_id(database: Database) -> None:
    await database.items.add(LAMP)

    changed = await database.items.replace(replace(LAMP, name="Tin lamp", attributes={}, version=99), 1)

    assert changed == replace(LAMP, name="Tin lamp", attributes={}, version=2)
    assert await database.items.get(LAMP.id) == changed


async def test_a_stale_version_changes_nothing(database: Database) -> None:
    await database.items.add(LAMP)
    await database.items.replace(LAMP, 1)

    with pytest.raises(StaleVersionError):
        await database.items.replace(replace(LAMP, name="late"), 1)
    with pytest.raises(StaleVersionError):
        await database.items.remove(LAMP.id, 1)
    assert (await database.items.get(LAMP.id)).name == LAMP.name


async def test_of_concurrent_replacements_of_one_version_one_succeeds(database: Database) -> None:
    await database.items.add(LAMP)
    attempts = (database.items.replace(replace(LAMP, name=f"name {number}"), 1) for number in range(10))

    outcomes = await asyncio.gather(*attempts, return_exceptions=True)

    assert sum(isinstance(outcome, Item) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, StaleVersionError) for outcome in outcomes) == 9


async def test_a_removed_item_is_gone_and_its_sku_free(database: Database) -> None:
    await database.items.add(LAMP)
    await database.items.remove(LAMP.id, 1)

    with pytest.raises(ItemNotFoundError):
        await database.items.get(LAMP.id)
    assert (await database.items.search(SearchQuery(10, words=("lamp",)))).items == ()
    await database.items.add(replace(LAMP, id=new_id()))


@pytest.mark.parametrize("sort", list(ItemSort), ids=str)
async def test_pages_follow_each_other_without_gap_or_repetition(database: Database, sort: ItemSort) -> None:
    items = [numbered(number, price=number % 3, name=f"n{number % 4}") for number in range(1, 14)]
    await database.items.add_many(items)
    seen: list[Item] = []
    after: Position | None = None
    while found := await database.items.page(ItemQuery(5, sort, after)):
        seen += found
        value = None if sort.field == "id" else getattr(found[-1], sort.field)
        after = Position(found[-1].id, value)

    assert seen == sorted(items, key=lambda item: (getattr(item, sort.field), item.id), reverse=sort.descending)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (ItemQuery(10, category="tools"), [2, 4]),
        (ItemQuery(10, price_gte=200), [2, 3, 4]),
        (ItemQuery(10, price_lte=200), [1, 2]),
        (ItemQuery(10, price_gte=200, price_lte=300, category="tools"), [2]),
        (ItemQuery(10, tag="sale"), [1, 3]),
        (ItemQuery(10, sku_prefix="B."), [2]),
        (ItemQuery(10, in_stock=True), [1, 2, 3]),
        (ItemQuery(10, in_stock=False), [4]),
        (ItemQuery(10, ItemSort.PRICE_DESCENDING, Position(seeded_id(4), 400), tag="sale"), [3, 1]),
        (ItemQuery(10, category="$ne"), []),
    ],
    ids=[
        "category", "from a price", "to a price", "all three", "tag", "SKU prefix, its dot a dot", "in stock",
        "out of stock", "filtered, sorted and continued", "an operator is a word",
    ],
)  # fmt: skip
async def test_filters_choose_items(database: Database, query: ItemQuery, expected: list[int]) -> None:
    rows = [("A-1", "food", 100, 1, ("sale",)), ("B.2", "tools", 200, 1, ())]
    rows += [("BX3", "food", 300, 1, ("sale", "new")), ("C-4", "tools", 400, 0, ("new",))]
    for number, (sku, category, price, stock, tags) in enumerate(rows, 1):
        await database.items.add(numbered(number, sku=sku, category=category, price=price, stock=stock, tags=tags))

    assert [item.id for item in await database.items.page(query)] == [seeded_id(number) for number in expected]


async def test_search_finds_items_with_all_words_and_tags(database: Database) -> None:
    await database.items.add_many(
        [
            numbered(1, name="Red Lamp", category="light", tags=("sale",)),
            numbered(2, name="red chair", category="home", tags=("sale", "wood")),
            numbered(3, name="Red, red wine", category="food", tags=("wood",)),
            numbered(4, name="blue lamp", category="light", tags=("sale",)),
        ]
    )

    async def ids(query: SearchQuery) -> list[str]:
        return [item.id for item in (await database.items.search(query)).items]

    assert await ids(SearchQuery(10, words=("red",))) == [seeded_id(1), seeded_id(2), seeded_id(3)]
    assert await ids(SearchQuery(10, words=("red", "lamp"))) == [seeded_id(1)]
    assert await ids(SearchQuery(10, words=("red",), tags=("sale",))) == [seeded_id(1), seeded_id(2)]
    assert await ids(SearchQuery(10, tags=("sale", "wood"))) == [seeded_id(2)]
    assert await ids(SearchQuery(10, words=("nothing",))) == []
    assert len(await ids(SearchQuery(2))) == 2


async def test_facets_count_over_all_matches_not_only_those_shown(database: Database) -> None:
    await database.items.add_many(
        [numbered(n, name="thing", category="odd" if n % 2 else "even", tags=("a", "b") if n < 3 else ("b",))
         for n in range(1, 6)]
    )  # fmt: skip

    result = await database.items.search(SearchQuery(1, words=("thing",), facets=True))

    assert len(result.items) == 1
    assert result.facets is not None
    assert result.facets.categories == (FacetCount("odd", 3), FacetCount("even", 2))
    assert result.facets.tags == (FacetCount("b", 5), FacetCount("a", 2))


async def test_search_follows_a_replaced_item(database: Database) -> None:
    await database.items.add(LAMP)
    await database.items.replace(replace(LAMP, name="chair", tags=("oak",)), 1)

    assert (await database.items.search(SearchQuery(9, words=("brass",)))).items == ()
    assert len((await database.items.search(SearchQuery(9, words=("chair",), tags=("oak",)))).items) == 1


async def test_a_change_of_stock_happens_once_per_key_and_counts_the_version_up(database: Database) -> None:
    await database.items.add(LAMP)

    await database.items.change_stock(LAMP.id, "order-1", -2)
    await database.items.change_stock(LAMP.id, "order-1", -2)
    await database.items.change_stock(LAMP.id, "order-2", -3)

    assert await database.items.get(LAMP.id) == replace(LAMP, stock=7, version=3)


async def test_stock_never_goes_below_zero(database: Database) -> None:
    await database.items.add(LAMP)

    with pytest.raises(OutOfStockError):
        await database.items.change_stock(LAMP.id, "order-1", -13)
    await database.items.undo_stock(LAMP.id, "order-1")
    assert await database.items.get(LAMP.id) == LAMP
    await database.items.change_stock(LAMP.id, "order-1", -12)
    assert (await database.items.get(LAMP.id)).stock == 0


async def test_an_undone_change_is_undone_once(database: Database) -> None:
    await database.items.add(LAMP)
    await database.items.change_stock(LAMP.id, "order-1", -2)

    await database.items.undo_stock(LAMP.id, "order-1")
    await database.items.undo_stock(LAMP.id, "order-1")

    assert (await database.items.get(LAMP.id)).stock == LAMP.stock


async def test_a_forgotten_change_stays(database: Database) -> None:
    await database.items.add(LAMP)
    await database.items.change_stock(LAMP.id, "order-1", -2)

    await database.items.forget_stock(LAMP.id, "order-1")
    await database.items.undo_stock(LAMP.id, "order-1")

    assert await database.items.get(LAMP.id) == replace(LAMP, stock=10, version=2)


async def test_stock_changes_of_unknown_items_are_no_error_to_undo(database: Database) -> None:
    await database.items.undo_stock(new_id(), "order-1")
    await database.items.forget_stock(new_id(), "order-1")


async def test_many_takers_never_take_more_than_there_is(database: Database) -> None:
    await database.items.add(replace(LAMP, stock=30))
    takers = (database.items.change_stock(LAMP.id, f"order-{number}", -1) for number in range(50))

    outcomes = await asyncio.gather(*takers, return_exceptions=True)

    assert outcomes.count(None) == 30
    assert sum(isinstance(outcome, OutOfStockError) for outcome in outcomes) == 20
    assert (await database.items.get(LAMP.id)).stock == 0
