"""The report on worth: four keys together, money once and never hidden, and what growth elsewhere hides."""

import json
from collections import defaultdict

import pytest

from cxagent import clock
from cxagent.ledger import account_months, renewals
from cxagent.ledger.store import MemoryStore, Store
from cxagent.metrics.registry import default_registry
from cxagent.trends.slope import Verdict
from cxagent.value import measuring, money, valuing
from cxagent.value.answers import as_contract, rows
from cxagent.value.report import Report
from cxagent.value.what_if import what_if
from value.world import FULL, MONTH, NOW, before, metric, playbook, renewal, row, shrinking, told, written


@pytest.fixture(scope="module")
def shrunk() -> Report:
    """Return the report of a portfolio that grows at the top while small accounts leave."""
    store = MemoryStore()
    with clock.frozen(NOW), store.write("value") as connection:
        written(connection, shrinking())
        return told(connection)


def test_a_first_day_has_every_metric_with_its_definition() -> None:
    """R20: sample months yield every metric that is made of them, each with owner, formula, source and definition."""
    store = MemoryStore()
    with clock.frozen(NOW), store.write("value") as connection:
        came = [renewal(f"A-{n}", month, n % 4 > 0) for n, month in enumerate(before(24))]
        written(connection, (row(f"A-{n}", month) for n in range(24) for month in before(24)), came)
        found = told(connection)
    for metrics in found.keys.values():
        for one in metrics:
            assert one.owner and one.definition and one.formula and one.source, one.name
            known = set(FULL) | {"renewed", "left", "clv", "at_risk"}
            if one.source in ("crm", "billing", "contract", "support") and known & set(one.formula.split()):
                assert one.latest is not None, one.name


def test_all_four_keys_are_always_there(shrunk: Report) -> None:
    """R66: growth, efficiency, risk and trust stand side by side, whatever is known, and no score is made of them."""
    empty = MemoryStore()
    with clock.frozen(NOW), empty.read() as connection:
        nothing = told(connection)
    for found in (shrunk, nothing):
        assert list(found.keys) == ["growth", "efficiency", "risk", "trust"]
        assert not {"score", "composite", "index"} & set(as_contract(found))


def test_growth_elsewhere_does_not_hide_what_leaves(shrunk: Report) -> None:
    """R43, R44: net revenue retention is beyond 100 % while small accounts leave with their value, and it is said."""
    small = next(one for one in shrunk.portfolio.segments if one.segment == "smb")
    assert shrunk.portfolio.nrr is not None and shrunk.portfolio.nrr > 1
    assert small.left > 5 and small.clv_lost > 0 and small.nrr is not None and small.nrr < 1
    assert small.clv_before is not None and small.clv.median < small.clv_before
    assert any("smb left within" in one and "hides it" in one for one in shrunk.said)


def test_each_segment_shows_replacement_beside_checking(shrunk: Report) -> None:
    """R5: what winning the accounts anew would cost stands beside what reviews cost, unknown where there was none."""
    small = next(one for one in shrunk.portfolio.segments if one.segment == "smb")
    assert small.replacement == playbook().value.replacement["smb"] * small.accounts  # type: ignore[index]
    assert small.checking is None


def test_every_figure_is_a_trend_and_a_snapshot_is_called_one() -> None:
    """R83: below three whole months there is no slope, and the figure says that it has insufficient history."""
    store = MemoryStore()
    with clock.frozen(NOW), store.write("value") as connection:
        written(connection, (row("A-1", month) for month in before(2)))
        found = metric(told(connection), "health")
    assert found.trend.slope is None and found.trend.verdict == Verdict.NOT_ENOUGH
    assert found.trend.method.startswith("insufficient history")


def test_the_running_month_is_shown_and_counts_in_no_trend(shrunk: Report) -> None:
    """A month that is not over is marked as partial, and the trend knows one month less."""
    found = metric(shrunk, "lifetime_value")
    assert found.series[-1].partial and found.series[-1].month == MONTH
    assert found.trend.n == sum(point.value is not None for point in found.series) - 1


