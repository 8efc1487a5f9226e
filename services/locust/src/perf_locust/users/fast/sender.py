"""From a request to what came of it: cookies, redirections, content coding, failures."""

from time import perf_counter

from geventhttpclient.useragent import ConnectionError as RequestError

from perf_locust.users.fast.answer import Answer
from perf_locust.users.fast.coding import decoded
from perf_locust.users.fast.cookies import Cookies
from perf_locust.users.fast.failure import FAILURES, REDIRECTIONS, VALID, bad_status, endless, named, not_followed
from perf_locust.users.fast.request import Request
from perf_locust.users.fast.transfer import Limits, Transfer


class Sender:
    """Sends the requests of one user; a failure is an answer with an error, never an exception."""

    def __init__(self, transfer: Transfer, cookies: Cookies) -> None:
        """Send with the cookies of that jar, and put new ones into it."""
        self._transfer, self._cookies = transfer, cookies

    def send(self, request: Request, limits: Limits, redirections: int) -> Answer:
        """Return what came of a request, after at most so many redirections; with none, they are not followed."""
        first = request.url
        past: list[Answer] = []
        while True:
            answer = self._once(request, limits)
            if not redirections or answer.location is None or answer.error is not None:
                if past:
                    answer.history = past
                return answer
            past.append(answer)
            try:
                if len(past) > redirections:
                    raise endless(first, redirections)
                request = request.redirected(answer.status_code, answer.location)
            except (RequestError, ValueError) as error:
                return _failed(request, not_followed(error, request.url), answer.arrived)

    def _once(self, request: Request, limits: Limits) -> Answer:
        if self._cookies.filled and "cookie" not in request.lines:
            request = request.with_cookie(self._cookies.header_for(request))
        try:
            answer = self._transfer.exchange(request, limits)
        except FAILURES as error:
            return _failed(request, named(error, request.url), perf_counter())
        if answer.status_code not in VALID:
            answer.error = bad_status(answer.status_code, request.url)
        for name, value in answer.raw:
            if len(name) in _LENGTHS and (known := name.lower()) in _NOTED:
                self._note(answer, known, value)
        return answer

    def _note(self, answer: Answer, name: bytes, value: bytes) -> None:
        if name == b"set-cookie":
            self._cookies.take_from(answer)
        elif name == b"location":
            if answer.status_code in REDIRECTIONS:
                answer.location = value.decode("latin-1")
        else:
            try:
                answer.content = decoded(answer.content or b"", value.lower())
            except FAILURES as error:
                answer.content, answer.error = None, answer.error or error


_NOTED = frozenset({b"set-cookie", b"location", b"content-encoding"})
_LENGTHS = frozenset(map(len, _NOTED))
"""Most headers are none of them by their length alone."""


def _failed(request: Request, error: BaseException, at: float) -> Answer:
    answer = Answer(request, 0, (), None)
    answer.error, answer.arrived = error, at
    return answer
