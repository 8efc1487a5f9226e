"""The page where people sign in to a master's web server, and the way out."""

from urllib.parse import urlsplit

import gevent
from flask import Blueprint, redirect, request, session
from jinja2 import Environment, PackageLoader
from werkzeug.wrappers import Response

from perf_locust.admission import SESSION_USER
from perf_locust.settings import WebLogin

WRONG_DELAY = 1.0
"""Seconds a wrong password waits for its answer; nobody else waits."""


def login_pages(login: WebLogin) -> Blueprint:
    """Return the routes `/perf/login` and `/perf/logout`."""
    pages = Blueprint("perf_login", __name__, url_prefix="/perf")
    template = Environment(loader=PackageLoader("perf_locust"), autoescape=True).get_template("login.html")

    @pages.get("/login")
    def page() -> str:
        return template.render(
            action=request.path, next=_inside(request.args.get("next")), user=login.user, error=None
        )

    @pages.post("/login")
    def enter() -> Response | tuple[str, int]:
        target = _inside(request.form.get("next"))
        user, password = request.form.get("user", ""), request.form.get("password", "")
        if login.admits(user, password):
            session.clear()
            session[SESSION_USER] = user
            return redirect(target)
        gevent.sleep(WRONG_DELAY)
        return template.render(action=request.path, next=target, user=user, error="User or password is wrong."), 401

    @pages.post("/logout")
    def leave() -> Response:
        session.clear()
        return redirect("/perf/login")

    return pages


def _inside(target: str | None) -> str:
    """Return a path of this server; anything that would leave it becomes the start page."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or urlsplit(target).netloc:
        return "/"
    return target
