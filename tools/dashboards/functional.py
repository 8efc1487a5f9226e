"""What the functional tests of the deployed service said."""

from dashboard import Dashboard, Kind, Panel, Query, Row
from promql import of_here

TESTS = "perf_functional_tests"
AT = "perf_functional_last_run_timestamp_seconds"

FUNCTIONAL = Dashboard(
    "perf-functional",
    "Functional tests",
    "Outcome of the black-box tests that run after every install and upgrade.",
    "locust_up",
    (
        Row(
            "Last run",
            (
                Panel(
                    "Outcomes",
                    "Tests by how they ended.",
                    "short",
                    (Query(f"sum by (outcome) ({of_here(TESTS)})", "{{outcome}}"),),
                    Kind.STAT,
                    12,
                ),
                Panel(
                    "Age",
                    "Time since they last ended.",
                    "s",
                    (Query(f"time() - max({of_here(AT)})", "age"),),
                    Kind.STAT,
                    12,
                ),
            ),
        ),
        Row(
            "Over time",
            (
                Panel(
                    "Outcomes over time",
                    "Each step is a run of the tests.",
                    "short",
                    (Query(f"sum by (outcome) ({of_here(TESTS)})", "{{outcome}}"),),
                    width=24,
                    stacked=True,
                ),
            ),
        ),
    ),
)
