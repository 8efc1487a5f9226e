"""The dashboards of the chart: made by their program, importable anywhere, and about metrics that exist."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from panels import BUILT_IN, DASHBOARDS, ROOT, VARIABLES, annotation_queries, dashboards, panels, queries
from promql_names import metric_names

WANTED = {"perf-live", "perf-compare", "perf-injectors", "perf-api", "perf-hosts", "perf-functional", "perf-platform"}
MATCHER = re.compile(r'[a-z_]+\s*(?:=~|!~|=|!=)\s*"([^"]*)"')


def test_they_are_what_their_program_writes_byte_for_byte(tmp_path: Path) -> None:
    for folder in ("first", "second"):
        subprocess.run([sys.executable, ROOT / "tools" / "dashboards", tmp_path / folder], check=True)

    written = {path.name: path.read_bytes() for path in (tmp_path / "first").iterdir()}

    assert written == {path.name: path.read_bytes() for path in (tmp_path / "second").iterdir()}
    assert written == {path.name: path.read_bytes() for path in DASHBOARDS.glob("*.json")}, (
        "run python tools/dashboards"
    )


def test_all_seven_are_there_under_their_own_names_and_small() -> None:
    assert {dashboard["uid"] for dashboard in dashboards().values()} == WANTED
    assert len({dashboard["title"] for dashboard in dashboards().values()}) == len(WANTED)
    assert all(path.stem in WANTED and path.stat().st_size < 256 * 1024 for path in DASHBOARDS.iterdir())


@pytest.mark.parametrize("name", sorted(dashboards()))
def test_a_dashboard_can_be_provisioned_anywhere(name: str) -> None:
    dashboard = dashboards()[name]
    variables = dashboard["templating"]["list"]
    sources = [variables[0], *panels(dashboard), *dashboard["annotations"]["list"]]

    assert [variable["name"] for variable in variables] == list(VARIABLES)
    assert variables[0]["type"] == "datasource"
    assert all(source["datasource"]["uid"] == "${datasource}" for source in [*sources[1:], *variables[1:]])
    assert all(
        target["datasource"]["uid"] == "${datasource}" for panel in panels(dashboard) for target in panel["targets"]
    )
    assert "id" not in dashboard
    assert dashboard["links"]
    assert dashboard["description"]
    assert "perf-platform" in dashboard["tags"]


@pytest.mark.parametrize("name", sorted(dashboards()))
def test_every_panel_explains_itself_and_has_a_step_of_its_own(name: str) -> None:
    shown = panels(dashboards()[name])

    assert shown
    for panel in shown:
        assert panel["interval"] == "5s", panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["targets"], panel["title"]
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
    assert max(Counter(panel["id"] for panel in dashboards()[name]["panels"]).values()) == 1


@pytest.mark.parametrize("name", sorted(dashboards()))
def test_panels_do_not_overlap(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboards()[name]["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}  # fmt: skip
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells


@pytest.mark.parametrize(
    "asked", [*queries(), *annotation_queries()], ids=lambda asked: f"{asked.dashboard}-{asked.panel}"
)
def test_variables_stand_only_in_label_matchers(asked) -> None:
    outside = MATCHER.sub("", asked.expr)
    inside = " ".join(MATCHER.findall(asked.expr))

    assert set(re.findall(r"\$\w+", outside)) <= set(BUILT_IN)
    assert set(re.findall(r"\$\w+", inside)) <= {f"${name}" for name in VARIABLES[1:]}
    assert "${" not in asked.expr


@pytest.mark.parametrize(
    "asked", [*queries(), *annotation_queries()], ids=lambda asked: f"{asked.dashboard}-{asked.panel}"
)
def test_every_metric_of_a_panel_exists(asked, known_metrics) -> None:
    named = metric_names(asked.filled)

    assert named
    assert named <= known_metrics, named - known_metrics
