"""The way from a claim to an effect holds in whatever order runs, crashes, people and the clock take it."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from interleaving import Actor, Stage
from interleaving_guards import GUARDS, Guard, Removal, nobody_is_at_work
from interleaving_outside import Mood
from interleaving_scenes import PAIRS, taken_over_by_two

PEOPLE = ("Lena Hartmann", "Priya Nair")
KINDS = ("sa", "sb", "ma", "mb")
"""Small or middle account, the bell last or first."""
MOST_TICKETS, MOST_ACTORS = 3, 4
VERDICTS = ("approve", "approve", "edit", "reject")
MOODS: tuple[Mood, ...] = ("refuses", "breaks", "loses the answer")
HAPPENINGS = ("stands still", "is taken for gone", "dies", "waits too long")
turns = st.one_of(st.integers(1, 26), st.just(400))
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
        self.tickets, self.kind = 0, KINDS[0]

    def going(self) -> list[Any]:
        """Return the actors that are not done."""
        return [actor for actor in self.stage.actors if not actor.over]

    def some(self, number: int) -> Any:
        """Return one of the actors that are not done."""
        return self.going()[number % len(self.going())]

    def go(self, actor: Actor, turns: int) -> None:
        """Let an actor go on, and look."""
        self.stage.advance(actor, turns)
        self.check()

    def check(self) -> None:
        """Let nothing be broken, and nobody meet what is not a sentence of ours."""
        assert (self.stage.broken, self.stage.errors()) == ([], [])

    @initialize(kind=st.sampled_from(KINDS))
    def first(self, kind: str) -> None:
        """A ticket comes in."""
        self.kind, self.tickets = kind, 1
        self.stage.asks("T-1", kind)

    @precondition(lambda self: self.tickets < MOST_TICKETS)
    @rule(kind=st.sampled_from(KINDS), again=st.booleans(), turns=turns)
    def deliver(self, kind: str, again: bool, turns: int) -> None:
        """Another ticket comes in, or the customer of the last one writes again."""
        follows = f"T-{self.tickets}" if again else None
        self.kind = self.kind if again else kind
        self.tickets += 1
        self.go(self.stage.asks(f"T-{self.tickets}", self.kind, follows=follows), turns)

    @precondition(lambda self: len(self.going()) < MOST_ACTORS)
    @rule(number=st.integers(0, 3), turns=turns)
    def come(self, number: int, turns: int) -> None:
        """A recovery begins, or the helpdesk delivers a ticket once more."""
        stage = self.stage
        self.go(stage.recovers() if number == 0 else stage.delivers(f"T-{number % self.tickets + 1}"), turns)

    @precondition(lambda self: self.stage.drafts() and len(self.going()) < MOST_ACTORS)
    @rule(number=pick, verdict=st.sampled_from(VERDICTS), by=st.sampled_from(PEOPLE), turns=turns)
    def decide(self, number: int, verdict: str, by: str, turns: int) -> None:
        """Somebody decides a draft, also one that is decided or withdrawn."""
        drafts = self.stage.drafts()
        self.go(self.stage.decides(drafts[number % len(drafts)], verdict, by), turns)

    @precondition(lambda self: self.going())
    @rule(number=pick, turns=turns)
    def go_on(self, number: int, turns: int) -> None:
        """One actor goes on for some transactions."""
        self.go(self.some(number), turns)

    @precondition(lambda self: self.going())
    @rule(number=pick, turns=st.integers(1, 3))
    def go_on_a_little(self, number: int, turns: int) -> None:
        """One actor goes on to one of its next stops."""
        self.go(self.some(number), turns)

    @precondition(lambda self: self.going())
    @rule(number=pick, dies=st.booleans())
    def is_gone(self, number: int, dies: bool) -> None:
        """One actor ends where it stands, or everybody takes it for dead and it goes on later."""
        if dies:
            self.stage.kill(self.some(number))
        else:
            self.stage.forget(self.some(number))
        self.check()

    @rule(what=st.sampled_from((1, 61, 1500, *MOODS)))
    def something_happens(self, what: int | Mood) -> None:
        """Time passes, or the next effect is refused, breaks off, or happens without an answer."""
        if isinstance(what, int):
            self.stage.now += timedelta(minutes=what)
        elif not self.stage.moods:
            self.stage.moods.append(what)

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


def many(examples: int) -> settings:
    """Return settings that always try the same examples, and more of them where the environment asks for more."""
    return settings(
        max_examples=examples * int(os.environ.get("CXAGENT_TEST_TIMES", "1")),
        stateful_step_count=24,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def test_any_order_of_runs_crashes_and_verdicts() -> None:
    """No order gives a second effect, a reply after a handoff, money over the limit, or a ticket left over."""
    run_state_machine_as_test(Runs, settings=many(60))


def test_presence_only_spares_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where every run takes every other one for gone, the same laws hold: nothing rests on who seems to be at work."""
    nobody_is_at_work(monkeypatch)
    run_state_machine_as_test(Runs, settings=many(20))


def side_by_side(pair: str, what: str, first: int, then: int) -> list[str]:
    """Let one run go on to somewhere, something happen to it, another one go on to somewhere; return what is wrong."""
    on = stage()
    on.reset()
    with on.open():
        one, another = PAIRS[pair](on)
        on.advance(one, first)
        match what:
            case "is taken for gone":
                on.forget(one)
            case "dies":
                on.kill(one)
            case "waits too long":
                on.now += timedelta(minutes=61)
        on.advance(another(), then)
        on.finish(one)
        return [*on.settled(), *on.broken, *on.errors()]


@given(pair=st.sampled_from(sorted(PAIRS)), what=st.sampled_from(HAPPENINGS), first=st.integers(0, 26), then=turns)
@many(150)
def test_two_runs_side_by_side(pair: str, what: str, first: int, then: int) -> None:
    """One run stands still, dies or waits anywhere, another one goes on to anywhere: no law is broken."""
    assert side_by_side(pair, what, first, then) == []


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
    """With a guard an order of runs breaks no law, without it it breaks one; any one of several is enough."""
    for kept in guard.removals:
        assert broken(guard, [one for one in guard.removals if one is not kept]) == []
    assert guard.law in broken(guard, guard.removals)


def test_who_goes_on_with_an_effect_first() -> None:
    """Of two runs that come to go on with an effect that has a key, one goes on, and the other one says so."""
    on = stage()
    with on.open():
        taken_over_by_two(on)
        assert (on.broken, [bool(actor.said) for actor in on.actors]) == ([], [False, True, False])
