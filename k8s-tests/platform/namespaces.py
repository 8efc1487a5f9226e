"""Namespaces that the tests make, and remove with all that is in them."""

from kubernetes import client
from kubernetes.client.exceptions import ApiException
from waiting import until


def remove_namespace(core: client.CoreV1Api, name: str) -> None:
    """Remove a namespace and wait until it is gone; none is fine."""
    try:
        core.delete_namespace(name)
    except ApiException as cause:
        if cause.status == 404:
            return
        raise
    until(lambda: name not in {each.metadata.name for each in core.list_namespace().items}, f"{name} to go", 180)
