"""Workers that join a run that is on: Locust may have put them to work before the plugin is there."""

from locust.runners import STATE_RUNNING, STATE_SPAWNING, WorkerRunner


def is_at_work(runner: WorkerRunner) -> bool:
    """Return whether the master has asked for users already, so that nobody will fire `test_start` again.

    `worker_state` says so with the message; `state` only when the first user is started.
    """
    return runner.worker_state in {STATE_SPAWNING, STATE_RUNNING}
