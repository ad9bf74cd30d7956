"""Asking all sources side by side inside one deadline; a source that fails costs its own sections and no more."""

import contextvars
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, stop_before_delay, wait_random_exponential

from cxagent.domain.account import Account, Answers, Fault, Mismatch
from cxagent.domain.money import Fx
from cxagent.errors import BadInput, Denied, Transient
from cxagent.sources.breaker import Breaker, BreakerSettings
from cxagent.sources.merging import merge
from cxagent.sources.seam import Source

Failure = Literal["timeout", "error", "denied"]
_ATTEMPTS, _FIRST_WAIT, _LONGEST_WAIT = 2, 0.05, 0.5


@dataclass
class _Findings:
    """What one source said: candidates, their relatives, documents, contradictions."""

    primaries: dict[str, None] = field(default_factory=dict)
    relatives: dict[str, None] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    mismatches: dict[Mismatch, None] = field(default_factory=dict)

    def add(self, other: "_Findings") -> None:
        """Take in what a second question found."""
        self.primaries.update(other.primaries)
        self.relatives.update(other.relatives)
        self.accounts.update(other.accounts)
        self.mismatches.update(other.mismatches)

    @property
    def known(self) -> dict[str, None]:
        """Every account that was named, candidates first."""
        return {**self.primaries, **self.relatives}


def _inquire(source: Source, email: str, primaries: Iterable[str], relatives: Iterable[str]) -> _Findings:
    """Ask one source for the sender's accounts, their families, and all it knows of them."""
    found = _Findings(dict.fromkeys(primaries), dict.fromkeys(relatives))
    if email:
        found.primaries.update(dict.fromkeys(source.accounts_of(email)))
    for account_id in found.primaries:
        if account_id not in found.relatives:
            found.relatives.update(dict.fromkeys(source.family(account_id)))
    for account_id in found.known:
        document = source.account(account_id)
        if document is not None:
            found.accounts[account_id] = document
        found.mismatches.update(dict.fromkeys(source.mismatches(account_id)))
    return found


class _Call:
    """One question in a thread of its own, which ends with the process and may be left behind."""

    def __init__(self, line: "_Line", question: Callable[[], _Findings], back: "queue.SimpleQueue[_Line]") -> None:
        self.outcome: _Findings | Exception | None = None
        self._line, self._question, self._back = line, question, back
        self._lock, self._left = threading.Lock(), False
        # The context carries the frozen clock of a replay into the thread.
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(self._run,), daemon=True, name=f"source {line.source.name}").start()

    def _run(self) -> None:
        try:
            outcome: _Findings | Exception = self._question()
        except Exception as error:
            outcome = error
        with self._lock:
            self.outcome = outcome
            if self._left:
                self._line.breaker.came_back()
            else:
                self._back.put(self._line)

    def leave(self) -> bool:
        """Stop waiting; False where the answer came at the last moment."""
        with self._lock:
            self._left = self.outcome is None
            if self._left:
                self._line.breaker.lost()
            return self._left


@dataclass
class _Line:
    """One source, and how far the question to it has come."""

    source: Source
    breaker: Breaker
    found: _Findings = field(default_factory=_Findings)
    failure: Failure | None = None
    call: _Call | None = None

    def settle(self, outcome: _Findings | Exception | None) -> None:
        """Take in an answer or a failure; a refusal and unreadable data are answers of a source that is up."""
        self.call = None
        match outcome:
            case _Findings():
                self.found.add(outcome)
                self.breaker.answered()
                return
            case Denied() | BadInput():
                self.breaker.answered()
            case _:
                self.breaker.failed()
        self.failure = "error"
        if isinstance(outcome, Denied):
            self.failure = "denied"
        elif isinstance(outcome, TimeoutError):
            self.failure = "timeout"

    def faults(self) -> tuple[Fault, ...]:
        """Return a fault for each section of a failed source, and those that it lists itself."""
        if self.failure is None:
            return tuple(getattr(self.source, "faults", ()))
        return tuple(Fault(source=section, error=self.failure) for section in sorted(self.source.sections))


