"""How people come to the pages: from Locust's own, and from addresses that are meant for scripts."""

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from perf_locust.pages.frame import PREFIX, nav, render

_PAGE_OF = {
    "/perf": "run",
    "/perf/": "run",
    "/perf/run": "run",
    "/perf/runs": "runs",
    "/perf/baseline": "baseline",
    "/perf/pace": "pacing",
}
_MIMETYPES = {"pages.js": "text/javascript", "pacing.js": "text/javascript", "pages.css": "text/css"}


def page_doors() -> Blueprint:
    """Return the ways in, and what the pages load."""
    doors = Blueprint("perf_doors", __name__, url_prefix=PREFIX)
    doors.before_app_request(_lead_people)
    doors.after_app_request(_show_the_way)

    @doors.get("/assets/<any('pages.js', 'pacing.js', 'pages.css'):name>")
    def asset(name: str) -> Response:
        return Response(render(name), mimetype=_MIMETYPES[name], headers={"Cache-Control": "max-age=60"})

    return doors


def _lead_people() -> AnyResponse | None:
    """Show the page where a browser asks for what scripts get as JSON."""
    page = _PAGE_OF.get(request.path)
    if page is None or request.method != "GET":
        return None
    wanted = request.accept_mimetypes.best_match(["application/json", "text/html"], "application/json")
    return redirect(f"{PREFIX}/{page}") if wanted == "text/html" else None


def _show_the_way(response: AnyResponse) -> AnyResponse:
    """Put our navigation into Locust's own page."""
    if request.path == "/" and response.status_code == 200 and response.mimetype == "text/html":
        page = response.get_data(as_text=True)
        response.set_data(page.replace("<body>", f"<body>{nav()}", 1))
    return response
