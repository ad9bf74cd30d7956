"""The people who hold the trust of accounts, accounts that fade while they look content, and alarms that tighten."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from cxagent import clock
from cxagent.domain.value import Value
from cxagent.errors import BadInput
from cxagent.ledger import account_months, alarms
from cxagent.ledger.store import Connection, MemoryStore
from cxagent.value import people, sensors, warnings
from cxagent.value.people import Colleague
from value.world import MONTH, NOW, before, playbook, renewal, row, told, written


def test_who_holds_the_trust_of_which_accounts() -> None:
    """R73: holders stand with their accounts, revenue and CLV, and the concentration says how much hangs on few."""
    store = MemoryStore()
    with clock.frozen(NOW), store.write("value") as connection:
        written(connection, [row(f"A-{n}", MONTH, owner="Ada Vale" if n < 3 else "Ben Moor") for n in range(4)])
        found = told(connection).trust
    ada, ben = found.holders
    assert (ada.person, ada.accounts, ada.arr, ben.accounts) == ("Ada Vale", 3, 18_000, 1)
    assert ada.share == pytest.approx(0.75) and found.concentration == pytest.approx(0.75**2 + 0.25**2)


def test_what_if_this_person_leaves() -> None:
    """R74: what is expected to renew is told with and without the person, each with an interval and its basis."""
    store = MemoryStore()
    with clock.frozen(NOW), store.write("value") as connection:
        written(connection, [row(f"A-{n}", MONTH, owner="Ada Vale") for n in range(5)])
        found = people.leaving(connection, playbook(), "ada  vale", NOW)
        with pytest.raises(BadInput, match="holds no account"):
            people.leaving(connection, playbook(), "Nobody Known", NOW)
    assert found.renews_with.low < found.renews_with.median < found.renews_with.high
    assert found.renews_without.low < found.renews_with.low and found.renews_without.median < found.renews_with.median
    assert found.basis.startswith("assumption") and len(found.accounts) == 5


def test_nobody_is_ranked_by_speed() -> None:
    """R90: colleagues stand by name, whoever kept a shaky account is credited, and no field counts their speed."""
    store = MemoryStore()
    with clock.frozen(NOW), store.write("value") as connection:
        rows = [row("A-1", month, owner="Zoe Ott", health=30.0) for month in before(6)]
        account_months.put_people(connection, [{"person": "Abe Lund", "month": MONTH, "hours": 120.0, "recognised": 1}])
        written(connection, rows, [renewal("A-1", MONTH, True)])
        found = people.colleagues(connection, MONTH)
    assert [one.person for one in found] == ["Abe Lund", "Zoe Ott"] and found[1].saved == ("A-1",)
    fields: type[Value] = Colleague
    assert not [name for name in fields.model_fields if "speed" in name or "per_hour" in name or "rank" in name]


# ---- alarms ---------------------------------------------------------------------------------------------------------


def market(complaints: float, seed: int = 5) -> Iterator[dict[str, Any]]:
    """Yield three years of accounts that complain in 2 % of months, and in the last half year at another rate."""
    chance, months = random.Random(seed), before(36)
    for n in range(60):
        for place, month in enumerate(months):
            rate = complaints if place >= 30 else 0.02
            yield row(f"A-{n:03}", month, complaints=int(chance.random() < rate))


@pytest.mark.parametrize(("rate", "up"), [(0.02, False), (0.2, True)])
def test_a_complaint_rate_that_rises_raises_an_alarm(rate: float, up: bool) -> None:
    """R76: the sensor goes up where complaints come more often, stays down where they do not, and is raised once."""
    store = MemoryStore()
    with clock.frozen(NOW), store.write("value") as connection:
        written(connection, market(rate))
        raised = [one for one in alarms.up(connection) if one["metric"] == sensors.COMPLAINTS and one["key"] == "smb"]
        assert bool(raised) is up
        assert sensors.sweep(connection, MONTH) == []


def test_an_alarm_closes_when_it_is_over() -> None:
    """R76: once the sensor no longer says so, the alarm is closed with the reason, and stays on record."""
    store = MemoryStore()
    with clock.frozen(NOW), store.write("value") as connection:
        written(connection, market(0.02))
        alarms.raise_(connection, sensors.COMPLAINTS, "segment", "smb", "by hand, for this test")
        sensors.sweep(connection, MONTH)
        (last,) = alarms.latest(connection)
        assert alarms.up(connection) == [] and "no longer" in last["closed_why"]


def test_all_three_sensors_have_names() -> None:
    """R76: complaint rate, churn variance and outage recovery are the sensors, each a registered metric's matter."""
    assert {sensors.COMPLAINTS, sensors.CHURN, sensors.RECOVERY} == {
        "complaint_rate",
        "churn_variance",
        "outage_recovery",
    }


