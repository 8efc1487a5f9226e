"""`perf-platform data`: what a locustfile would be handed, and every row that would fail it."""

from pathlib import Path

import pytest

from perf_cli.__main__ import run_command_line


def test_a_source_is_shown_as_users_would_get_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "customers.csv"
    path.write_text("id;credit\n001;2.5\n002;\n")

    code = run_command_line(["data", str(path), "--columns", "id:str,credit:float | None", "--strategy", "unique"])

    assert code == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{path}: 2 rows, held in memory",
        "columns: id (str), credit (float)",
        "unique: all workers together get",
        '  {"id": "001", "credit": 2.5}',
        '  {"id": "002", "credit": null}',
        "  (no further row)",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["nope.csv"], 5, "nope.csv cannot be read (No such file or directory); name a file that can"),
        (["{file}", "--columns", "id:int,credit:float"], 5, "line 3: 'credit' is 'much', not a number; correct it"),
        (["{file}", "--columns", "id"], 2, "--columns is 'id'; write it like id:str,price:float"),
        (["{file}", "--collection", "x"], 2, "--collection and --query are of a database"),
        (["{file}", "--rows", "-1"], 2, "--rows is -1; give a number of at least 0"),
        (["mongodb://127.0.0.1:9/shop"], 2, "a database has many collections; name one with --collection"),
        (["mongodb://127.0.0.1:9/shop", "--collection", "x", "--query", "{"], 2, "--query is no JSON"),
    ],
)
def test_a_source_that_cannot_be_used_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, sentence: str
) -> None:
    path = tmp_path / "customers.csv"
    path.write_text("id,credit\n1,2.5\n2,much\n")

    assert (
        run_command_line(["data", *(each.format(file=path) if "{file}" in each else each for each in arguments)])
        == code
    )
    assert sentence in capsys.readouterr().err
