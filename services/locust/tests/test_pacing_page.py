"""The Pacing page in a real browser: people and a script set the load of a run on two workers."""

import signal
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from test_pacing import SLEEPERS, Door, rate

from perf_core.model.series import Recording
from perf_core.report.charts.timeline import run_axis, run_start

WIDTHS = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 900}}
STEADY = """
from locust import LoadTestShape
class Steady(LoadTestShape):
    def tick(self): return (10, 10)
"""


expect.set_options(timeout=60_000)


@pytest.fixture(params=[SLEEPERS])
def site(request: pytest.FixtureRequest, locusts, server) -> str:
    """A master with this locustfile, and two workers."""
    (locusts.folder / "plain.py").write_text(request.param)
    return locusts.site(server)


@dataclass(frozen=True)
class Form:
    """The Pacing page of somebody who is signed in."""

    page: Page

    def field(self, *path: str) -> Locator:
        names = ", ".join(f'"{name}"' for name in path)
        return self.page.locator(f"[data-path='[{names}]']")

    def problem(self, *path: str) -> Locator:
        return self.page.locator("label", has=self.field(*path)).locator(".problem")

    def send(self, value: str = "", *path: str) -> None:
        if path:
            self.field(*path).fill(value)
        self.page.get_by_role("button", name="Set what I changed").click()

    def reset(self) -> None:
        self.page.get_by_role("button", name="Reset").click()

    @property
    def said(self) -> Locator:
        return self.page.locator("#said")

    @property
    def live(self) -> Locator:
        return self.page.locator("#live")

    @property
    def workers(self) -> Locator:
        return self.page.locator("tbody")

    def fits(self, folder: Path, name: str) -> None:
        """Look at the page at each width: nothing stands out to the right."""
        for size, viewport in WIDTHS.items():
            self.page.set_viewport_size(viewport)
            self.page.screenshot(path=folder / f"{name}-{size}.png", full_page=True)
            assert self.page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], size
        self.page.set_viewport_size(WIDTHS["desktop"])


def opened(browser: Browser, site: str) -> Form:
    page = browser.new_page(viewport=WIDTHS["desktop"])
    page.set_default_timeout(60_000)
    page.goto(f"{site}/perf/login?next=/perf/ui/pacing")
    page.get_by_label("User").fill("ann")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in").click()
    return Form(page)


def started(site: str, form: Form, load: dict[str, int]) -> Door:
    """Start a run, and show it on the page."""
    script = Door(site, "token-of-scripts")
    assert script("/perf/run/start", load)["status"] == 202
    form.page.reload()
    expect(form.live).to_contain_text("What each worker says")
    return script


MARKS = """chart => [...chart.querySelectorAll('.pf-mark')].map(mark => [
    mark.parentNode.querySelector('text').textContent, mark.parentNode.querySelector('title').textContent,
    Number(mark.getAttribute('d').slice(1).split(' ')[0])])"""


def drawn_at_their_time(report: Page, recording: Recording) -> None:
    """Look whether the chart over the run bears a mark for each change, numbered as in the list of events."""
    info, across = recording.info, run_axis(recording)
    rows = report.locator(".pf-events tbody tr").all()
    listed = [(row.locator("th").inner_text(), row.locator("td").last.inner_text()) for row in rows]
    changes = [event for event in info.events if event.kind in {"pacing_changed", "users_changed", "mix_changed"}]
    assert len(changes) >= 4
    marks = report.locator(".pf-chart", has_text="Requests per second").first.evaluate(MARKS)
    assert [(number, text) for number, text, _ in marks] == listed
    places = {text: place for _, text, place in marks}
    for change in changes:
        assert places[change.text] == pytest.approx(across.pixel(change.at - run_start(recording)), abs=1)


def test_what_makes_no_sense_is_told_beside_its_field(browser: Browser, site: str, tmp_path: Path) -> None:
    ann = opened(browser, site)
    expect(ann.live).to_contain_text("No run is on; start one")
    expect(ann.page.locator("form#pace")).to_be_hidden()
    ann.fits(tmp_path, "idle")
    script = started(site, ann, {"users": 4, "spawn_rate": 4})

    for wrong, quoted in (("fast", "'fast'"), ("0", "0"), ("-1", "-1"), ("0,5", "'0,5'")):
        ann.send(wrong, "seconds")
        expect(ann.problem("seconds")).to_contain_text(f"seconds is {quoted}; give a number above 0")
    ann.send("5", "rate")
    expect(ann.problem("rate")).to_contain_text("seconds and rate both set the pacing; send one of them")
    ann.page.reload()
    ann.send("1.5", "users")
    expect(ann.problem("users")).to_contain_text("users is 1.5; give a whole number from 1")
    ann.field("users").fill("4")
    ann.send("-3", "tasks", "Sleeper.first")
    expect(ann.problem("tasks", "Sleeper.first")).to_contain_text("is -3; give")
    ann.field("tasks", "Sleeper.first").fill("1")
    ann.send("many", "sources", "accounts", "gold")
    expect(ann.problem("sources", "accounts", "gold")).to_contain_text("the weight of 'gold' is 'many'")
    expect(ann.problem("tasks", "Sleeper.first")).to_be_empty()
    ann.fits(tmp_path, "refused")
    ann.field("sources", "accounts", "gold").fill("0")
    ann.send()
    expect(ann.said).to_contain_text("Nothing was changed in the form")
    assert script("/perf/pace")["revision"] == 0, "nothing of it was set"


