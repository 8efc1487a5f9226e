"""A real SMTP server in a pod, which writes every mail it takes to its log."""

import email
import email.policy
import json
from email.message import EmailMessage

from kubernetes import client
from waiting import until

IMAGE = "perf-platform/functional-tests:0.1.0"
PROGRAM = """
import json, sys, time
from aiosmtpd.controller import Controller
class Mailbox:
    async def handle_DATA(self, server, session, envelope):
        print("MAIL " + json.dumps({"to": envelope.rcpt_tos, "text": envelope.content.decode("latin-1")}), flush=True)
        return "250 kept"
Controller(Mailbox(), hostname="0.0.0.0", port=2525).start()
print("listening", flush=True)
while True:
    time.sleep(60)
"""


class MailboxPod:
    """The server; `host` and `port` are its address in the cluster."""

    port = 2525

    def __init__(self, core: client.CoreV1Api, namespace: str) -> None:
        """Remember where it belongs."""
        self._core, self._namespace = core, namespace
        self.host = f"mailbox.{namespace}"

    def start(self) -> None:
        """Start it and wait until it listens."""
        name = client.V1ObjectMeta(name="mailbox", labels={"app": "mailbox"})
        security = client.V1SecurityContext(
            allow_privilege_escalation=False,
            read_only_root_filesystem=True,
            capabilities=client.V1Capabilities(drop=["ALL"]),
        )
        container = client.V1Container(
            name="mailbox",
            image=IMAGE,
            image_pull_policy="IfNotPresent",
            command=["/app/.venv/bin/python", "-u", "-c", PROGRAM],
            security_context=security,
            resources=client.V1ResourceRequirements(requests={"cpu": "10m", "memory": "64Mi"}),
        )
        spec = client.V1PodSpec(
            containers=[container],
            automount_service_account_token=False,
            termination_grace_period_seconds=1,
            security_context=client.V1PodSecurityContext(
                run_as_non_root=True,
                run_as_user=10001,
                seccomp_profile=client.V1SeccompProfile(type="RuntimeDefault"),
            ),
        )
        self._core.create_namespaced_pod(self._namespace, client.V1Pod(metadata=name, spec=spec))
        ports = [client.V1ServicePort(port=self.port)]
        service = client.V1ServiceSpec(selector={"app": "mailbox"}, ports=ports)
        self._core.create_namespaced_service(self._namespace, client.V1Service(metadata=name, spec=service))
        until(lambda: self._is_running() and "listening" in self._log(), "the mail server")

    def mails(self) -> list[EmailMessage]:
        """Return what was taken so far."""
        lines = [line.removeprefix("MAIL ") for line in self._log().splitlines() if line.startswith("MAIL ")]
        return [email.message_from_string(json.loads(line)["text"], policy=email.policy.default) for line in lines]

    def _is_running(self) -> bool:
        return bool(self._core.read_namespaced_pod("mailbox", self._namespace).status.phase == "Running")

    def _log(self) -> str:
        # The client would take a log that is JSON for JSON; this one is not.
        return str(self._core.read_namespaced_pod_log("mailbox", self._namespace))
