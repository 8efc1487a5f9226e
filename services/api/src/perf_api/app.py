"""The composition root: settings in, application out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from perf_api.adapters.factory import open_database
from perf_api.cache.collector import CacheCollector
from perf_api.cache.loading import LoadingCache
from perf_api.controller.collector import ControllerCollector
from perf_api.controller.controller import MetricsController
from perf_api.distance import DistanceMiddleware
from perf_api.domain.ports import Database
from perf_api.faults import FaultMiddleware, Faults
from perf_api.http import metrics_controller, openapi, problem_handlers
from perf_api.http.access import check_admin
from perf_api.http.cursors import Cursors
from perf_api.http.gate import Gate, Limits
from perf_api.http.routers import admin, finding, health, items, orders, reports
from perf_api.logs import AccessLog
from perf_api.metrics.http_middleware import MeasuringMiddleware
from perf_api.metrics.operations import MeasuredDatabase
from perf_api.metrics.registry import Metrics
from perf_api.operations import Operations, prepare, sweep
from perf_api.services.catalogue import Catalogue, Document
from perf_api.services.ordering import Ordering
from perf_api.settings import Settings

VERSION = "0.1.0"


def create_app(settings: Settings, metrics: Metrics | None = None, database: Database | None = None) -> FastAPI:
    """Return the application; it opens its database when it starts, unless an open one is given, and closes it.

    `app.state` holds the parts that routes use: settings, metrics, database, catalogue, ordering, cursors,
    operations, cache, controller, faults, check_admin.
    """
    app = FastAPI(
        title="perf-platform reference service",
        version=VERSION,
        lifespan=_lifespan,
        docs_url="/docs" if settings.docs else None,
        redoc_url=None,
        openapi_url="/openapi.json" if settings.docs else None,
        redirect_slashes=False,
        # Looked up for every request otherwise; this service has its own metrics.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    state = app.state
    state.settings, state.metrics, state.database = settings, metrics or Metrics(), database
    state.operations, state.faults = Operations(), Faults(settings.enable_faults)
    state.cursors = Cursors(settings.cursor_key.get_secret_value().encode())
    state.check_admin = check_admin(settings)
    state.cache = LoadingCache[str, Document](
        "items", settings.cache_entries, settings.cache_seconds, settings.cache_negative_seconds
    )
    state.controller = MetricsController(settings.queue_seconds)
    state.metrics.registry.register(CacheCollector([state.cache]))
    state.metrics.registry.register(ControllerCollector(state.controller))
    _stand_before(app, settings)
    problem_handlers.install(app)
    openapi.install(app)
    parts = (items, finding, orders, reports, health, metrics_controller, admin)
    # Side by side, the most wanted first: an included router would be searched as a whole for every request.
    app.router.routes[:0] = [route for part in parts for route in part.routes.routes]
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the database; reach it, and finish what was left half done, meanwhile."""
    state = app.state
    opened = state.database or open_database(state.settings.database, state.settings.sqlite_synchronous)
    database = state.database = MeasuredDatabase(opened, state.metrics.operation_duration)
    state.catalogue = Catalogue(database.items, state.cache)
    state.ordering = Ordering(database.items, database.orders, state.catalogue.changed)
    preparing = asyncio.create_task(prepare(database, state.operations))
    # An embedded database is ready at once; a remote one must not hold up the start.
    await asyncio.wait({preparing}, timeout=0.2)
    sweeping = asyncio.create_task(sweep(database, state.ordering, state.operations))
    yield
    for task in (preparing, sweeping):
        task.cancel()
    await asyncio.wait({preparing, sweeping})
    state.controller.close()
    if state.access_log is not None:
        state.access_log.flush()
    await database.close()


def _stand_before(app: FastAPI, settings: Settings) -> None:
    """Add what stands before the routes; what is added last is outermost."""
    state = app.state
    if settings.network_latency:
        app.add_middleware(DistanceMiddleware, seconds=settings.network_latency)
    if state.faults.enabled:
        app.add_middleware(FaultMiddleware, faults=state.faults)
    state.access_log = AccessLog() if settings.access_log else None
    app.add_middleware(
        Gate,
        limits=Limits(settings.deadline, settings.max_concurrency, settings.max_body, settings.max_bulk_body),
        operations=state.operations,
        access_log=state.access_log,
        write_token=settings.write_token.get_secret_value() if settings.write_token else None,
    )
    if settings.cors_origins:
        origins = [origin.strip() for origin in settings.cors_origins.split(",")]
        app.add_middleware(CORSMiddleware, allow_origins=origins, allow_methods=["*"], allow_headers=["*"])
    app.add_middleware(MeasuringMiddleware, metrics=state.metrics)
