"""Ways to make the part on worth lie, fall over, or make the gate bolder; each was open once and is closed."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from requirements.world import Scene, account, credit, money

from cxagent import clock
from cxagent.domain.alarm import Alarm
from cxagent.domain.vocabulary import ACT, DRAFT
from cxagent.errors import BadInput, Transient
from cxagent.ledger import account_months, alarms, estimates, renewals
from cxagent.ledger.account_months import Measured, Worth
from cxagent.ledger.store import Connection, MemoryStore
from cxagent.lifetime.retention import Retention
from cxagent.lifetime.stake import Estimates
from cxagent.metrics.formula import parse
from cxagent.sources.seam import HeldSource
from cxagent.trends.forecast import forecast
from cxagent.trends.slope import trend
from cxagent.value import sensors
from cxagent.value.answers import rows as cells
from cxagent.value.money import retention
from value.test_loading import GOOD, HEAD, load
from value.test_observing import NOVEMBER, OCTOBER, World, document, world
from value.world import MONTH, NOW, before, renewal, row, told, written

__all__ = ["world"]
DEAR = {
    **{"crm.clv": None, "crm.arr": money("900000.00"), "crm.gross_margin": "0.8"},
    **{"contract.start_date": "2024-01-01", "contract.renewal_date": "2028-01-01"},
}
"""A small account by its segment whose revenue says that an error costs more than a look."""


# ---- loading --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "cells", "said"),
    [
        ("", "A,2026-12,smb,1,0.5,6,70", "month: 2026-12 lies outside 1970-01 to 2026-11, the running month"),
        ("", "A,0000-01,smb,1,0.5,6,70", "month: 0000-01 lies outside"),
        ("", "A,2026-01,smb,-6000,0.5,6,70", "arr: -6000 lies outside"),
        ("", "A,2026-01,smb,1e308,0.5,6,70", "arr: 1e308 lies outside"),
        ("", "A,2026-01,smb,1,0.5,-10000,70", "months_left: -10000 lies outside 0 to 120"),
        ("", "A,2026-01,smb,1,0.5,95672,70", "months_left: 95672 lies outside 0 to 120"),
        (",next_renewal", "A,2026-01,smb,1,0.5,6,70,-5", "next_renewal: -5 lies outside 1 to 200"),
        (",tickets", "A,2026-01,smb,1,0.5,6,70,1e12", "tickets: 1e12 lies outside 0 to 1e+09"),
        (",renewal_number,renewed,held_out", "A,2026-01,smb,1,0.5,6,70,1,1,0.5", "held_out: 0.5 is neither 0 nor 1"),
        ("", f"{GOOD}\n{GOOD}", "months.csv:3: A-1 has a row of 2026-01 already"),
    ],
)
def test_what_cannot_be_is_not_loaded(columns: str, cells: str, said: str, tmp_path: Path) -> None:
    """A month to come, a second row of one month and figures that nothing can have are refused with their place."""
    with pytest.raises(BadInput, match=said.replace("+", r"\+")):
        load(MemoryStore(), f"{HEAD}{columns}\n{cells}", tmp_path)


def test_old_history_closes_no_alarm(tmp_path: Path) -> None:
    """What is up now is judged by the latest months on record, also where older ones are loaded after them."""
    store = MemoryStore()
    with clock.frozen(NOW), store.write("value") as connection:
        written(connection, complaining("2026-10"))
        up = smb_alarm(connection)
    load(store, f"{HEAD}\nA-1,2020-01,smb,6000,0.8,6,70", tmp_path)
    with store.read() as connection:
        assert up is not None and smb_alarm(connection) == up


# ---- observing ------------------------------------------------------------------------------------------------------


def test_a_listing_with_holes_loses_nobody(world: World) -> None:
    """Where far more accounts are missing than leave at once, that is a gap, and nobody counts as lost."""
    world.look([document(f"A-{n}") for n in range(10)], OCTOBER)
    seen = world.look([document(f"A-{n}") for n in range(5)], NOVEMBER)
    assert seen.left == () and "5 of 10 accounts of 2026-10 are not listed" in seen.gaps[0]


def test_a_source_that_lists_nothing_now_stops_nobody(world: World) -> None:
    """Where listing fails, the accounts on record are observed, none is lost, and it is said."""

    class Down(HeldSource):
        """Answers for accounts and fails to list them."""

        def account_ids(self) -> tuple[str, ...]:
            """Fail."""
            raise Transient("the database is away")

    world.look([document()], OCTOBER)
    seen = world.look([], NOVEMBER, Down([document(arr="7000.00")]))
    assert seen.left == () and "the database is away" in seen.gaps[0]
    assert world.months()["2026-11"].arr == 7000


def test_who_is_there_after_all_was_not_lost(world: World) -> None:
    """An account that one look of the month missed and a later one sees is there, and its renewal is not lost."""
    world.look([document()], OCTOBER)
    assert world.look([], NOVEMBER).left == ("A-1",)
    world.look([document()], NOVEMBER)
    assert world.months()["2026-11"].active == 1 and world.renewed("2026-11") == []


@pytest.mark.parametrize(
    ("changes", "name"), [({"renewal": "9999-12-31"}, "months_left"), ({"gross_margin": "80"}, "margin")]
)
def test_what_a_source_cannot_mean_is_unknown(changes: dict[str, str], name: str, world: World) -> None:
    """A term of eight thousand years and a margin of 8,000 % are not known, so nothing is worth what they make it."""
    world.look([document(**changes)], OCTOBER)
    (kept,) = world.months().values()
    assert getattr(kept, name) is None and kept.clv is None


def test_a_month_is_closed_again_when_it_is_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the ledger saw after the last look of a month still counts in it."""
    asked: list[str] = []

    def of_ledger(connection: Any, playbook: Any, month: str) -> list[Measured]:
        asked.append(month)
        return [Measured("decisions", "smb", month, float(len(asked)))]

    monkeypatch.setattr("cxagent.value.closing.of_ledger", of_ledger)
    world.look([document()], OCTOBER)
    for _ in range(2):
        world.look([document()], NOVEMBER)
    assert asked == ["2026-10", "2026-10", "2026-11", "2026-11"]