# ---- early warnings -------------------------------------------------------------------------------------------------


def fading_market(connection: Connection, silent: float, seed: int = 9) -> None:
    """Write accounts with a renewal: some fade for five months under good ratings and leave, others leave unseen."""
    chance, rows, came = random.Random(seed), list[dict[str, Any]](), list[dict[str, Any]]()
    months = before(14, "2026-10")
    for n in range(240):
        lost, name = chance.random() < 0.2, f"A-{n:03}"
        fades = lost and chance.random() < silent
        for place, month in enumerate(months):
            usage = -0.6 if fades and place >= len(months) - 6 else chance.gauss(0, 0.08)
            rows.append(row(name, month, usage=usage, active=int(not (lost and month == months[-1]))))
        came.append(renewal(name, months[-1], not lost))
    written(connection, rows, came)


def test_fading_accounts_are_warned_of_months_ahead() -> None:
    """R13, R86: of accounts that rate well and fade, warnings come months before the renewal, with their hit rates."""
    store = MemoryStore()
    with clock.frozen(NOW), store.write("value") as connection:
        fading_market(connection, silent=0.9)
        found = warnings.backtest(connection, playbook(), "2026-10")
    assert found.lead_days is not None and found.lead_days >= 60
    assert found.precision is not None and found.precision[0] > 0.9 and found.recall is not None
    assert found.lift is not None and found.lift > 5


def test_chances_are_held_against_what_came() -> None:
    """R86: the backtest compares what was told three months before each renewal, and nothing later, with what came."""
    store = MemoryStore()
    told_then = {"A-0": 0.9, "A-1": 0.6, "A-2": 0.7, "A-3": 0.1}
    with clock.frozen(NOW), store.write("value") as connection:
        came = [renewal(name, "2026-10", name not in ("A-0", "A-1")) for name in told_then]
        written(connection, [row(name, month) for name in told_then for month in before(4, "2026-10")], came)
        worth = [account_months.Worth(name, 1.0, chance, 100.0, 0.0, 0.0) for name, chance in told_then.items()]
        account_months.values(connection, "2026-07", worth)
        found = warnings.backtest(connection, playbook(), "2026-10").chances
    assert found is not None and (found.renewals, found.lost, found.auc) == (4, 2, 0.75)
    assert found.brier == pytest.approx((0.01 + 0.16 + 0.49 + 0.01) / 4)


def test_a_market_without_silent_churn_is_quiet() -> None:
    """R13: where as many leave and nobody fades before, nobody is flagged."""
    store = MemoryStore()
    with clock.frozen(NOW), store.write("value") as connection:
        fading_market(connection, silent=0.0)
        found = warnings.backtest(connection, playbook(), "2026-10")
    assert found.flagged == 0 and found.missed > 20 and found.lead_days is None


def test_who_looks_content_and_fades_is_listed() -> None:
    """R81: an account that rates us 5 of 5 while its usage halves, and one gone quiet, are on their lists."""
    store = MemoryStore()
    with clock.frozen(NOW), store.write("value") as connection:
        written(
            connection,
            [
                row("A-1", MONTH, csat_sum=5.0, usage=-0.5),
                row("A-2", MONTH, csat_sum=2.0, usage=-0.5),
                row("A-3", MONTH, quiet=1),
                row("A-4", MONTH),
            ],
        )
        found = told(connection)
    assert {one.account_id for one in found.fading} == {"A-1", "A-3"}
    assert [one.account_id for one in found.quiet] == ["A-3"]


# ---- lists on which a person decides --------------------------------------------------------------------------------


def test_parting_is_a_question_only_where_both_are_true() -> None:
    """R71: unprofitable alone or misaligned alone suggests nothing; both together are put before a person."""
    store = MemoryStore()
    with clock.frozen(NOW), store.write("value") as connection:
        rows = [
            row("A-1", MONTH, cost_to_serve=9000.0),
            row("A-2", MONTH, misaligned=1),
            row("A-3", MONTH, cost_to_serve=9000.0, misaligned=1),
        ]
        written(connection, rows)
        found = told(connection).portfolio
    assert [one.account_id for one in found.disengage] == ["A-3"]
    assert "a person decides" in found.disengage[0].why


def test_attention_is_ranked_by_profit_after_cost_to_serve() -> None:
    """R70: the list stands by what is left after the cost of serving, with the hours that reviews took."""
    store = MemoryStore()
    with clock.frozen(NOW), store.write("value") as connection:
        rows = [row("A-1", MONTH, arr=9000.0, cost_to_serve=7000.0), row("A-2", MONTH, arr=6000.0, cost_to_serve=100.0)]
        written(connection, rows)
        found = told(connection).portfolio.attention
    assert [(one.account_id, one.review_hours) for one in found] == [("A-2", 0.0), ("A-1", 0.0)]