def test_people_set_the_load_and_see_who_does_it(browser: Browser, site: str, server, locusts) -> None:
    ann = opened(browser, site)
    script = started(site, ann, {"users": 40, "spawn_rate": 40})
    server.wait_for(35)

    ann.send("0.2", "seconds")
    expect(ann.said).to_have_text("Set: 0.2 s from start to start. 2 of 2 workers do so.")
    expect(ann.workers.get_by_text("does change 1")).to_have_count(2)
    locusts.eventually(lambda: rate(server, 2) == pytest.approx(200, rel=0.1), "200 a second")

    bob = opened(browser, site)
    ann.field("users").fill("20")
    assert script("/perf/pace", {"rate": 60, "by": "nightly job"})["missing"] == []
    expect(bob.field("rate")).to_have_value("60")
    ann.send()
    expect(ann.said).to_contain_text(
        "meanwhile nightly job set pacing: 0.2 s from start to start -> 60 iterations/s over all users (revision 2"
    )
    assert script("/perf/pace")["users"] is None
    ann.send()
    expect(ann.said).to_contain_text("Set: 60 iterations/s over all users. 2 of 2")
    expect(ann.live).to_contain_text("20 of 20")
    ann.field("tasks", "Sleeper.second").fill("3")
    ann.send("9", "sources", "accounts", "gold")
    expect(ann.live).to_contain_text("accounts: gold 9, tin 1")
    locusts.eventually(lambda: rate(server, 2) == pytest.approx(60, rel=0.15), "60 a second")
    ann.reset()
    expect(ann.said).to_contain_text("Set: the locustfile's waiting time. 2 of 2 workers do so.")
    assert script("/perf/pace")["sources"] == {"accounts": {"gold": 0, "tin": 1}}

    run_id = script("/perf/run/stop", {})["run_id"]
    locusts.eventually(lambda: script("/perf/run")["last_run_id"] == run_id, "the end of the run")
    ann.page.goto(f"{site}/perf/runs/{run_id}/report")
    for change in (
        "pacing: the locustfile's waiting time -> 0.2 s from start to start by ann",
        "-> 60 iterations/s over all users by nightly job",
        "users: 20 are asked for by ann",
    ):
        expect(ann.page.locator("body")).to_contain_text(change)
    drawn_at_their_time(ann.page, locusts.recording())


def test_a_worker_that_says_nothing_is_named_until_it_does(
    browser: Browser, site: str, locusts, tmp_path: Path
) -> None:
    ann = opened(browser, site)
    started(site, ann, {"users": 4, "spawn_rate": 4})
    mute = locusts.processes[-1]

    mute.send_signal(signal.SIGSTOP)
    ann.send("0.5", "seconds")
    expect(ann.said).to_contain_text("Set: 0.5 s from start to start. 1 of 2 workers do so.")
    expect(ann.workers).to_contain_text("not yet change 1")
    expect(ann.live.get_by_role("alert")).to_contain_text("has not acknowledged for 0:0")
    ann.fits(tmp_path, "mute")
    mute.send_signal(signal.SIGCONT)
    locusts.worker(2)
    expect(ann.workers.get_by_text("does change 1")).to_have_count(3)
    expect(ann.live.get_by_role("alert")).to_have_count(0)

    expect(ann.live).to_contain_text("does what is set again, after")
    expect(ann.live).to_contain_text(
        "has not acknowledged 0.5 s from start to start within 2 s; it is told again every second"
    )
    ann.fits(tmp_path, "heard")


@pytest.mark.parametrize("site", [SLEEPERS + STEADY], indirect=True)
def test_a_load_shape_yields_and_is_given_back(browser: Browser, site: str) -> None:
    ann = opened(browser, site)
    started(site, ann, {})

    expect(ann.live).to_contain_text("The load shape goes on")
    ann.field("users").fill("4")
    ann.send("0.5", "seconds")
    expect(ann.live).to_contain_text("4 of 4")
    ann.reset()
    expect(ann.live).to_contain_text("10 of 10")
    expect(ann.live).to_contain_text("users: as many as the load shape says by ann")
