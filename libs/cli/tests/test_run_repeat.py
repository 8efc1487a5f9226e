"""`run --repeat`: a series of real runs that is judged as one."""

import re

SAMPLES = "timestamp,method,name,duration,ok,bytes\n" + "".join(
    f"{1790000000 + at / 10},GET,/,0.002,1,5\n" for at in range(600)
)


def test_a_series_is_judged_together_against_one_baseline(command, server) -> None:
    (command.folder / "old.csv").write_text(SAMPLES)
    old = [command("import", "old.csv", "--scenario", "shop").stdout.split()[-1] for _ in range(2)]

    done = command(
        *("run", "-f", "shop.py", "--host", server.url, "--users", "6", "--run-time", "4s"),
        *("--repeat", "2", "--baseline", ",".join(old)),
    )
    judged, part, *_ = command.runs()
    facts = [command.facts(run["id"]) for run in (part, judged)]

    assert done.returncode in {0, 3, 4}, done.stdout + done.stderr  # 4 s beside an import: any verdict will do
    assert done.stdout.startswith(f"run 1 of 2: {part['id']}\n")
    assert f"run 2 of 2: {judged['id']}" in done.stdout
    assert [each["baseline"] for each in facts] == [old[0]] * 2
    assert [each["more_baselines"] for each in facts] == [[old[1]]] * 2
    assert [each["repeats"] for each in facts] == [[], [part["id"]]]
    assert [each["quiet"] for each in facts] == [True, False]
    assert re.search(rf"baseline {old[0]} \(.*\) with 1 more, current {judged['id']} \(.*\) with 1 more", done.stdout)


def test_a_series_ends_with_a_run_that_is_worth_nothing(command) -> None:
    done = command("run", "-f", "shop.py", "--host", "http://127.0.0.1:9", "--users", "2", "--repeat", "3")

    assert done.returncode == 6, done.stdout + done.stderr
    assert len(command.runs()) == 1