class Gather:
    """Asks every source about one sender and account; keep one as long as the process lives: it has the breakers."""

    def __init__(
        self,
        sources: Sequence[Source],
        *,
        deadline_seconds: float = 2.5,
        fx: Fx | None = None,
        breaker: BreakerSettings | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._deadline, self._fx = deadline_seconds, fx
        self._watched = [(source, Breaker(breaker or BreakerSettings(), clock)) for source in sources]

    def ask(self, email: str, account_id: str | None) -> Answers:
        """Return the documents of the candidates (the hint, the sender's accounts, their families) and all faults."""
        lines = [_Line(source, breaker) for source, breaker in self._watched]
        asking = _Asking(lines, email, account_id, time.monotonic() + self._deadline)
        asking.run()
        accounts, mismatches = _together(lines, asking.known())
        faults = dict.fromkeys(fault for line in lines for fault in line.faults())
        return Answers(accounts=accounts, fx=self._fx, faults=tuple(faults), mismatches=mismatches)

    def states(self) -> dict[str, str]:
        """Return how the breaker of every source stands."""
        return {source.name: breaker.state for source, breaker in self._watched}


class _Asking:
    """One question to all sources, until none has anything more to say or the time is up."""

    def __init__(self, lines: list[_Line], email: str, hint: str | None, ends: float) -> None:
        self.lines, self.hint, self.ends = lines, hint, ends
        self.back: queue.SimpleQueue[_Line] = queue.SimpleQueue()
        self.email = email

    def known(self) -> _Findings:
        """Return the candidates and relatives that any source has named so far."""
        known = _Findings({self.hint: None} if self.hint else {})
        for line in self.lines:
            known.primaries.update(line.found.primaries)
            known.relatives.update(line.found.relatives)
        return known

    def run(self) -> None:
        """Ask everyone, then ask about accounts that another source has named since."""
        first = self.known()
        for line in self.lines:
            self._ask(line, self.email, first)
        self._follow_up()
        while any(line.call for line in self.lines):
            try:
                line = self.back.get(timeout=max(0.0, self.ends - time.monotonic()))
            except queue.Empty:
                break
            if line.call:
                line.settle(line.call.outcome)
            self._follow_up()
        for line in self.lines:
            if line.call and line.call.leave():
                line.call, line.failure = None, "timeout"
            elif line.call:
                line.settle(line.call.outcome)

    def _follow_up(self) -> None:
        if len(self.lines) == 1:
            return
        again = True
        while again:
            known, again = self.known(), False
            for line in self.lines:
                mine = line.found.known
                news = _Findings(
                    {one: None for one in known.primaries if one not in mine},
                    {one: None for one in known.relatives if one not in mine},
                )
                if news.known and line.failure is None and line.call is None:
                    self._ask(line, "", news)
                    again = again or line.call is None

    def _ask(self, line: _Line, email: str, about: _Findings) -> None:
        if not line.breaker.admits():
            line.failure = "error"
        elif getattr(line.source, "instant", False):
            try:
                line.settle(_inquire(line.source, email, about.primaries, about.relatives))
            except Exception as error:
                line.settle(error)
        else:
            line.call = _Call(line, lambda: self._retried(line.source, email, about), self.back)

    def _retried(self, source: Source, email: str, about: _Findings) -> _Findings:
        retrying = Retrying(
            stop=stop_after_attempt(_ATTEMPTS) | stop_before_delay(max(0.0, self.ends - time.monotonic())),
            wait=wait_random_exponential(multiplier=_FIRST_WAIT, max=_LONGEST_WAIT),
            retry=retry_if_exception_type(Transient),
            reraise=True,
        )
        return retrying(_inquire, source, email, about.primaries, about.relatives)


def _together(lines: Sequence[_Line], known: _Findings) -> tuple[tuple[Account, ...], tuple[Mismatch, ...]]:
    """Return one document an account, the candidates first, and all contradictions."""
    accounts: list[Account] = []
    sound = [line for line in lines if line.failure is None]
    mismatches = {mismatch: None for line in sound for mismatch in line.found.mismatches}
    for account_id in known.known:
        documents = [
            (line.source.name, line.found.accounts[account_id]) for line in sound if account_id in line.found.accounts
        ]
        if len(documents) == 1:
            accounts.append(documents[0][1])
        elif documents:
            merged, differences = merge(documents)
            accounts.append(merged)
            mismatches.update(dict.fromkeys(differences))
    return tuple(accounts), tuple(mismatches)
