"""The rendered policies against a table of who may talk to whom."""

from typing import Any

import pytest
from policies import Peer, allowed

PORTS = {
    "api": {"http": 8000, "metrics": 9000},
    "api-baseline": {"http": 8000, "metrics": 9000},
    "mongodb": {"mongodb": 27017},
    "master": {"web": 8089, "bus": 5557},
    "exporter": {"metrics": 9646},
}
FULL = {
    "ab": {"baselineImage": "api:1", "currentImage": "api:2"},
    "smtp": {"enabled": True, "host": "mail.example.com", "port": 587, "from": "a@b.c", "to": "d@e.f"},
    "webhook": {"url": "https://hooks.example.com/services/1"},
    "monitoring": {"prometheusUrl": "http://prometheus-operated.monitoring.svc:9090"},
}
EGRESS = {"networkPolicy": {"egress": True}, "runJob": {"enabled": True}, "upgradeGuard": {"enabled": True}}


def _pod(component: str, release: str = "rel") -> Peer:
    labels = {"name": "perf-platform", "instance": release, "component": component}
    return Peer(
        "perf",
        {f"app.kubernetes.io/{key}": value for key, value in labels.items()},
        ports=PORTS.get(component, {}),
        namespace_labels={"kubernetes.io/metadata.name": "perf"},
    )


def _elsewhere(namespace: str) -> Peer:
    return Peer(namespace, {"app": "any"}, namespace_labels={"kubernetes.io/metadata.name": namespace})


PEERS = {
    **{name: _pod(name) for name in [*PORTS, "worker", "run", "functional-tests", "upgrade-guard"]},
    "other worker": _pod("worker", "other"),
    "other api": _pod("api", "other"),
    "neighbour": Peer("perf", {"app": "any"}, namespace_labels={"kubernetes.io/metadata.name": "perf"}),
    "prometheus": _elsewhere("monitoring"),
    "shop": _elsewhere("shop"),
    "stranger": _elsewhere("stranger"),
    "internet": Peer("", address="203.0.113.7"),
}
INGRESS = [
    # who, whom, port, by default, metrics narrowed
    ("worker", "master", 5557, True, True),
    ("other worker", "master", 5557, False, False),
    ("api", "master", 5557, False, False),
    ("stranger", "master", 5557, False, False),
    ("internet", "master", 5557, False, False),
    ("exporter", "master", 8089, True, True),
    ("run", "master", 8089, True, True),
    ("stranger", "master", 8089, True, True),
    ("api", "mongodb", 27017, True, True),
    ("api-baseline", "mongodb", 27017, True, True),
    ("other api", "mongodb", 27017, False, False),
    ("worker", "mongodb", 27017, False, False),
    ("functional-tests", "mongodb", 27017, False, False),
    ("neighbour", "mongodb", 27017, False, False),
    ("worker", "api", 8000, True, True),
    ("stranger", "api", 8000, True, True),
    ("prometheus", "api", 9000, True, True),
    ("functional-tests", "api", 9000, True, True),
    ("stranger", "api", 9000, True, False),
    ("prometheus", "exporter", 9646, True, True),
    ("functional-tests", "exporter", 9646, True, True),
    ("stranger", "exporter", 9646, True, False),
    ("prometheus", "api-baseline", 9000, True, True),
    ("stranger", "api-baseline", 9000, True, False),
]


@pytest.mark.parametrize("narrowed", [False, True], ids=["default", "metrics narrowed"])
def test_only_the_right_peers_reach_what_is_closed(chart: Any, narrowed: bool) -> None:
    selector = {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}
    values = FULL | ({"networkPolicy": {"monitoringNamespaceSelector": selector}} if narrowed else {})
    policies = chart.render(values).all("NetworkPolicy")

    seen = [(who, whom, port, allowed(policies, PEERS[who], PEERS[whom], port)) for who, whom, port, *_ in INGRESS]

    assert seen == [(who, whom, port, expected[narrowed]) for who, whom, port, *expected in INGRESS]
    assert all("Egress" not in each["spec"]["policyTypes"] for each in policies)


