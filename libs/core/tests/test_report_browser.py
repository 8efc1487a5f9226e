"""The report in a real browser, offline: nothing from outside runs, everything is there, at any width."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from perf_core.model.series import ErrorCount, GaugeSeries
from perf_core.report.html import render_html, render_mail_body

PANELS = [
    "Response times per endpoint",
    "Run facts",
    "Endpoints in detail",
    "Over the time of the run",
    "Events",
    "Errors",
    "How the verdict was reached",
]
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
ATTACKS = (
    "</script><script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    '"><svg onload=window.pwned=1>',
    "{{ 7*7 }}{% include 'x' %}",
    "</style></bdi></table><h1>forged</h1>",
    "javascript:window.pwned=1",
)
SCRIPTS = ("LATIN", "CYRILLIC", "ARABIC", "HEBREW", "HANGUL", "THAI", "DEVANAGARI", "CJK", "ETHIOPIC", "TIBETAN")


def letters_of_every_script() -> str:
    names = ((chr(code), unicodedata.name(chr(code), "")) for code in range(0x41, 0x10000))
    first = {}
    for letter, name in names:
        if any(kind in name for kind in ("LETTER", "IDEOGRAPH", "SYLLABLE", "CHARACTER")):
            first.setdefault(name.split()[0], letter)
    assert set(SCRIPTS) <= first.keys()
    return "".join(first.values()) + "\N{COMBINING ACUTE ACCENT}\N{GRINNING FACE}\u202e\u2028\x00\ud800"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield started
        started.close()


def opened(browser: Browser, file: Path, **context: object) -> tuple[Page, list[str], list[str]]:
    """Open a file without a network; return the page, its errors and what it asked the network for."""
    page = browser.new_context(offline=True, **context).new_page()
    errors: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    page.wait_for_selector(".pf-report")
    return page, errors, [url for url in asked if not url.startswith(("file:", "data:"))]


@pytest.fixture
def report(judged, tmp_path) -> Path:
    comparison, current, baseline = judged
    hosts = tuple(
        GaugeSeries(f"host_{name}", "worker-1_a", current.gauges[0].seconds, 1e6 * current.gauges[0].values)
        for name in ("cpu_ratio", "memory_used_bytes", "network_sent_bytes", "disk_read_bytes")
    )
    current = replace(current, gauges=(*current.gauges, *hosts))
    file = tmp_path / "report.html"
    file.write_text(render_html(comparison, current, baseline), encoding="utf-8")
    return file


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])
def test_every_panel_is_there_and_nothing_is_wider_than_the_screen(browser, report, size, javascript):
    page, errors, asked = opened(browser, report, viewport=size, java_script_enabled=javascript)

    assert [title.strip() for title in page.locator(".pf-report h2").all_inner_texts()] == PANELS
    assert page.locator(".pf-report h1").inner_text().endswith("REGRESSED checkout: GET /report p50 +30 %")
    for title in ("Share of requests answered within", "CPU of the hosts", "Network of the hosts, per second"):
        assert page.locator(".pf-chart", has_text=title).first.is_visible()
    for table in page.locator(".pf-report table").all():
        box = table.bounding_box()
        assert box is not None
        assert box["width"] <= size["width"]
    assert (errors, asked) == ([], [])


def test_hostile_text_of_every_script_runs_nothing_and_asks_nobody(
    browser, make_recording, make_comparison, tmp_path
):
    names = (*ATTACKS, letters_of_every_script(), "A" * 10_000)
    texts = tuple(ErrorCount(f"<b>{at % 7}", f"{names[at % len(names)]}{at}", 1) for at in range(5000))
    current = make_recording("c", names, errors={names[0]: texts}, target=ATTACKS[0], scenario=ATTACKS[1])
    baseline = make_recording("b", names)
    file, mail = tmp_path / "hostile.html", tmp_path / "mail.html"
    comparison = make_comparison(current, baseline, explanation=ATTACKS[2], warnings=ATTACKS)
    file.write_text(render_html(comparison, current, baseline), encoding="utf-8")
    mail.write_text(f'<div class="pf-report">mail</div>{render_mail_body(comparison)}', encoding="utf-8")

    page, errors, asked = opened(browser, file, viewport=DESKTOP)
    inbox, mail_errors, mail_asked = opened(browser, mail, viewport=PHONE)

    for each in (page, inbox):
        assert each.evaluate("window.pwned") is None
        assert each.locator("h1", has_text="forged").count() == 0
    assert (errors, asked, mail_errors, mail_asked) == ([], [], [], [])
    assert page.locator(".pf-endpoints tbody").count() == len(names)
    assert file.stat().st_size < 3_000_000


def test_it_is_read_with_the_keyboard_and_follows_the_readers_colours(browser, report):
    light, _, _ = opened(browser, report, viewport=DESKTOP, color_scheme="light")
    dark, _, _ = opened(browser, report, viewport=DESKTOP, color_scheme="dark")
    shade = "getComputedStyle(document.querySelector('.pf-report')).backgroundColor"
    summary = dark.locator(".pf-report summary").first
    summary.focus()
    before = dark.locator(".pf-report details").first.get_attribute("open")
    dark.keyboard.press("Enter")

    assert (light.evaluate(shade), dark.evaluate(shade)) == ("rgb(255, 255, 255)", "rgb(22, 25, 29)")
    assert dark.locator(".pf-report details").first.get_attribute("open") != before


def test_paper_shows_what_is_folded_on_the_screen(browser, make_recording, make_comparison, tmp_path):
    names = tuple(f"/e{at}" for at in range(8))
    current, baseline = make_recording("c", names), make_recording("b", names)
    file = tmp_path / "print.html"
    file.write_text(render_html(make_comparison(current, baseline), current, baseline), encoding="utf-8")
    page, _, _ = opened(browser, file, viewport=DESKTOP)
    charts = page.locator(".pf-report details .pf-chart")

    assert not charts.first.is_visible()
    page.emulate_media(media="print")
    assert charts.first.is_visible()


def test_a_mail_fits_600_pixels_and_says_the_same_without_styles(browser, make_recording, make_comparison, tmp_path):
    names = tuple(f"/v1/some/resource/{at}/with-a-longish-name/and/{{id}}" for at in range(20))
    current, baseline = make_recording("c", names, factors=dict.fromkeys(names, 1.4)), make_recording("b", names)
    text = f'<div class="pf-report">{render_mail_body(make_comparison(current, baseline))}</div>'
    styled, bare = tmp_path / "mail.html", tmp_path / "bare.html"
    styled.write_text(text, encoding="utf-8")
    bare.write_text(re.sub(r' style="[^"]*"', "", text), encoding="utf-8")

    for file, limit in ((styled, 600), (bare, 800)):  # without styles the fonts of the machine decide
        page, _, _ = opened(browser, file, viewport={"width": 600, "height": 800}, java_script_enabled=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= limit
        lines = page.locator("td").nth(3).inner_text().splitlines()
        assert len(lines) == 3, "a figure is broken over lines, or before, after and change are not apart"
        assert lines[0].endswith("\N{RIGHTWARDS ARROW}")
