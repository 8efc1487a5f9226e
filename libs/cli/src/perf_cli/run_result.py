"""What is printed of a finished run, and the exit code it makes: of one here and of one on a remote master."""

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perf_core.model.run import RunInfo
from perf_core.model.verdict import Validity

if TYPE_CHECKING:
    from perf_core.compare.comparison import RunComparison
    from perf_core.notify import OutboxEntry


@dataclass(frozen=True, slots=True)
class Result:
    """A finished run.

    Attributes:
        report: path or address of its report.
        messages: what was to be sent of it.
        options: what a further command about it needs: which master it is on.
    """

    info: RunInfo
    comparison: "RunComparison"
    report: str
    messages: "list[OutboxEntry]"
    options: str = ""


def tell_result(result: Result, *, strict: bool) -> int:
    """Print the comparison and where the report is; return the exit code."""
    from perf_core.compare.exit_code import exit_code
    from perf_core.report.text import render_text

    info, comparison = result.info, result.comparison
    if info.requests:
        print(render_text(comparison))
    if info.validity is not Validity.VALID:
        reasons = "; ".join(info.validity_reasons)
        sys.stderr.write(f"perf-platform: run {info.id} is {info.validity}: {reasons}\n")
    elif comparison.baseline is None:
        print(f"nothing to compare with; promote this run: perf-platform baseline set {info.id}{result.options}")
    for event in info.events:
        if event.kind == "search_ended":
            print(event.text)
    print(f"report: {result.report}")
    _tell_messages(result)
    return exit_code(info, comparison, strict=strict)


def _tell_messages(result: Result) -> None:
    """Print how it stands with the mail and the webhook of a run."""
    from perf_cli.mail_command import state_of

    for entry in result.messages:
        print(f"{entry.channel}: {state_of(entry)}")
        if entry.sent_at is None and not result.options:
            option = "" if entry.channel == "mail" else " --webhook"
            print(f"it is kept; try it again with: perf-platform mail --resend {entry.run_id}{option}")
