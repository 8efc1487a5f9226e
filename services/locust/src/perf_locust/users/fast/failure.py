"""What counts as a failed request, named as FastHttpUser names it, so that one report can be held against another."""

import errno
import zlib

import brotli
import gevent
from geventhttpclient.response import HTTPParseError
from geventhttpclient.useragent import ConnectionError as RequestError
from geventhttpclient.useragent import RetriesExceeded, UnsupportedRedirectSchemeError
from locust.contrib.fasthttp import LocustBadStatusCode, LocustUserAgent

FAILURES = (OSError, HTTPParseError, RequestError, gevent.Timeout, zlib.error, brotli.error)
"""What makes a request fail; anything else is an error of the task."""
REDIRECTIONS = LocustUserAgent.redirect_response_codes
VALID = LocustUserAgent.valid_response_codes
_GIVEN_UP = {errno.ETIMEDOUT, errno.ENOLINK, errno.ENOENT, errno.EPIPE}


def bad_status(status: int, url: str) -> Exception:
    """Return the failure of a response with a status that is not valid."""
    return LocustBadStatusCode(url, code=status)


def named(error: BaseException, url: str) -> BaseException:
    """Return a failure under the name that FastHttpUser gives it."""
    timed_out = isinstance(error, TimeoutError | gevent.Timeout)
    if not timed_out and getattr(error, "errno", None) not in _GIVEN_UP:
        return error
    given_up = RetriesExceeded(url, 0, original=error)
    given_up.__cause__ = error
    return given_up


def endless(url: str, most: int) -> Exception:
    """Return the failure of a request that was redirected too often."""
    return RetriesExceeded(url, f"Redirection limit reached ({most})")


def not_followed(error: Exception, url: str) -> Exception:
    """Return the failure of a request whose redirection leads nowhere."""
    return error if isinstance(error, RequestError) else UnsupportedRedirectSchemeError(url, str(error))
