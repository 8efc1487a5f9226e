"""Who may do what: one token for administration, and - if set - one for writing."""

import hmac
import ipaddress
from collections.abc import Callable

from starlette.requests import Request

from perf_api.http.problems import ProblemError
from perf_api.settings import Settings


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach a host."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def has_token(authorization: str, token: str) -> bool:
    """Compare an Authorization header with a token, in a time that tells nothing about it."""
    scheme, _, given = authorization.partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())


def check_admin(settings: Settings) -> Callable[[Request], None]:
    """Return the check of administrative requests.

    Without a token they are served only where nobody else can reach them: bound to a loopback address.
    """
    token = settings.admin_token.get_secret_value() if settings.admin_token else None
    open_to_all = token is None and is_loopback(settings.host)

    def check(request: Request) -> None:
        if open_to_all:
            return
        if token is None:
            raise ProblemError("forbidden", "administration is off here; set PERF_API_ADMIN_TOKEN to switch it on")
        if not has_token(request.headers.get("authorization", ""), token):
            raise token_required()

    return check


async def require_admin(request: Request) -> None:
    """Refuse who may not administer; a dependency of routes."""
    request.app.state.check_admin(request)


def token_required() -> ProblemError:
    """Return the answer to a request without the token it needs."""
    headers = {"WWW-Authenticate": 'Bearer realm="perf-api"'}
    return ProblemError("token-required", "send the token: Authorization: Bearer ...", headers=headers)
