"""One release on the cluster of the current kubeconfig, shared by all tests here, and removed by the last of them.

PERF_TEST_VALUES       values files for Helm beside ci/kind-values.yaml, comma-separated, relative to the chart
PERF_TEST_PROMETHEUS   namespace/service:port of the Prometheus that should find the release
                       (default monitoring/prometheus-operated:9090); "none" leaves its tests out
"""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

sys.path.insert(0, str(Path(__file__).parent))  # the tests' own modules

from mailbox_pod import MailboxPod
from namespaces import remove_namespace
from release import CHART, Release

NAMESPACE = "perf-e2e"


@pytest.fixture(scope="session")
def core() -> client.CoreV1Api:
    """The cluster; there is nothing to test without one."""
    try:
        config.load_kube_config()
        api = client.CoreV1Api()
        api.list_node()
    except (config.ConfigException, ApiException, HTTPError) as cause:
        pytest.exit(f"no cluster answers for the current kubeconfig ({cause}); start one, e.g. `make kind`", 1)
    return api


@pytest.fixture(scope="session")
def namespace(core: client.CoreV1Api) -> Iterator[str]:
    """A namespace that admits restricted pods only; what an earlier run left is removed first."""
    remove_namespace(core, NAMESPACE)
    labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn", "audit")}
    core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=NAMESPACE, labels=labels)))
    yield NAMESPACE
    remove_namespace(core, NAMESPACE)


@pytest.fixture(scope="session")
def mailbox(core: client.CoreV1Api, namespace: str) -> MailboxPod:
    """A real SMTP server in the cluster, before the release that is told of it."""
    pod = MailboxPod(core, namespace)
    pod.start()
    return pod


@pytest.fixture(scope="session")
def release(core: client.CoreV1Api, namespace: str, mailbox: MailboxPod) -> Iterator[Release]:
    """The chart, installed with the values of kind and a mail server."""
    extra = [CHART / each for each in os.environ.get("PERF_TEST_VALUES", "").split(",") if each]
    values = [CHART / "ci/kind-values.yaml", *extra, Path(__file__).with_name("values.yaml")]
    made = Release(core, namespace, "e2e", values)
    made.settings |= {
        "smtp.enabled": "true",
        "smtp.host": mailbox.host,
        "smtp.port": str(mailbox.port),
        "smtp.security": "none",
        "smtp.from": "perf@example.com",
        "smtp.to": "team@example.com",
    }
    if (service := os.environ.get("PERF_TEST_PROMETHEUS", "monitoring/prometheus-operated:9090")) != "none":
        place, _, address = service.partition("/")
        name, _, port = address.partition(":")
        made.settings["monitoring.prometheusUrl"] = f"http://{name}.{place}:{port}"
    try:
        made.install()
        made.functional_tests_ended()
        yield made
    finally:
        made.close()


@pytest.fixture
def saw(capfd: pytest.CaptureFixture[str], request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Print what a test saw, whether it passes or not."""

    def tell(text: str) -> None:
        with capfd.disabled():
            print(f"    {request.node.name}: {text}", flush=True)

    return tell
