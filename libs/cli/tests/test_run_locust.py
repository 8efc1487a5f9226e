"""Everything an ordinary Locust user brings works in `run`: files, folders, variables, tags, shapes, arguments."""

import re
import subprocess
import sys
import time

from perf_core.ports import free_port

SECOND = """
from locust import FastHttpUser, constant, task
class Second(FastHttpUser):
    wait_time = constant(0.05)
    @task
    def page(self): self.client.get("/second")
"""
OWN_ARGUMENTS = """
from locust import FastHttpUser, constant, events, task
@events.init_command_line_parser.add_listener
def _(parser):
    parser.add_argument("--shop", default="/none")
class Own(FastHttpUser):
    wait_time = constant(0.05)
    @task
    def page(self): self.client.get(self.environment.parsed_options.shop)
"""
SHAPE = """
from locust import FastHttpUser, LoadTestShape, constant, task
from names import PATH
class Shaped(FastHttpUser):
    wait_time = constant(0.05)
    @task
    def page(self): self.client.get(PATH)
class Steps(LoadTestShape):
    def tick(self):
        return (2, 10) if self.get_run_time() < 2 else (6, 10) if self.get_run_time() < 4 else None
"""
LOAD = ("--users", "4", "--run-time", "3s")


def test_several_locustfiles_make_one_run(command, server) -> None:
    (command.folder / "second.py").write_text(SECOND)

    done = command("run", "-f", "shop.py,second.py", "--host", server.url, *LOAD, "--workers", "2")

    assert done.returncode == 0, done.stdout + done.stderr
    (run,) = command.runs()
    assert run["scenario"] == "shop+second"
    assert set(command.endpoints(run["id"])) == {"/", "/other", "/second"}
    assert run["requests"] == sum(server.asked.values())


def test_a_folder_of_locustfiles_and_locusts_variables(command, server) -> None:
    (command.folder / "load").mkdir()
    (command.folder / "load" / "one.py").write_text(SECOND)
    (command.folder / "load" / "two.py").write_text(SECOND.replace("Second", "Third").replace("/second", "/third"))

    done = command("run", "-f", "load", LOCUST_HOST=server.url, LOCUST_USERS="4", LOCUST_RUN_TIME="3s")

    assert done.returncode == 0, done.stdout + done.stderr
    assert set(command.endpoints(command.runs()[0]["id"])) == {"/second", "/third"}


def test_locust_conf_is_enough(command, server) -> None:
    conf = f"locustfile = shop.py\nhost = {server.url}\nusers = 4\nrun-time = 3s\ntags = other\nheadless = true\n"
    (command.folder / "locust.conf").write_text(conf)

    done = command("run")

    assert done.returncode == 0, done.stdout + done.stderr
    (run,) = command.runs()
    assert run["scenario"] == "shop"
    assert set(command.endpoints(run["id"])) == {"/other"}
    assert run["users"] == 4


def test_our_own_file_is_enough_and_its_mail_is_checked_before_the_run(command, server) -> None:
    (command.folder / "perf-platform.toml").write_text(
        f'host = "{server.url}"\nusers = 4\nrun_time = 3\nscenario = "filed"\n[labels]\nteam = "shop"\n'
    )

    done = command("run", "-f", "shop.py")
    wrong = command("run", "-f", "shop.py", PERF_SMTP_HOST="127.0.0.1", PERF_SMTP_TO="nobody")

    assert done.returncode == 0, done.stdout + done.stderr
    (run,) = command.runs()
    assert (run["scenario"], run["labels"]["team"]) == ("filed", "shop")
    assert wrong.returncode == 2
    assert "PERF_SMTP_TO" in wrong.stderr


def test_what_follows_the_dashes_goes_to_locust_unchanged(command, server) -> None:
    (command.folder / "own.py").write_text(OWN_ARGUMENTS)

    done = command(
        *("run", "-f", "own.py", "--host", server.url, *LOAD, "--workers", "2", "--"),
        *("--shop", "/own?a=1&b=two words", "--html", "out.html", "--csv", "figures", "-u", "6"),
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert set(server.asked) == {"/own?a=1&b=two%20words"}
    (run,) = command.runs()
    assert run["users"] == 6
    assert run["id"] in (command.folder / "out.html").read_text()
    assert (command.folder / "figures_stats.csv").read_text().count("/own") == 1


def test_tags_choose_tasks_in_every_worker(command, server) -> None:
    done = command(
        "run",
        "-f",
        "shop.py",
        "--host",
        server.url,
        *LOAD,
        "--workers",
        "2",
        "--",
        "--tags",
        "other",
        "--loglevel",
        "INFO",
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert set(server.asked) == {"/other"}


def test_a_shape_decides_users_and_length(command, server) -> None:
    (command.folder / "steps.py").write_text(SHAPE)
    (command.folder / "names.py").write_text("PATH = '/shaped'\n")

    done = command("run", "-f", "steps.py", "--host", server.url, "--workers", "2")

    assert done.returncode == 0, done.stdout + done.stderr
    (run,) = command.runs()
    assert run["requests"] == server.asked["/shaped"] > 50
    stages = [event["text"] for event in command.facts(run["id"])["events"] if event["kind"] == "stage"]
    assert stages == ["stage 1: to 6 users", "stage 2: 6 users"]


def test_wait_gives_the_target_time_to_come_up(command) -> None:
    port = free_port()
    load = ("run", "-f", "shop.py", "--host", f"http://127.0.0.1:{port}", *LOAD, "--wait", "60s")
    process = command.start(*load)
    deadline = time.monotonic() + 60
    while "waiting up to 60 s" not in command.output():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(2)
    late = subprocess.Popen(
        [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"],
        cwd=command.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    code = process.wait(120)
    late.kill()
    late.wait()

    (run,) = command.runs()
    assert run["requests"] > 0, command.output()
    assert code != 6, command.output()


def test_wait_ends_and_the_run_is_invalid(command) -> None:
    done = command("run", "-f", "shop.py", "--host", "http://127.0.0.1:9", *LOAD, "--wait", "2s")

    assert done.returncode == 6
    assert "cannot be reached" in done.stdout + done.stderr
    assert command.runs()[0]["validity"] == "INVALID"


def test_locusts_own_html_file_has_our_section_with_the_comparison(command, server) -> None:
    first = command("run", "-f", "shop.py", "--host", server.url, *LOAD)
    baseline = command.runs()[0]["id"]
    command("baseline", "set", baseline, "--force")

    command("run", "-f", "shop.py", "--host", server.url, *LOAD, "--", "--html", "locust.html")

    assert first.returncode == 0, first.stdout + first.stderr
    page = (command.folder / "locust.html").read_text()
    section = re.search(r'<section class="pf-report".*?</section>', page, re.DOTALL)
    assert section
    judged = command.runs()[0]
    assert judged["baseline"] == baseline
    assert judged["verdict"] in section[0]
    assert baseline in section[0]
    assert "window.templateArgs" in page
