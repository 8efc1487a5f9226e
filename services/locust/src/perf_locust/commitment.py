"""Users that are about to begin an iteration: when Locust stops one, it is to wait for it and not to kill it.

Locust kills whoever waits. Between the end of the waiting time and the iteration it lets other greenlets go first; a
kill that is decided then tears the iteration: what its client has sent by then nobody records.
"""

from typing import Any

from locust import TaskSet
from locust.user.task import LOCUST_STATE_RUNNING, LOCUST_STATE_WAITING

from perf_locust.users.arrival_rate import ArrivalRateUser


def user_of(owner: Any) -> Any:
    """Return the user that this is, or whose task set this is; users may have an attribute `user` of their own."""
    return owner.user if isinstance(owner, TaskSet) else owner


def commit(owner: Any) -> None:
    """Note, right before Locust waits no more or shortly, that this user, or the user of this task set, goes on.

    Users with an arrival rate give their start back instead.
    """
    user = user_of(owner)
    if user._state == LOCUST_STATE_WAITING and not isinstance(user, ArrivalRateUser):  # noqa: SLF001
        user._state = LOCUST_STATE_RUNNING  # noqa: SLF001
