"""Who may use a master's web server: people by session, scripts by bearer token, other origins never.

One guard stands before every route, Locust's own and ours, so that a route that somebody forgets is closed. Locust
lets any origin read its answers, and before 2.47 changes something on GET (`/stop`, `/stats/reset`): the guard
refuses what a foreign page sends, before Locust sees it.
"""

import hashlib
import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Flask, Request, jsonify, redirect, request, session, url_for
from werkzeug.wrappers import Response

from perf_locust.settings import WebLogin

SESSION_USER = "perf_user"
SESSION_CSRF = "perf_csrf"
CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-CSRF-Token"
_OPEN = ("/perf/login", "/perf/logout", "/perf/health")
_CHANGED_BY_GET = ("/stop", "/stats/reset")
_SAFE = ("GET", "HEAD", "OPTIONS")
Refusal = Response | tuple[Response, int]


@dataclass(frozen=True, slots=True)
class Admission:
    """The rule of one server.

    Attributes:
        token: bearer token of scripts.
        login: who may sign in; None on loopback, where nobody needs to.
    """

    token: str
    login: WebLogin | None


def guard(app: Flask, admission: Admission) -> None:
    """Put the guard before every route of `app`."""
    app.secret_key = _session_key(admission)
    app.config.update(SESSION_COOKIE_NAME="perf_session", SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_HTTPONLY=True)

    @app.before_request
    def admit() -> Refusal | None:
        if request.headers.get("Authorization", "").startswith("Bearer "):
            return None if bearer_is(request, admission.token) else _refuse(401, "the bearer token is wrong")
        if from_elsewhere(request):
            return _refuse(403, "requests from another origin are refused; use the page of this server")
        if request.path in _OPEN or "/assets/" in request.path:
            return None
        return _admit_loopback() if admission.login is None else _admit_session()


def is_loopback(host: str) -> bool:
    """Return whether a server that binds to this host is reached from this machine only."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def bearer_is(asked: Request, token: str) -> bool:
    """Return whether the request carries this token."""
    given = asked.headers.get("Authorization", "")
    return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


def from_elsewhere(asked: Request) -> bool:
    """Return whether a page of another origin made the browser send this.

    A link from a mail to a report is a navigation and may come from anywhere; what changes something may not.
    """
    origin = asked.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != asked.host:
        return True
    if asked.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin"):
        return False
    followed_a_link = asked.method == "GET" and asked.headers.get("Sec-Fetch-Mode") == "navigate"
    return not followed_a_link or asked.path.endswith(_CHANGED_BY_GET)


def csrf_token() -> str:
    """Return the token that forms of this session must carry; the session gets one when it has none."""
    return str(session.setdefault(SESSION_CSRF, secrets.token_urlsafe(24)))


def _admit_loopback() -> Refusal | None:
    """Refuse names that an outsider's DNS may have pointed at this machine."""
    host = urlsplit(f"//{request.host}").hostname or ""
    if is_loopback(request.remote_addr or "") and is_loopback(host):
        return None
    return _refuse(403, f"this master serves its own machine only; ask for 127.0.0.1 instead of {host}")


def _admit_session() -> Refusal | None:
    if SESSION_USER in session:
        return _admit_form()
    if request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
        return redirect(url_for("perf_login.page", next=request.full_path.rstrip("?")))
    return _refuse(
        401, "sign in at /perf/login, or send 'Authorization: Bearer TOKEN' with PERF_MASTER_TOKEN's value"
    )


def _admit_form() -> Refusal | None:
    """Ask for the session's token where something of ours changes.

    Locust's own forms know none: for them it is the origin that counts.
    """
    if request.method in _SAFE or not request.path.startswith("/perf/"):
        return None
    given = request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD, "")
    if hmac.compare_digest(given.encode(), csrf_token().encode()):
        return None
    return _refuse(403, "the form is out of date; load the page again and send it once more")


def _refuse(status: int, sentence: str) -> Refusal:
    return jsonify(error=sentence), status


def _session_key(admission: Admission) -> bytes:
    """Return a key that outlives a restart with the same secrets, and ends all sessions when one of them changes."""
    password = admission.login.password if admission.login else ""
    return hashlib.sha256(f"perf session\0{admission.token}\0{password}".encode()).digest()