def test_egress_lets_through_what_the_release_needs_and_nothing_else(chart: Any) -> None:
    policies = chart.render(FULL | EGRESS).all("NetworkPolicy")
    table = [
        ("worker", "master", 5557, True),
        ("worker", "api", 8000, True),
        ("worker", "master", 8089, False),
        ("worker", "shop", 8080, False),
        ("worker", "internet", 443, False),
        ("master", "api", 8000, True),
        ("master", "internet", 587, True),  # mail
        ("master", "internet", 443, True),  # webhook
        ("master", "internet", 25, False),
        ("master", "prometheus", 9090, True),
        ("master", "mongodb", 27017, False),
        ("api", "mongodb", 27017, True),
        ("api-current", "mongodb", 27017, True),
        ("api", "internet", 443, False),
        ("api", "master", 8089, False),
        ("mongodb", "internet", 443, False),
        ("exporter", "master", 8089, True),
        ("exporter", "internet", 443, False),
        ("functional-tests", "api", 8000, True),
        ("functional-tests", "api", 9000, True),
        ("functional-tests", "exporter", 9646, True),
        ("functional-tests", "master", 8089, True),
        ("functional-tests", "prometheus", 9090, True),
        ("functional-tests", "internet", 443, False),
        ("run", "master", 8089, True),
        ("run", "api-baseline", 8000, True),
        ("run", "api", 8000, False),
        ("run", "internet", 587, True),  # it tells of the verdict of turns
        ("upgrade-guard", "master", 8089, True),
    ]
    peers = PEERS | {"api-current": _pod("api-current")}

    seen = [(who, whom, port, allowed(policies, peers[who], peers[whom], port)) for who, whom, port, _ in table]

    assert seen == table
    dns = Peer("kube-system", {"k8s-app": "kube-dns"})
    assert all(allowed(policies, _pod(name), dns, 53, "UDP") for name in [*PORTS, "worker", "run"])


@pytest.mark.parametrize(
    ("url", "whom", "port", "expected"),
    [
        ("http://checkout.shop:8080", "shop", 9999, True),
        ("http://checkout.shop:8080", "internet", 8080, True),
        ("http://checkout.shop:8080", "stranger", 9999, False),
        ("http://checkout.shop.svc:80", "internet", 80, False),
        ("http://checkout.shop.svc.cluster.local/v1", "shop", 8000, True),
        ("https://www.example.com/shop", "internet", 443, True),
        ("https://www.example.com/shop", "internet", 80, False),
        ("http://www.example.com:8443", "internet", 8443, True),
        ("http://203.0.113.7:81", "internet", 81, True),
        ("http://203.0.113.8:81", "internet", 81, False),
        ("http://[2001:db8::1]:81/x", "internet", 81, False),
        ("http://checkout:8080", "neighbour", 1234, True),
        ("http://checkout:8080", "stranger", 8080, False),
    ],
)
def test_egress_follows_the_target(chart: Any, url: str, whom: str, port: int, expected: bool) -> None:
    values = {"target": {"url": url}, "api": {"enabled": False}} | EGRESS
    policies = chart.render(values).all("NetworkPolicy")

    assert allowed(policies, _pod("worker"), PEERS[whom], port) is expected
    assert allowed(policies, _pod("master"), PEERS[whom], port) is expected


@pytest.mark.parametrize(
    ("mongodb", "port", "expected"),
    [
        ({"url": "mongodb://u:p@db1.example.com:27018,db2.example.com/perf?tls=true"}, 27018, True),
        ({"url": "mongodb://u:p@db1.example.com:27018,db2.example.com/perf?tls=true"}, 27017, True),
        ({"url": "mongodb://db.example.com:27019"}, 27017, False),
        ({"auth": {"existingSecret": "mine"}}, 27017, True),
        ({"url": "mongodb+srv://u:p@cluster.example.com/perf"}, 27017, True),
    ],
)
def test_egress_follows_an_external_database(chart: Any, mongodb: Any, port: int, expected: bool) -> None:
    policies = chart.render({"mongodb": {"enabled": False} | mongodb} | EGRESS).all("NetworkPolicy")

    assert allowed(policies, _pod("api"), PEERS["internet"], port) is expected
    assert not allowed(policies, _pod("worker"), PEERS["internet"], port)


def test_further_egress_is_that_of_master_and_workers(chart: Any) -> None:
    extra = [{"ports": [{"port": 5432}]}]
    policies = chart.render({"networkPolicy": {"egress": True, "extraEgress": extra}}).all("NetworkPolicy")

    may = {name for name in [*PORTS, "worker"] if allowed(policies, _pod(name), PEERS["internet"], 5432)}
    assert may == {"worker", "master"} | {"api-baseline"}  # which is not there, so no policy holds it
