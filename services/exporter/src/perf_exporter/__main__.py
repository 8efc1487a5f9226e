"""The `perf-exporter` command: read the settings, wire the parts, serve until SIGTERM or Ctrl-C."""

import logging
import signal
import sys
import threading
from typing import NoReturn

from perf_core.errors import PerfError
from perf_exporter.scrape import Scrape
from perf_exporter.server import ExporterServer
from perf_exporter.settings import Settings, read_settings
from perf_exporter.source import Source, fixed, of_open_run


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.INFO)
    try:
        serve(read_settings(sys.argv[1:]))
    except PerfError as cause:
        sys.stderr.write(f"perf-exporter: {cause}\n")
        sys.exit(cause.exit_code)
    sys.exit(0)


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Raises:
        PerfError: the port is taken or not ours to take.
    """
    address = settings.address
    find = fixed(address) if address else of_open_run(settings.runs, settings.user, settings.password)
    source = Source(find, compat=settings.compat)
    scrape = Scrape(source, keep=settings.keep, most=settings.most, compat=settings.compat)
    try:
        server = ExporterServer(settings.host, settings.port, scrape, settings.timeout)
    except OSError as cause:
        raise PerfError(
            f"cannot listen on {settings.host}:{settings.port} ({cause.strerror}); choose another --port or --host"
        ) from cause
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"perf-exporter: {server.url}/metrics\n")
    sys.stdout.flush()
    stop.wait()
    server.shutdown()


if __name__ == "__main__":
    main()