def test_health_is_on_page_one_with_money_and_causes(shrunk: Report) -> None:
    """R59: health is a series beside the value at risk, and the report says what moves the chance of not renewing."""
    assert metric(shrunk, "health").latest is not None and metric(shrunk, "revenue_at_risk").latest is not None
    assert {"basis", "effects", "left_out"} <= set(shrunk.health)


def test_the_answer_has_the_form_that_others_read(shrunk: Report) -> None:
    """The JSON holds `as_of` and the four keys, each metric with series, trend and money or `unpriced`."""
    said = json.loads(json.dumps(as_contract(shrunk)))
    for metrics in said["keys"].values():
        for one in metrics:
            assert {"name", "unit", "owner", "formula", "series", "trend", "money"} <= set(one)
            assert set(one["series"][0]) >= {"month", "value"}
            assert one["trend"]["verdict"] in ("compounding", "flat", "eroding", "not enough history")
            priced = one["money"]
            assert priced == "unpriced" or {"amount", "currency", "low", "high", "label"} <= set(priced)
    assert len(list(rows(shrunk))) == sum(len(o.series) for of in shrunk.keys.values() for o in of)


def test_what_has_no_price_stays_beside_the_money(shrunk: Report) -> None:
    """R89: every metric of trust is unpriced and told as that; there is no setting that hides it."""
    trust = {one.name for one in shrunk.keys["trust"]}
    assert trust <= set(shrunk.unpriced)
    assert all(one.money == "unpriced" for one in shrunk.keys["trust"])


def test_a_segment_is_told_by_itself(shrunk: Report) -> None:
    """One segment's metrics are its own sums, and the whole is the sum of all."""
    store = MemoryStore()
    with clock.frozen(NOW), store.write("value") as connection:
        written(connection, shrinking(months=14))
        parts = [metric(told(connection, one), "lifetime_value").latest for one in ("smb", "enterprise")]
        whole = metric(told(connection), "lifetime_value").latest
    assert whole is not None and whole.value == pytest.approx(sum(p.value or 0 for p in parts if p is not None))


# ---- money ----------------------------------------------------------------------------------------------------------


def arms(gain: float, each: int = 200) -> list[dict[str, object]]:
    """Return renewals of a segment in which chance kept half of the accounts from the machine."""
    kept = {0: 0.8 + gain, 1: 0.8}
    return [renewal(f"{arm}-{n}", "2026-06", n < each * kept[arm], held_out=arm) for arm in (0, 1) for n in range(each)]


@pytest.mark.parametrize(("came", "proven"), [(arms(0.12), True), (arms(0.0), False), (arms(0.12, each=20), False)])
def test_retention_is_worth_what_a_hold_out_shows(came: list[dict[str, object]], proven: bool) -> None:
    """R88: with a hold-out the gain in renewals is money with a range; too small, or no gain, and it is not proven."""
    store = MemoryStore()
    with clock.frozen(NOW), store.write("value") as connection:
        renewals.put(connection, came)
        found = money.retention(connection, {"smb": 1_000_000.0}, "USD")
    assert ("not proven" not in found.label) is proven
    if proven:
        assert found.amount == pytest.approx(120_000) and found.low is not None and found.low > 0


def test_without_a_hold_out_nothing_is_proven(shrunk: Report) -> None:
    """R88: no accounts were held out, so retention has no amount, and before and after is called just that."""
    found = {one.rule: one for one in shrunk.money}
    assert found["retention"].amount is None and found["retention"].label.startswith("not proven")
    assert "cause" in shrunk.before_after.label
    assert found["risk"].amount is None and "not proven" in found["risk"].label


def test_no_dollar_is_counted_twice(shrunk: Report) -> None:
    """R88: each money rule hangs on one metric, every figure tells formula and inputs, and no total is given."""
    carried = [o.money.rule for of in shrunk.keys.values() for o in of if not isinstance(o.money, str)]
    assert sorted(carried) == ["efficiency", "retention", "risk"]
    assert all(one.formula for one in shrunk.money) and "total" not in as_contract(shrunk)


