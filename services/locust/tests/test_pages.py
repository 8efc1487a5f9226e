"""Our pages in a real browser: sign in, start, look, stop, open the report, promote, compare - on two workers."""

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

WIDTHS = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 900}}
PAGES = ("run", "pacing", "baseline", "runs", "hosts")
EVIL = "<img src=x onerror=window.pwned=1>"


@pytest.fixture
def site(locusts, server) -> str:
    """A master that listens on every address, with two workers."""
    return locusts.site(server)


def _run_for_a_while(page: Page, scenario: str) -> str:
    """Start a run with the form, watch it, stop it, and return its id."""
    page.get_by_label("Users", exact=True).fill("10")
    page.get_by_label("Run time in seconds").fill("600")
    page.get_by_label("Scenario").fill(scenario)
    page.get_by_role("button", name="Start").click()
    page.wait_for_selector("[data-state=running]", state="attached")
    expect(page.locator("dl.figures")).to_contain_text("10 of 10")
    page.wait_for_function(
        "Number(document.querySelector('dl.figures').innerText.match(/Requests\\n+(\\d+)/)[1]) > 400"
    )
    expect(page.locator("#live")).to_contain_text("as a measurement", timeout=30_000)
    page.get_by_role("link", name="Pacing").click()
    page.get_by_label("Seconds from start to start").fill("0.1")
    page.get_by_role("button", name="Set what I changed").click()
    expect(page.locator("#said")).to_have_text("Set: 0.1 s from start to start. 2 of 2 workers do so.")
    page.get_by_role("link", name="Run", exact=True).click()
    run_id = page.locator("#live code").first.inner_text()
    page.get_by_role("button", name="Stop the run").click()
    page.wait_for_selector(f"a[href='/perf/runs/{run_id}/report']", timeout=60_000)
    return run_id


def test_a_person_gates_a_service_without_a_command(browser: Browser, site: str, tmp_path: Path) -> None:
    page, errors = browser.new_page(viewport=WIDTHS["desktop"]), []
    page.set_default_timeout(60_000)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{site}/")
    page.get_by_label("User").fill("ann")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in").click()

    page.locator("#perf-pages").get_by_text("Hosts").click()
    expect(page.locator("main")).to_contain_text("Nothing has been read yet")
    page.get_by_role("link", name="Run", exact=True).click()
    first = _run_for_a_while(page, EVIL)
    page.get_by_role("link", name="Baseline").click()
    page.set_viewport_size(WIDTHS["phone"])
    expect(page.get_by_role("button", name=f"Promote {first}")).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name=f"Promote {first}").click()
    expect(page.locator("main")).to_contain_text(f"The baseline is {first}")
    page.set_viewport_size(WIDTHS["desktop"])
    page.get_by_role("link", name="Run", exact=True).click()
    second = _run_for_a_while(page, EVIL)
    expect(page.locator("#live .verdict").last).to_contain_text(second)
    page.get_by_role("link", name="Baseline").click()
    page.get_by_role("button", name=f"Add {second}").click()
    expect(page.locator("main")).to_contain_text(f"The baseline is {first}, {second}.")

    page.get_by_role("link", name="Runs").click()
    page.get_by_label(f"{first} as baseline").check()
    page.get_by_label(f"{second} as current").check()
    page.get_by_role("button", name="Compare the chosen two").click()
    expect(page.locator("main")).to_contain_text("GET /slow")
    assert page.locator("main").get_by_text(first).count()
    page.go_back()
    page.locator(f"a[href='/perf/runs/{second}/report']").click()
    expect(page.locator("body")).to_contain_text("How the verdict was reached")

    for size, viewport in WIDTHS.items():
        page.set_viewport_size(viewport)
        for name in PAGES:
            page.goto(f"{site}/perf/ui/{name}")
            page.screenshot(path=tmp_path / f"{name}-{size}.png")
            assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], (name, size)
            assert page.locator("nav a[aria-current=page]").count() == 1
    page.goto(f"{site}/perf/ui/hosts")
    expect(page.locator("tbody tr")).to_have_count(3)  # two workers and the master
    received = page.locator("tbody tr td.number:nth-child(6)").all_inner_texts()
    assert all(each.endswith("B/s") for each in received), received
    assert not {"0 %", "0.0 %"} & set(page.locator("tbody tr td.number:nth-child(3)").all_inner_texts())
    page.get_by_role("link", name="Locust", exact=True).click()
    expect(page.locator("#perf-pages")).to_be_visible()
    page.goto(f"{site}/perf/ui/hosts")
    assert page.evaluate("window.pwned") is None
    assert errors == []
    page.get_by_role("button", name="Sign out ann").click()
    page.goto(f"{site}/perf/ui/run")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_what_is_refused_is_said_where_it_was_caused(browser: Browser, site: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{site}/perf/login?next=/perf/ui/run")
    page.get_by_label("User").fill("ann")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in").click()

    page.get_by_label("Baseline").fill("20200101-000000-none")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("alert")).to_contain_text("there is no run 20200101-000000-none")
    answer = page.goto(f"{site}/perf/ui/compare?baseline=a&current=b")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("alert")).to_contain_text("there is no run b")
    cookie = {each["name"]: each["value"] for each in context.cookies()}
    forged = httpx.post(f"{site}/perf/run/start", json={"users": 1}, cookies=cookie)
    assert (forged.status_code, "out of date" in forged.json()["error"]) == (403, True)
