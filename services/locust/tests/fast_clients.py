"""The same request through each of the user classes, and what came of it."""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import misbehaving_server
from locust import User
from locust.env import Environment

from perf_core.ports import free_port


@contextmanager
def misbehaving(*arguments: str) -> Iterator[int]:
    """Run the server and return its port."""
    port = free_port()
    program = str(Path(misbehaving_server.__file__))
    server = subprocess.Popen([sys.executable, program, str(port), *arguments])
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                assert time.monotonic() < deadline, "the server did not start"
                assert server.poll() is None, "the server ended"
                time.sleep(0.05)
            else:
                break
        yield port
    finally:
        server.kill()
        server.wait()


@dataclass(frozen=True)
class Outcome:
    """What a task and Locust's listeners learn of a request."""

    status: int
    content: bytes | None
    text: str | None
    failure: str | None
    message: str | None
    length: int
    name: str
    method: str
    url: str
    fields: tuple[str, ...]

    @property
    def failed(self) -> bool:
        return self.failure is not None


class Client:
    """A user of a class, with what it reports."""

    def __init__(self, user_class: type[User], host: str, **attributes: Any) -> None:
        environment = Environment()
        self.events: list[dict[str, Any]] = []
        environment.events.request.add_listener(lambda **event: self.events.append(event))
        made = type(user_class.__name__, (user_class,), {"host": host, **attributes})
        self.user: Any = made(environment)
        self.http = self.user.client

    def ask(self, method: str, path: str, **arguments: Any) -> Outcome:
        before = len(self.events)
        answer = self.http.request(method, path, **arguments)
        (event,) = self.events[before:]
        return outcome(answer, event)


def outcome(answer: Any, event: dict[str, Any]) -> Outcome:
    error = event["exception"]
    return Outcome(
        answer.status_code,
        answer.content,
        answer.text,
        type(error).__name__ if error is not None else None,
        re.sub(r"""^\(['"](.*)['"], \d+\)$""", r"\1", str(error)) if error is not None else None,
        event["response_length"],
        event["name"],
        event["request_type"],
        event["url"],
        tuple(sorted(event)),
    )


def asked(result: Outcome) -> dict[str, Any]:
    """Return what the server got, without what tells clients apart."""
    got: dict[str, Any] = json.loads(result.content or b"")
    got["headers"] = [pair for pair in got["headers"] if pair[0] != "user-agent"]
    return got


def without_text(result: Outcome) -> Outcome:
    return replace(result, message=None)
