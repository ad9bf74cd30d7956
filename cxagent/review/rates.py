"""How often: sign-ins and calls per address, calls per key, verdicts per person; beyond that one waits."""

import hashlib
import math
import time

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import Request

from cxagent.inbox import Person
from cxagent.review.settings import Rates

API, SIGN_IN = "/api/", "/sign-in"


class Meter:
    """Counts what came in lately, in this process."""

    def __init__(self, rates: Rates) -> None:
        self._window = MovingWindowRateLimiter(MemoryStorage())
        self._sign_in, self._api = parse(rates.sign_in), parse(rates.api)
        self._calls, self._verdicts = parse(rates.calls), parse(rates.verdicts)

    def address(self, request: Request, address: str) -> int | None:
        """Return for how many seconds an address, or the key that it presents, has to wait; None where it has not."""
        path = request.url.path
        if path.startswith(API):
            return self._wait(self._calls, "calls", address) or self._wait(self._api, "api", _key(request))
        # To look at the door is no attempt; to knock is.
        if path.startswith(SIGN_IN) and (request.method == "POST" or path != SIGN_IN):
            return self._wait(self._sign_in, "sign-in", address)
        return None

    def person(self, request: Request, person: Person | None) -> int | None:
        """Return for how many seconds a person has to wait before they may send in more; None where they have not."""
        if person is None or request.method != "POST":
            return None
        return self._wait(self._verdicts, "verdicts", person.name)

    def _wait(self, rate: RateLimitItem, *whose: str) -> int | None:
        if self._window.hit(rate, *whose):
            return None
        return max(1, math.ceil(self._window.get_window_stats(rate, *whose).reset_time - time.time()))


def _key(request: Request) -> str:
    """Return what stands for the key of a request: whoever guesses at a key does not use up what its owner may ask."""
    return hashlib.sha256(request.headers.get("authorization", "").encode()).hexdigest()
