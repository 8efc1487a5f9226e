"""The routes of the pages. Changes are sent to the control routes, by the form itself: see `pages.js`."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, request

from perf_core.compare import compare_runs
from perf_core.errors import PerfError
from perf_core.report.write import stored_section
from perf_core.runstore import RunStore
from perf_locust.conductor import Conductor
from perf_locust.facts import scenario_of, target_of
from perf_locust.native_thread import in_native_thread
from perf_locust.pace_desk import PaceDesk
from perf_locust.pages.frame import PREFIX, render
from perf_locust.pages.host_history import HostHistory
from perf_locust.pages.pacing import pacing_form, pacing_live
from perf_locust.pages.verdict_so_far import VerdictSoFar
from perf_locust.snapshots import run_status, worker_readings

LISTED = 200
"""Runs on a page; older ones are found with `perf-platform runs`."""


def page_routes(conductor: Conductor, desk: PaceDesk) -> Blueprint:
    """Return the routes; who may use them is decided before."""
    routes = Blueprint("perf_pages", __name__, url_prefix=PREFIX)
    so_far, hosts = VerdictSoFar(conductor.store), HostHistory(conductor.live.gauges)
    live: dict[str, Callable[[], dict[str, Any]]] = {
        "run": lambda: _run(conductor, so_far),
        "pacing": lambda: pacing_live(conductor, desk),
        "hosts": lambda: {"tracks": sorted(hosts.tracks.items()), "on": conductor.session is not None},
    }

    forms: dict[str, Callable[[], dict[str, Any]]] = {
        "run": lambda: _defaults(conductor),
        "pacing": lambda: pacing_form(conductor, desk),
        "hosts": dict,
    }

    @routes.get("/<any(run, pacing, hosts):name>")
    def live_page(name: str) -> str:
        return render(f"{name}.html", **(live[name]() | forms[name]()))

    @routes.get("/pacing/form")
    def pacing_fields() -> str:
        return render("pacing_form.html", **forms["pacing"]())

    @routes.get("/<any(run, pacing, hosts):name>/live")
    def live_part(name: str) -> str:
        return render(f"{name}_live.html", **live[name]())

    @routes.get("/runs")
    def runs() -> str:
        return render("runs.html", **in_native_thread(lambda: _runs(conductor.store)))

    @routes.get("/baseline")
    def baseline() -> str:
        return render("baseline.html", **in_native_thread(lambda: _runs(conductor.store)))

    @routes.get("/compare")
    def compare() -> tuple[str, int]:
        return _compare(conductor.store, request.args.get("baseline", ""), request.args.get("current", ""))

    return routes


def _run(conductor: Conductor, so_far: VerdictSoFar) -> dict[str, Any]:
    session, runner = conductor.session, conductor.environment.runner
    return {
        "status": run_status(conductor),
        "target_users": runner.target_user_count if runner and session else 0,
        "workers": worker_readings(conductor),
        "events": session.info.events if session else (),
        "baseline": session.baseline if session else None,
        "so_far": so_far.of(session) if session and not conductor.finishing else None,
        "last": conductor.last,
    }


def _defaults(conductor: Conductor) -> dict[str, Any]:
    """Return what the form for a new run begins with."""
    options, plan = conductor.environment.parsed_options, conductor.settings.plan
    return {
        "form": {
            "users": getattr(options, "num_users", None) or 10,
            "spawn_rate": getattr(options, "spawn_rate", None) or "",
            "run_time": getattr(options, "run_time", None) or "",
            "host": target_of(conductor.environment),
            "scenario": scenario_of(conductor.environment, plan),
            "shape": conductor.environment.shape_class is not None,
        }
    }


def _runs(store: RunStore) -> dict[str, Any]:
    runs = store.list()
    return {
        "runs": runs[:LISTED],
        "more": max(len(runs) - LISTED, 0),
        "promoted": {scenario: _promoted(store, scenario) for scenario in sorted({each.scenario for each in runs})},
        "reports": {each.id for each in runs[:LISTED] if (store.folder_of(each.id).path / "report.html").exists()},
    }


def _promoted(store: RunStore, scenario: str) -> tuple[tuple[str, ...], str]:
    """Return the runs that are the baseline, and what is wrong with them."""
    try:
        promotion = store.promoted(scenario)
    except PerfError as cause:
        return (), str(cause)
    return (promotion.run_ids if promotion else ()), ""


def _compare(store: RunStore, baseline: str, current: str) -> tuple[str, int]:
    try:
        section = in_native_thread(lambda: _section(store, baseline, current))
    except PerfError as cause:
        return render("compare.html", section=None, problem=str(cause), current=current, baseline=baseline), 404
    return render("compare.html", section=section, problem="", current=current, baseline=baseline), 200


def _section(store: RunStore, baseline: str, current: str) -> str:
    comparison = compare_runs(store.load(current), store.load(baseline))
    return stored_section(store, comparison, ())
