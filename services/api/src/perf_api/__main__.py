"""`perf-api serve` and `perf-api seed`."""

import argparse
import asyncio
import sys

import uvicorn

from perf_api.app import create_app, open_items
from perf_api.items import DuplicateSkuError
from perf_api.metrics.registry import Metrics
from perf_api.metrics.server import MetricsServer
from perf_api.settings import Settings


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        "perf-api", epilog="example: perf-api serve --port 8000 --database sqlite:///api.db"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    serving = commands.add_parser("serve", help="serve the API, and its metrics on a port of their own")
    serving.add_argument("--host")
    serving.add_argument("--port", type=int)
    serving.add_argument("--metrics-port", type=int)
    serving.add_argument("--enable-faults", dest="faults_enabled", action="store_true", default=None)
    seeding = commands.add_parser("seed", help="fill the database with the same items every time")
    seeding.add_argument("--items", type=int, default=1000)
    for command in (serving, seeding):
        command.add_argument("--database", help="sqlite:///path")
    options = vars(parser.parse_args())
    command, items = options.pop("command"), options.pop("items", 0)
    try:
        settings = Settings(**{name: value for name, value in options.items() if value is not None})
        serve(settings) if command == "serve" else asyncio.run(seed(settings, items))
    except ValueError as cause:
        sys.exit(f"perf-api: {cause}")


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C; requests in flight are finished."""
    metrics = Metrics()
    with MetricsServer(settings.host, settings.metrics_port, metrics.registry):
        uvicorn.run(
            create_app(settings, metrics),
            host=settings.host,
            port=settings.port,
            access_log=False,
            log_level="warning",
            timeout_graceful_shutdown=10,
        )


async def seed(settings: Settings, items: int) -> None:
    """Add `items` items; those that are there stay as they are."""
    repository = open_items(settings.database)
    for number in range(1, items + 1):
        try:
            await repository.create(f"SKU-{number:06d}", f"Item {number}", 100 + number * 37 % 9900, 1000)
        except DuplicateSkuError:
            continue
    await repository.close()
    sys.stdout.write(f"{items} items in {settings.database}\n")


if __name__ == "__main__":
    main()