# ---- sensors --------------------------------------------------------------------------------------------------------


def complaining(last: str) -> list[dict[str, Any]]:
    """Return three years of accounts of which two complain in a month, and ten in the last one."""
    months = before(36, last)
    return [
        row(f"A-{n:02}", month, complaints=int(n < 10 if place == 35 else n in (place, place + 7)))
        for n in range(60)
        for place, month in enumerate(months)
    ]


def smb_alarm(connection: Connection) -> str | None:
    """Return the alarm that is up on the segment of these accounts."""
    return next((one["id"] for one in alarms.up(connection) if (one["scope"], one["key"]) == ("segment", "smb")), None)


def test_the_first_days_of_a_month_close_no_alarm() -> None:
    """A month in which nobody has complained yet says nothing; an alarm of the month before stays up."""
    store, early = MemoryStore(), datetime(2026, 11, 1, 2, tzinfo=UTC)
    with clock.frozen(datetime(2026, 10, 31, tzinfo=UTC)), store.write("value") as connection:
        written(connection, complaining("2026-10"))
        up = smb_alarm(connection)
    with clock.frozen(early), store.write("value") as connection:
        written(connection, [row(f"A-{n:02}", MONTH, complaints=0) for n in range(60)])
        assert up is not None and smb_alarm(connection) == up
    with clock.frozen(datetime(2026, 12, 15, tzinfo=UTC)), store.write("value") as connection:
        sensors.sweep(connection, MONTH)
        assert smb_alarm(connection) is None


# ---- the gate -------------------------------------------------------------------------------------------------------


def dear(changes: Mapping[str, Any] | None = None, **more: Any) -> Scene:
    """Return a scene on the dear account, with some of its facts otherwise."""
    return Scene(account("small", {**DEAR, **(changes or {})}), credit("20.00"), **more)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"contract.renewal_date": None},
        {"contract.renewal_date": "9999-12-31"},
        {"crm.gross_margin": None},
        {"crm.gross_margin": "-1"},
        {"crm.gross_margin": "80"},
        {"crm.arr": money("900000.00", "EUR")},
    ],
)
def test_worse_facts_make_nothing_bolder(changes: dict[str, Any]) -> None:
    """A fact that is missing, or that cannot be, never lets out what the true one keeps for a person."""
    assert dear(changes).ruling().autonomy == DRAFT


