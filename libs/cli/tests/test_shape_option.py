"""`run --shape`: a real search on a real server, and shapes that cannot be used."""

import pytest

SEARCH = 'kind = "search"\nlowest = 20\nhighest = 30\nevery = 5\nusers = 6\n'


def test_a_search_says_the_highest_rate_and_the_run_does_not_fail_for_it(command, server) -> None:
    (command.folder / "search.toml").write_text(SEARCH)

    done = command("run", "-f", "shop.py", "--host", server.url, "--shape", "search.toml", "--threshold", "p95 < 30s")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "the highest level that keeps all thresholds is 30/s, the highest that was asked for" in done.stdout
    (run,) = command.runs()
    assert run["requests"] == sum(server.asked.values()) > 200


@pytest.mark.parametrize(
    ("shape", "more", "sentence"),
    [
        (SEARCH, (), "a search needs a threshold to look for; add one, like --threshold 'p95 < 300ms'"),
        (SEARCH, ("--threshold", "p95 < baseline + 10%"), "leave out the baseline and 'for'"),
        ('kind = "ramp"', (), "the shape search.toml: a ramp needs 'to'"),
        (None, (), "the shape search.toml cannot be read (No such file or directory)"),
    ],
    ids=["no threshold", "relative threshold", "incomplete", "no file"],
)
def test_a_shape_that_cannot_be_used_is_told(
    command, shape: str | None, more: tuple[str, ...], sentence: str
) -> None:
    if shape is not None:
        (command.folder / "search.toml").write_text(shape)

    done = command("run", "-f", "shop.py", "--host", "http://127.0.0.1:9", "--shape", "search.toml", *more)

    assert done.returncode == 2, done.stderr
    assert sentence in done.stderr
