"""Who may talk to whom: evaluates NetworkPolicies as the Kubernetes API documents them."""

import ipaddress
from dataclasses import dataclass, field
from typing import Any

Policy = dict[str, Any]


@dataclass(frozen=True)
class Peer:
    """A pod, or with an empty namespace something outside the cluster.

    Attributes:
        ports: name -> number of the pod's container ports.
    """

    namespace: str
    labels: dict[str, str] = field(default_factory=dict)
    address: str = "10.244.0.9"
    ports: dict[str, int] = field(default_factory=dict)
    namespace_labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Connection:
    """What is tried."""

    source: Peer
    destination: Peer
    port: int
    protocol: str = "TCP"


def allowed(policies: list[Policy], source: Peer, destination: Peer, port: int, protocol: str = "TCP") -> bool:
    """Say whether a connection passes the sender's egress policies and the receiver's ingress policies."""
    tried = Connection(source, destination, port, protocol)
    return _passes(policies, "Egress", tried) and _passes(policies, "Ingress", tried)


def _passes(policies: list[Policy], way: str, tried: Connection) -> bool:
    out = way == "Egress"
    own, other = (tried.source, tried.destination) if out else (tried.destination, tried.source)
    choosing = [
        each["spec"]
        for each in policies
        if way in each["spec"]["policyTypes"]
        and each["metadata"]["namespace"] == own.namespace
        and matches(each["spec"]["podSelector"], own.labels)
    ]
    if not choosing:
        return True
    return any(
        _has_port(rule, tried) and _has_peer(rule.get("to" if out else "from"), own, other)
        for spec in choosing
        for rule in spec.get(way.lower()) or []
    )


def _has_port(rule: Policy, tried: Connection) -> bool:
    ports, names = rule.get("ports"), tried.destination.ports
    return not ports or any(
        each.get("protocol", "TCP") == tried.protocol and names.get(str(each["port"]), each["port"]) == tried.port
        for each in ports
    )


def _has_peer(peers: list[Policy] | None, own: Peer, other: Peer) -> bool:
    return not peers or any(_is_peer(each, own, other) for each in peers)


def _is_peer(peer: Policy, own: Peer, other: Peer) -> bool:
    if "ipBlock" in peer:
        return ipaddress.ip_address(other.address) in ipaddress.ip_network(peer["ipBlock"]["cidr"])
    if not other.namespace:
        return False
    if "namespaceSelector" in peer:
        near = matches(peer["namespaceSelector"], other.namespace_labels)
    else:
        near = other.namespace == own.namespace
    return near and matches(peer.get("podSelector", {}), other.labels)


def matches(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """Evaluate a label selector."""
    expressions = selector.get("matchExpressions", [])
    assert all(each["operator"] == "In" for each in expressions), "teach this evaluator the other operators"
    return selector.get("matchLabels", {}).items() <= labels.items() and all(
        labels.get(each["key"]) in each["values"] for each in expressions
    )
