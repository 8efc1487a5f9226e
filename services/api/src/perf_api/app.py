"""The composition root: settings in, application out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from perf_api.cache.collector import CacheCollector
from perf_api.cache.loading import LoadingCache
from perf_api.controller.collector import ControllerCollector
from perf_api.controller.controller import MetricsController
from perf_api.faults import FaultMiddleware, Faults
from perf_api.http import metrics_controller
from perf_api.items import Item
from perf_api.metrics.http_middleware import MeasuringMiddleware
from perf_api.metrics.registry import Metrics
from perf_api.routes import routes
from perf_api.settings import Settings
from perf_api.sqlite_items import SqliteItems

SQLITE = "sqlite:///"


def open_items(database: str) -> SqliteItems:
    """Open the database an URL names.

    Raises:
        ValueError: the scheme is none we know; there is no fallback.
    """
    if not database.startswith(SQLITE):
        raise ValueError(f"PERF_API_DATABASE {database.split(':', 1)[0]!r} is unknown; write it like sqlite:///path")
    return SqliteItems(database.removeprefix(SQLITE))


def create_app(settings: Settings, metrics: Metrics | None = None) -> FastAPI:
    """Return the application; the database is opened when it starts."""
    metrics = metrics or Metrics()
    faults = Faults(settings.faults_enabled)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.items = open_items(settings.database)
        yield
        app.state.controller.close()
        await app.state.items.close()

    app = FastAPI(title="perf-platform reference service", version="0.1.0", lifespan=lifespan)
    app.state.settings, app.state.metrics, app.state.faults = settings, metrics, faults
    app.state.cache = LoadingCache[int, Item](
        "items", settings.cache_entries, settings.cache_seconds, settings.cache_negative_seconds
    )
    app.state.controller = MetricsController(settings.queue_seconds)
    metrics.registry.register(CacheCollector([app.state.cache]))
    metrics.registry.register(ControllerCollector(app.state.controller))
    if faults.enabled:
        app.add_middleware(FaultMiddleware, faults=faults)
    app.add_middleware(MeasuringMiddleware, metrics=metrics)
    app.include_router(routes)
    app.include_router(metrics_controller.routes)
    return app
