"""The runs of this master for the command elsewhere: their facts and whole folders.

Nothing here judges or renders: whoever asks does that with the same code on its own machine, off the event loop here.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, BinaryIO

from flask import Blueprint, Response, jsonify, request

from perf_core.compare.document import read_comparison, to_document
from perf_core.errors import PerfError
from perf_core.notify import Outbox
from perf_core.report.links import VARIABLES
from perf_core.runstore import RunStore
from perf_core.runstore.archive import LARGEST, store_archive, write_archive
from perf_core.runstore.codec import info_to_document
from perf_locust.native_thread import in_native_thread
from perf_locust.refusals import refused

_PIECE = 1 << 16


def store_routes(store: RunStore, environment: Mapping[str, str] = os.environ) -> Blueprint:
    """Return the routes; who may use them is decided before."""
    routes = Blueprint("perf_store", __name__, url_prefix="/perf")
    routes.register_error_handler(PerfError, refused)

    @routes.get("/runs")
    def runs() -> Response:
        return jsonify(runs=in_native_thread(lambda: [info_to_document(each) for each in store.list()]))

    @routes.get("/runs/<run_id>")
    def run(run_id: str) -> Response:
        return jsonify(in_native_thread(lambda: _document(store, run_id, environment)))

    @routes.get("/runs/<run_id>/archive")
    def archive(run_id: str) -> Response:
        file = tempfile.TemporaryFile()  # noqa: SIM115  closed when its last piece is sent
        in_native_thread(lambda: write_archive(store.folder(run_id), file))
        headers = {"Content-Length": str(file.tell())}
        file.seek(0)
        return Response(_pieces(file), mimetype="application/zip", headers=headers)

    @routes.put("/runs/<run_id>/archive")
    def put(run_id: str) -> Response:
        if not 0 < (request.content_length or 0) < LARGEST:
            raise PerfError("send the archive of a run, with its Content-Length")
        with tempfile.TemporaryFile() as file:
            while piece := request.stream.read(_PIECE):
                file.write(piece)
            in_native_thread(lambda: store_archive(store, run_id, file))
        return jsonify(run_id=run_id)

    return routes


def _document(store: RunStore, run_id: str, environment: Mapping[str, str]) -> dict[str, Any]:
    folder = store.folder(run_id)
    path = folder.path / "comparison.json"
    return {
        "info": info_to_document(folder.read_info()),
        "comparison": to_document(read_comparison(path)) if path.is_file() else None,
        "messages": [asdict(entry) for entry in Outbox(store.root).entries() if entry.run_id == run_id],
        "links": {name: environment[name] for name in VARIABLES if environment.get(name)},
    }


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece
