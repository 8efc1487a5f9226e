"""Every test of this folder runs over every adapter."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from perf_api.adapters.factory import open_database
from perf_api.domain.ports import Database


@pytest.fixture(params=["sqlite", "sqlite-memory", "mongodb"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    urls = {"sqlite": f"sqlite:///{tmp_path}/api.db", "sqlite-memory": "sqlite:///:memory:"}
    url = urls.get(request.param) or request.getfixturevalue("mongodb_url")
    database = open_database(url)
    await database.prepare()
    yield database
    await database.close()
