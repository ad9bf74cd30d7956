"""The way from a claim to an effect holds in whatever order runs, crashes, people and the clock take it."""

import tempfile
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from interleaving import Mood, Stage
from interleaving_guards import GUARDS, Guard, Removal, nobody_is_at_work, taken_over_by_two

PEOPLE = ("Lena Hartmann", "Priya Nair")
KINDS = ("sa", "sb", "ma", "mb")
"""Small or middle account, the bell last or first."""
MOST_TICKETS = 3
MOODS: tuple[Mood, ...] = ("refuses", "breaks", "loses the answer")
pick = st.integers(min_value=0, max_value=5)


@cache
def stage() -> Stage:
    """Return the one stage; it is emptied before every example."""
    return Stage(Path(tempfile.mkdtemp()))


class Runs(RuleBasedStateMachine):
    """Runs on three tickets at most that take turns, die, stand still and are finished by others."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = stage()
        self.stage.reset()
        self._open = self.stage.open()
        self._open.__enter__()
        self.tickets = 0

    def going(self) -> list[Any]:
        """Return the actors that are not done."""
        return [actor for actor in self.stage.actors if not actor.over]

    def some(self, number: int) -> Any:
        """Return one of the actors that are not done."""
        return self.going()[number % len(self.going())]

    def check(self) -> None:
        """Let nothing be broken, and nobody meet what is not a sentence of ours."""
        assert (self.stage.broken, self.stage.errors()) == ([], [])

    @precondition(lambda self: self.tickets < MOST_TICKETS)
    @rule(kind=st.sampled_from(KINDS), again=st.booleans())
    def deliver(self, kind: str, again: bool) -> None:
        """A ticket comes in, or the customer of the last one writes again."""
        follows = f"T-{self.tickets}" if again and self.tickets else None
        if follows is not None:
            kind = self.kind
        self.kind = kind
        self.tickets += 1
        self.stage.asks(f"T-{self.tickets}", kind, follows=follows)

    @precondition(lambda self: self.tickets and len(self.going()) < 4)
    @rule(number=pick)
    def deliver_again(self, number: int) -> None:
        """The helpdesk delivers a ticket once more."""
        self.stage.delivers(f"T-{number % self.tickets + 1}")

    @precondition(lambda self: self.stage.drafts() and len(self.going()) < 4)
    @rule(number=pick, verdict=st.sampled_from(("approve", "approve", "edit", "reject")), by=st.sampled_from(PEOPLE))
    def decide(self, number: int, verdict: str, by: str) -> None:
        """Somebody decides a draft, also one that is decided or withdrawn."""
        drafts = self.stage.drafts()
        self.stage.decides(drafts[number % len(drafts)], verdict, by)

    @precondition(lambda self: self.tickets and len(self.going()) < 4)
    @rule()
    def recover(self) -> None:
        """A recovery begins."""
        self.stage.recovers()

    @precondition(lambda self: self.going())
    @rule(number=pick, turns=st.sampled_from((1, 1, 2, 3, 5, 8, 14, 40)))
    def go_on(self, number: int, turns: int) -> None:
        """One actor goes on for some transactions."""
        self.stage.advance(self.some(number), turns)
        self.check()

    @precondition(lambda self: self.going())
    @rule(number=pick)
    def die(self, number: int) -> None:
        """One actor ends where it stands."""
        self.stage.kill(self.some(number))
        self.check()

    @precondition(lambda self: self.going())
    @rule(number=pick)
    def stand_still(self, number: int) -> None:
        """One actor is taken for dead by everybody, and may go on later all the same."""
        self.stage.forget(self.some(number))

    @rule(minutes=st.sampled_from((1, 61, 1500)))
    def wait(self, minutes: int) -> None:
        """Time passes: authorizations expire, claims end."""
        self.stage.now += timedelta(minutes=minutes)

    @precondition(lambda self: not self.stage.moods)
    @rule(mood=st.sampled_from(MOODS))
    def fail(self, mood: Mood) -> None:
        """The next effect is refused, breaks off, or happens without an answer."""
        self.stage.moods.append(mood)

    def teardown(self) -> None:
        """Everything comes to rest, and nothing is left over."""
        try:
            unsettled = self.stage.settled() if self.stage.actors and not self.stage.broken else []
            self.check()
            assert unsettled == []
        finally:
            self._open.__exit__(None, None, None)


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    """Leave no thread behind."""
    yield
    stage().reset()


def test_any_order_of_runs_crashes_and_verdicts() -> None:
    """R7, R11: no order gives a second effect, a reply after a handoff, money over the limit, or a ticket left over."""
    run_state_machine_as_test(
        Runs,
        settings=settings(
            max_examples=200,
            stateful_step_count=30,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def broken(guard: Guard, removals: Iterable[Removal]) -> list[str]:
    """Play the order of runs that a guard is there for, some guards taken out; return the laws that it broke."""
    on = stage()
    on.reset()
    with pytest.MonkeyPatch.context() as patch, on.open():
        for removal in removals:
            removal(patch, on)
        guard.scene(on)
        return list(on.broken)


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name.replace(" ", "-"))
def test_each_guard_is_needed(guard: Guard) -> None:
    """R7, R11: with its guard an order of runs breaks no law, without it it breaks one; any one of several is enough."""
    for kept in guard.removals:
        assert broken(guard, [one for one in guard.removals if one is not kept]) == []
    assert guard.law in broken(guard, guard.removals)


def test_who_goes_on_with_an_effect_first() -> None:
    """Of two runs that come to go on with an effect that has a key, one goes on, and the other one says so."""
    on = stage()
    with on.open():
        taken_over_by_two(on)
        assert (on.broken, [bool(actor.said) for actor in on.actors]) == ([], [False, True, False])