@pytest.mark.parametrize("law", [Retention(a=50.0, b=1.0), Retention(a=1.0, b=4.0), Retention(a=0.1, b=50.0)])
def test_history_only_adds_caution(law: Retention) -> None:
    """Whatever renewals somebody loads, an error is never cheaper than by the playbook's prior."""
    for arr in ("1000.00", "900000.00"):
        of = {"crm.arr": money(arr)}
        fitted, prior = (dear(of, estimates=one).ruling() for one in (Estimates({"smb": law}), Estimates()))
        assert fitted.autonomy.rank <= prior.autonomy.rank
        assert fitted.weighing and prior.weighing and fitted.weighing.damage >= prior.weighing.damage


def test_costs_make_no_error_free() -> None:
    """An account that costs more than it brings has the stake of a typical one, and not none."""
    stake = dear({"crm.cost_to_serve": money("99000000.00")}).audit().standing
    assert stake and stake.at_stake and (stake.at_stake.renewal.amount or 0) > 0
    assert "costs more than it brings" in stake.at_stake.renewal.said


def test_an_alarm_on_a_segment_holds_where_no_segment_is_known() -> None:
    """An account that nobody filed may be of the segment that alarms, so the alarm concerns it too."""
    up = Alarm(metric="complaint_rate", scope="segment", key="smb", why="more", since="2026-11-01")
    assert up.concerns(frozenset({"A"}), "") and up.concerns(frozenset({"A"}), "smb")
    assert not up.concerns(frozenset({"A"}), "enterprise")
    low = {"crm.clv": money("9000.00"), "crm.segment": None}
    rules = {cap.rule for cap in dear(low, told={"alarms": (up,)}).ruling().caps}
    assert "alarms" in rules


def test_a_month_without_facts_does_not_heal_an_account() -> None:
    """The hazard ratio at the gate is the last that was known, not none because the last month knew nothing."""
    store = MemoryStore()
    with store.write("value") as connection:
        account_months.put(connection, [row("A-1", "2026-10"), row("A-1", "2026-11", arr=None)])
        account_months.values(connection, "2026-10", [Worth("A-1", 3.0, 0.5, 1.0, 1.0, 1.0)])
        assert estimates.latest(connection, ["A-1"], []).hazards == {"A-1": 3.0}


# ---- figures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["arr * 1e190", "total(arr * 1e302, 12)", "rolling_sd(arr * 1e300, 3)", "arr / 1e-290"]
)
def test_a_huge_metric_is_not_known_and_breaks_no_report(text: str) -> None:
    """A formula whose figures would overflow is not known in those months, and trend and forecast stand it."""
    found = parse(text, "here").over({"arr": [1e6 + place**2 for place in range(36)]}, 36)
    assert set(found) == {None} and trend(found).slope is None and forecast(found).bands == ()


def test_no_cell_is_a_formula() -> None:
    """A text that a spreadsheet would run, such as an owner in the registry, is told as text; figures stay figures."""
    store = MemoryStore()
    with clock.frozen(NOW), store.write("value") as connection:
        written(connection, [row("A-1", month, contraction=0.0) for month in before(14)])
        found = told(connection)
    keys = {
        key: tuple(one.model_copy(update={"owner": "=HYPERLINK(1)", "title": "@SUM(1)"}) for one in metrics)
        for key, metrics in found.keys.items()
    }
    told_cells = [cell for line in cells(found.model_copy(update={"keys": keys})) for cell in line]
    assert not [one for one in told_cells if isinstance(one, str) and one[:1] in ("=", "+", "-", "@", "\t")]
    assert "'=HYPERLINK(1)" in told_cells and any(isinstance(one, float) for one in told_cells)


def test_what_is_not_proven_is_no_amount() -> None:
    """R88: a gain whose interval holds zero is told as a range without an amount, so no table shows it as money."""
    store = MemoryStore()
    came = [
        renewal(f"{arm}-{n}", "2026-06", n < 160 + 4 * (1 - arm), held_out=arm) for arm in (0, 1) for n in range(200)
    ]
    with store.write("value") as connection:
        renewals.put(connection, came)
        found = retention(connection, {"smb": 1_000_000.0}, "USD")
    assert found.amount is None and found.low is not None and found.low < 0 < (found.high or 0)
    assert found.label == "not proven: the interval holds 0"


def test_the_table_acts_on_the_calm_account() -> None:
    """The scenes above are capped by what they change: an account of little revenue gets its credit."""
    assert dear({"crm.arr": money("20000.00")}).ruling().autonomy == ACT
