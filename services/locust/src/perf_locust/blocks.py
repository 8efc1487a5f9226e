"""The master of one side of an interleaved test: notes the blocks in the run and tells them to the workers."""

from dataclasses import replace

from flask import Response, jsonify
from locust.runners import MasterRunner

from perf_core.model.run import Block
from perf_locust.block_gate import BLOCKS
from perf_locust.conductor import Conductor


def take_blocks(conductor: Conductor, body: object) -> tuple[Response, int]:
    """Answer `POST /perf/blocks` with {"blocks": [[start, end], ...], "warm_up": 1, "partner": "run id"}.

    The first `warm_up` blocks are driven like the others, and do not count.
    """
    session, runner = conductor.session, conductor.environment.runner
    if session is None or not isinstance(runner, MasterRunner):
        return jsonify(error="no run with workers is on"), 409
    try:
        blocks, warm_up, partner = _read(body)
    except (KeyError, TypeError, ValueError) as cause:
        return jsonify(error=f"the blocks cannot be understood ({cause!r})"), 422
    session.info = replace(session.info, blocks=blocks[warm_up:], partner=partner)
    for worker in runner.clients.all:
        runner.send_message(BLOCKS, {"blocks": [(block.start, block.end) for block in blocks]}, worker.id)
    return jsonify(blocks=len(blocks)), 202


def _read(body: object) -> tuple[tuple[Block, ...], int, str]:
    if not isinstance(body, dict):
        raise TypeError("send JSON")
    blocks = tuple(Block(int(start), int(end)) for start, end in body["blocks"])
    if any(block.start >= block.end for block in blocks):
        raise ValueError("a block ends before it begins")
    return blocks, int(body["warm_up"]), str(body["partner"])