def test_higher_retention_is_a_range_with_what_it_supposes(shrunk: Report) -> None:
    """R60: the gain comes from the tenant's own accounts, with an interval; published figures enter nothing."""
    store = MemoryStore()
    with clock.frozen(NOW), store.write("value") as connection:
        written(connection, shrinking(months=14))
        more, less = what_if(connection, playbook(), 2.0), what_if(connection, playbook(), -2.0)
    assert more.gain.low < more.gain.median < more.gain.high and more.gain.median > 0 > less.gain.median
    assert more.supposes and len(more.context) == 2


# ---- with what was known then ----------------------------------------------------------------------------------------


def test_a_month_is_valued_with_what_was_known_before_it(database_url: str) -> None:
    """Renewals that came later change no value of an earlier month."""
    store = Store.open(database_url)
    with clock.frozen(NOW), store.write("value") as connection:
        early = [renewal(f"A-{n}", "2025-06", n % 5 > 0) for n in range(60)]
        late = [renewal(f"B-{n}", "2026-06", n % 2 > 0) for n in range(60)]
        written(connection, [row("A-1", "2025-12"), row("A-1", "2026-11")], [*early, *late])
        then, now = (one.clv for one in account_months.of_account(connection, "A-1"))
        assert now < then
        renewals.put(connection, [renewal(f"C-{n}", "2026-10", False) for n in range(60)])
        written(connection, [row("A-1", "2025-12")])
        assert account_months.of_account(connection, "A-1")[0].clv == pytest.approx(then)
    store.close()


def test_too_few_renewals_are_said_to_be_too_few() -> None:
    """No default rate is invented: with fewer than two renewals a segment rests on the stated prior, marked as that."""
    store = MemoryStore()
    with clock.frozen(NOW), store.write("value") as connection:
        written(connection, (row("A-1", month) for month in before(3)), [renewal("A-1", before(3)[0], True)])
        found = told(connection)
        known = valuing.latest(connection, playbook().value)
    assert {one.basis for one in found.portfolio.segments} == {"prior only: fewer than 2 observed renewals"}
    assert known.health.basis == "no model: too few non-renewals"


def test_a_registry_that_a_leader_wrote_is_reported(shrunk: Report) -> None:
    """Every registered metric is in the report, under its own key."""
    assert {o.name for of in shrunk.keys.values() for o in of} == {one.name for one in default_registry().metrics}


# ---- growth and effort, where they come from -------------------------------------------------------------------------


def test_growth_is_profit_repeat_business_and_referrals_by_segment() -> None:
    """R67: profitability, retention and referrals are series of each segment, and a referral stands at its account."""
    store = MemoryStore()
    with clock.frozen(NOW), store.write("value") as connection:
        rows = [row(f"A-{n}", month, referrals=int(n == 1), segment="smb") for n in range(3) for month in before(4)]
        rows += [row("B-1", month, segment="mid_market") for month in before(4)]
        written(connection, rows, [renewal("A-0", before(4)[1], True)])
        small, other = told(connection, "smb"), told(connection, "mid_market")
        of_account = account_months.of_account(connection, "A-1")
    for name in ("account_profitability", "retention_rate", "referrals"):
        assert any(point.value is not None for point in metric(small, name).series), name
    assert metric(small, "referrals").series[0].value == pytest.approx(100 / 3)
    assert metric(other, "referrals").series[0].value == 0 and all(one.referrals == 1 for one in of_account)


def test_hours_that_moved_to_valuable_accounts_are_told() -> None:
    """R75: of the minutes that routine work no longer took, those count as moved that went into valuable accounts."""
    sums: measuring._Sums = defaultdict(float)
    sums["minutes_saved", "smb"] = 30.0
    sums["review_minutes_high", "enterprise"], sums["review_minutes_high", "mid_market"] = 40.0, 20.0
    measuring._moved(sums)
    assert (sums["minutes_saved_high", "enterprise"], sums["minutes_saved_high", "mid_market"]) == (20.0, 10.0)
    names = {one.name for one in default_registry().of("efficiency")}
    assert {"hours_moved", "cost_to_serve", "conversion", "review_hours"} <= names
