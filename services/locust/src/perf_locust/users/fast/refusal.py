"""What FastUser refuses, each with the class that can do it."""

from locust.exception import LocustError

FAST, PLAIN = "locust.FastHttpUser", "locust.HttpUser"
_ARGUMENTS = {
    "stream": FAST,
    "files": FAST,
    "max_retries": FAST,
    "max_redirects": FAST,
    "to_string": FAST,
    "debug_stream": FAST,
    "proxies": PLAIN,
    "verify": PLAIN,
    "cert": PLAIN,
    "hooks": PLAIN,
    "cookies": PLAIN,
}
ATTRIBUTES = {"proxy_host": FAST, "proxy_port": FAST, "client_pool": FAST, "pool_manager": PLAIN, "max_retries": FAST}
"""Attributes of other user classes that would be without effect here."""


class NotSupportedError(LocustError):
    """Raised when FastUser is asked for something that another user class can do."""

    def __init__(self, what: str, instead: str) -> None:
        """Say what is refused, and the class to derive from instead."""
        super().__init__(f"FastUser does not support {what}; derive this user from {instead} instead")


def refuse_arguments(arguments: dict[str, object]) -> None:
    """Refuse those of a request's arguments that are not supported.

    Raises:
        NotSupportedError: one of them would change the request.
    """
    for name, value in arguments.items():
        if name not in _ARGUMENTS:
            raise TypeError(
                f"request() got an unexpected keyword argument {name!r}; query parameters go into params="
            )
        if value:
            raise NotSupportedError(f"{name}={value!r}", _ARGUMENTS[name])


def refuse_attributes(user_class: type) -> None:
    """Refuse a user class with settings that FastUser would ignore.

    Raises:
        NotSupportedError: it has one.
    """
    for name, instead in ATTRIBUTES.items():
        if getattr(user_class, name, None):
            raise NotSupportedError(f"{name} (of {user_class.__name__})", instead)
