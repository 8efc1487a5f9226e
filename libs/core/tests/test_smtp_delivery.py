"""Mail against a real SMTP server in its own process, and servers that refuse, hang or drop."""

import mailbox
import os
import socket
import subprocess
import sys
import threading
import time
from email.message import EmailMessage
from pathlib import Path

import pytest

from perf_core.adapters.smtp import SmtpSettings, send
from perf_core.errors import DeliveryError, UsageError
from perf_core.ports import free_port

SETTINGS = {
    "PERF_SMTP_HOST": "127.0.0.1",
    "PERF_SMTP_FROM": "p@example.org",
    "PERF_SMTP_TO": "a@example.org,b@example.org",
}


def message() -> EmailMessage:
    made = EmailMessage()
    made["Subject"], made["From"], made["To"] = "REGRESSED", "p@example.org", "a@example.org, b@example.org"
    made.set_content("table")
    return made


def settings(port: int, **more: str) -> SmtpSettings:
    made = SmtpSettings.from_environment(
        {**SETTINGS, "PERF_SMTP_PORT": str(port), "PERF_SMTP_SECURITY": "none", **more}
    )
    assert made is not None
    return made


@pytest.fixture
def mail_server(tmp_path):
    port, box = free_port(), tmp_path / "mail"
    command = [
        sys.executable,
        "-m",
        "aiosmtpd",
        "-n",
        "-l",
        f"127.0.0.1:{port}",
        "-c",
        "aiosmtpd.handlers.Mailbox",
        str(box),
    ]
    with subprocess.Popen(command, env=os.environ | {"PYTHONUNBUFFERED": "1"}) as process:
        for _ in range(200):
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", port)):
                    break
            time.sleep(0.05)
        yield port, box
        process.terminate()


@pytest.fixture
def scripted_server():
    """A server that sends one line, then closes; None = says nothing and keeps the line open."""
    listener, done = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def start(line: bytes | None) -> int:
        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                if line is None:
                    done.wait(20)
                else:
                    connection.sendall(line)

        threading.Thread(target=serve, daemon=True).start()
        return int(listener.getsockname()[1])

    yield start
    done.set()
    listener.close()


def test_one_message_reaches_all_recipients(mail_server):
    port, box = mail_server

    send(settings(port), message())

    (arrived,) = mailbox.Maildir(box)
    assert arrived["Subject"] == "REGRESSED"
    assert arrived["X-RcptTo"] == "a@example.org, b@example.org"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        pytest.param(b"554 go away\r\n", "554 go away", id="refuses"),
        pytest.param(b"", "closed", id="drops"),
        pytest.param(None, "no answer in time", id="hangs"),
    ],
)
def test_a_server_that_does_not_take_the_mail_is_a_delivery_error(scripted_server, line, words):
    with pytest.raises(DeliveryError, match=words):
        send(settings(scripted_server(line), PERF_SMTP_TIMEOUT="0.5"), message())


def test_a_server_without_starttls_gets_no_password(mail_server):
    port, box = mail_server

    with pytest.raises(DeliveryError, match="STARTTLS"):
        send(settings(port, PERF_SMTP_SECURITY="starttls"), message())

    assert not len(mailbox.Maildir(box))


def test_no_host_switches_mail_off():
    assert SmtpSettings.from_environment({}) is None


@pytest.mark.parametrize(
    "change",
    [
        {"PERF_SMTP_PORT": "70000"},
        {"PERF_SMTP_SECURITY": "ssl"},
        {"PERF_SMTP_TO": ""},
        {"PERF_SMTP_TO": "a@example.org\r\nBcc: x@example.org"},
        {"PERF_SMTP_USER": "only"},
        {"PERF_SMTP_TIMEOUT": "soon"},
    ],
)
def test_a_wrong_setting_is_named(change):
    (name,) = change

    with pytest.raises(UsageError, match="PERF_SMTP_USER" if name == "PERF_SMTP_USER" else name):
        SmtpSettings.from_environment(SETTINGS | change)


def test_the_password_is_in_no_representation():
    assert "hunter2" not in repr(settings(25, PERF_SMTP_USER="u", PERF_SMTP_PASSWORD="hunter2"))


CERTIFICATE = str(Path(__file__).with_name("loopback-certificate.pem"))
LOGIN = {"PERF_SMTP_USER": "perf", "PERF_SMTP_PASSWORD": "hunter2", "PERF_SMTP_TIMEOUT": "60"}


@pytest.mark.parametrize(
    ("protection", "security"), [("tls", "tls"), ("starttls", "starttls"), ("login", "none")], ids=str
)
def test_an_encrypted_mail_with_a_login_reaches_several_recipients(moody_server, protection, security):
    server = moody_server(protection)
    more = {"PERF_SMTP_SECURITY": security, "PERF_SMTP_CA_FILE": CERTIFICATE, **LOGIN}

    send(settings(server.port, **more), message())

    (arrived,) = mailbox.Maildir(server.box)
    assert arrived["X-RcptTo"] == "a@example.org, b@example.org"


@pytest.mark.parametrize(
    ("protection", "change", "words"),
    [
        pytest.param("tls", {"PERF_SMTP_CA_FILE": ""}, "certificate verify failed", id="unknown authority"),
        pytest.param(
            "starttls", {"PERF_SMTP_CA_FILE": ""}, "certificate verify failed", id="unknown authority, later"
        ),
        pytest.param("tls", {"PERF_SMTP_PASSWORD": "wrong"}, "535", id="wrong password"),
        pytest.param("starttls", {"PERF_SMTP_USER": "", "PERF_SMTP_PASSWORD": ""}, "530", id="no login"),
    ],
)
def test_who_is_not_trusted_gets_no_mail_and_who_has_no_login_sends_none(moody_server, protection, change, words):
    server = moody_server(protection)
    more = {"PERF_SMTP_SECURITY": protection, "PERF_SMTP_CA_FILE": CERTIFICATE, **LOGIN, **change}

    with pytest.raises(DeliveryError, match=words) as refused:
        send(settings(server.port, **more), message())

    assert "hunter2" not in str(refused.value)
    assert not len(mailbox.Maildir(server.box))
