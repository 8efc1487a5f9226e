"""Free ports: nobody listens there, and no outgoing connection can take one."""

import socket

import pytest

from perf_core import ports
from perf_core.errors import PerfError
from perf_core.ports import free_port


def test_a_free_port_can_be_listened_on_and_is_none_of_those_of_outgoing_connections() -> None:
    port = free_port()

    with socket.create_server(("127.0.0.1", port)):
        pass
    lowest_by_default = 32768
    assert 1024 < port < lowest_by_default


def test_a_port_that_is_taken_is_not_given_out(monkeypatch: pytest.MonkeyPatch) -> None:
    first = free_port()
    with socket.create_server(("127.0.0.1", first)):
        monkeypatch.setattr(ports, "_given", set())
        monkeypatch.setattr(ports, "CHOICE", range(first, first + 1))
        with pytest.raises(PerfError, match="end what listens there"):
            free_port()


def test_no_port_is_given_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    first = free_port()
    monkeypatch.setattr(ports, "CHOICE", range(first, first + 1))

    with pytest.raises(PerfError):
        free_port()
