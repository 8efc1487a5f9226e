"""FastUser: Locust's FastHttpUser at a third of the processor time."""

from collections.abc import Mapping
from typing import Any

from locust import User
from locust.contrib.fasthttp import RestResponseContextManager
from locust.env import Environment
from locust.exception import StopTest
from locust.user.task import LOCUST_STATE_WAITING
from locust.user.users import RestMixin

from perf_locust.users.fast.refusal import refuse_attributes
from perf_locust.users.fast.session import FastSession
from perf_locust.users.fast.transfer import ContextFactory, Limits, Transfer


class FastUser(User, RestMixin[RestResponseContextManager]):
    """An HTTP user with the interface of FastHttpUser; to use it, change the import and the base class.

    What it does not support it refuses with the name of the class to use instead: streams, files, proxies, a
    connection pool that users share.
    """

    abstract = True
    network_timeout: float = 60.0
    """Seconds that the server may stay silent while a response is awaited."""
    connection_timeout: float = 60.0
    """Seconds in which a connection must be made."""
    max_redirects: int = 30
    insecure: bool = True
    """Whether any TLS certificate will do, as with FastHttpUser."""
    default_headers: Mapping[str, Any] | None = None
    """Headers of every request."""
    concurrency: int = 10
    """Requests of one user to one server at a time, if its task starts greenlets of its own."""
    ssl_context_factory: ContextFactory | None = None
    """What makes the TLS settings, if the default ones will not do."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse settings of FastHttpUser that would be without effect."""
        super().__init_subclass__(**kwargs)
        refuse_attributes(cls)

    def __init__(self, environment: Environment) -> None:
        """Make the client; no connection is made yet."""
        super().__init__(environment)
        if self.host is None:
            raise StopTest(
                "You must specify the base host, either in the host attribute of the user class, or with --host"
            )
        self.client = FastSession(
            self,
            self.host,
            Transfer(self.concurrency, insecure=self.insecure, context_factory=self.ssl_context_factory),
            Limits(self.connection_timeout, self.network_timeout),
            max_redirects=self.max_redirects,
            default_headers=self.default_headers,
        )

    def stop(self, force: bool = False) -> bool:
        """End the user: at once when it waits, else after its task."""
        self.client.give_way |= self._state == LOCUST_STATE_WAITING
        return bool(super().stop(force))
