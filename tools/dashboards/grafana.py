"""Write a dashboard down as Grafana imports and provisions it: no data source, no id of one installation in it."""

from typing import Any

from dashboard import Dashboard, Kind, Panel, Query, Row

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
SHORTEST_STEP = "5s"
"""Without it the rate interval follows the data source's (usual 30 s), and short runs look flat."""
HEIGHTS = {Kind.STAT: 4, Kind.LINES: 8, Kind.HEATMAP: 9, Kind.TABLE: 8}
COLUMNS = 24
TAG = "perf-platform"
Json = dict[str, Any]


def as_json(dashboard: Dashboard) -> Json:
    """Return the dashboard as Grafana's model (schema 39, Grafana 10.3 and newer)."""
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "description": dashboard.description,
        "tags": [TAG],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "timezone": "browser",
        "refresh": dashboard.refresh,
        "time": {"from": "now-15m", "to": "now"},
        "links": [_link()],
        "templating": {"list": _variables(dashboard)},
        "annotations": {"list": _annotations()},
        "panels": _panels(dashboard.rows),
    }


def _link() -> Json:
    return {
        "type": "dashboards",
        "title": "Dashboards",
        "tags": [TAG],
        "asDropdown": True,
        "includeVars": True,
        "keepTime": True,
        "targetBlank": False,
    }


def _variables(dashboard: Dashboard) -> list[Json]:
    anchor = dashboard.anchor
    return [
        {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "refresh": 1},
        _labels("namespace", "Namespace", f"label_values({anchor}, namespace)"),
        _labels("job", "Job", f'label_values({anchor}{{namespace=~"$namespace"}}, job)'),
        _labels("run", "Run", 'label_values(locust_run_info{namespace=~"$namespace"}, run_id)'),
    ]


def _labels(name: str, label: str, query: str) -> Json:
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": query, "refId": f"variable-{name}"},
        "refresh": 2,
        "sort": 2 if name == "run" else 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
    }


def _annotations() -> list[Json]:
    return [
        _annotation(
            "Runs", "blue", 'locust_run_info{run_id=~"$run"}', "run {{run_id}}", "{{scenario}} on {{target}}"
        ),
        _annotation("Ramp-up", "purple", 'locust_run_state{state="spawning"} == 1', "ramp-up", "users are started"),
        _annotation(
            "Alerts",
            "red",
            'ALERTS{alertname=~"Perf.*",alertstate="firing"}',
            "{{alertname}}",
            "{{instance}} {{job}}",
        ),
    ]


def _annotation(name: str, color: str, expr: str, title: str, text: str) -> Json:
    return {
        "name": name,
        "datasource": DATASOURCE,
        "enable": True,
        "hide": False,
        "iconColor": color,
        "expr": expr,
        "step": SHORTEST_STEP,
        "titleFormat": title,
        "textFormat": text,
        "useValueForTime": False,
    }


def _panels(rows: tuple[Row, ...]) -> list[Json]:
    panels: list[Json] = []
    top = 0
    for row in rows:
        heading = {"id": len(panels) + 1, "type": "row", "title": row.title, "collapsed": False, "panels": []}
        panels.append({**heading, "gridPos": {"x": 0, "y": top, "w": COLUMNS, "h": 1}})
        top, left, tallest = top + 1, 0, 0
        for panel in row.panels:
            height = HEIGHTS[panel.kind]
            if left + panel.width > COLUMNS:
                top, left, tallest = top + tallest, 0, 0
            place = {"x": left, "y": top, "w": panel.width, "h": height}
            panels.append(_panel(panel, len(panels) + 1, place))
            left, tallest = left + panel.width, max(tallest, height)
        top += tallest
    return panels


def _panel(panel: Panel, number: int, place: Json) -> Json:
    targets = [_target(panel.kind, query, chr(ord("A") + index)) for index, query in enumerate(panel.queries)]
    return {
        "id": number,
        "type": str(panel.kind),
        "title": panel.title,
        "description": panel.description,
        "datasource": DATASOURCE,
        "interval": SHORTEST_STEP,
        "gridPos": place,
        "targets": targets,
        "fieldConfig": {"defaults": _field_defaults(panel), "overrides": []},
        "options": _options(panel),
        **({"transformations": _table_transformations()} if panel.kind is Kind.TABLE else {}),
    }


def _target(kind: Kind, query: Query, name: str) -> Json:
    now = kind in {Kind.STAT, Kind.TABLE}
    return {
        "refId": name,
        "datasource": DATASOURCE,
        "editorMode": "code",
        "expr": query.expr,
        "legendFormat": query.legend or "__auto",
        "format": {Kind.TABLE: "table", Kind.HEATMAP: "heatmap"}.get(kind, "time_series"),
        "instant": now,
        "range": not now,
    }


def _field_defaults(panel: Panel) -> Json:
    defaults: Json = {"unit": panel.unit}
    if panel.kind is Kind.STAT:
        defaults |= {"noValue": "none yet", "color": {"mode": "fixed", "fixedColor": "text"}}
    if panel.kind is Kind.LINES:
        drawn = (
            {"fillOpacity": 30, "stacking": {"mode": "normal", "group": "A"}} if panel.stacked else {"fillOpacity": 5}
        )
        defaults |= {"min": 0, "custom": {"drawStyle": "line", "lineWidth": 1, "showPoints": "never", **drawn}}
    return defaults


def _options(panel: Panel) -> Json:
    if panel.kind is Kind.STAT:
        reduce = {"calcs": ["lastNotNull"], "fields": "", "values": False}
        return {"reduceOptions": reduce, "textMode": "name" if panel.by_name else "auto", "graphMode": "none"}
    if panel.kind is Kind.HEATMAP:
        return {
            "calculate": False,
            "yAxis": {"unit": panel.unit},
            "cellGap": 0,
            "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64, "exponent": 0.5},
            "tooltip": {"mode": "single", "yHistogram": True},
        }
    if panel.kind is Kind.TABLE:
        return {"showHeader": True, "cellHeight": "sm"}
    legend = {"displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull", "max"], "showLegend": True}
    return {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}


def _table_transformations() -> list[Json]:
    return [
        {"id": "merge", "options": {}},
        {"id": "organize", "options": {"excludeByName": {"Time": True, "__name__": True, "instance": True}}},
    ]
