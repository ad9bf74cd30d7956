"""The registry of metrics: what it refuses, what it computes, and that the default set is whole."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from cxagent.errors import BadInput
from cxagent.metrics import refusing
from cxagent.metrics.formula import parse
from cxagent.metrics.measures import MEASURES
from cxagent.metrics.metric import KEYS, Metric
from cxagent.metrics.registry import default_registry, load_registry
from cxagent.playbook import THROUGHPUT, load_playbook
from cxagent.trends.slope import Verdict

GRAPHS = Path(__file__).resolve().parents[2] / "graphs"
MONTHS = ("2026-09", "2026-10", "2026-11", "2026-12")


def entry(**changes: Any) -> dict[str, Any]:
    """Return a sound metric of the leader's own, changed as said; a change to None leaves a line out."""
    given = {
        "name": "escalations_quiet",
        "title": "Quiet accounts among those that complained",
        "owner": "Priya Nair",
        "formula": "quiet / complaints",
        "source": "crm",
        "key": "risk",
        "unit": "share",
        "direction": "down",
        "definition": "How many accounts went quiet for each complaint.",
    }
    return {name: value for name, value in {**given, **changes}.items() if value is not None}


def loaded(*entries: dict[str, Any], **settings: Any) -> Any:
    """Load a file that extends the default set by these metrics."""
    text = yaml.safe_dump({"extend": "default", "metrics": list(entries), **settings})
    return load_registry(Path("metrics.yaml"), text)


def refused(*entries: dict[str, Any], **settings: Any) -> str:
    """Return the sentence with which such a file is refused."""
    with pytest.raises(BadInput) as caught:
        loaded(*entries, **settings)
    return str(caught.value)


HANDLED = {
    "name": "pace",
    "formula": "decisions / accounts",
    "key": "efficiency",
    "source": "ledger",
    "direction": "level",
}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"owner": None}, "owner: is missing", id="R86 no owner"),
        pytest.param({"owner": " "}, "owner: is empty", id="R86 an empty owner"),
        pytest.param({"owner": "TBD"}, "owner: 'TBD' is nobody", id="R86 nobody owns it"),
        pytest.param({"formula": None}, "formula: is missing", id="R86 no formula"),
        pytest.param({"source": None}, "source: is missing", id="R86 no source"),
        pytest.param({"source": "gut"}, "source: Input should be", id="R86 no such source"),
        pytest.param({"source": "ledger"}, "source: its measures come from crm, support", id="R86 not its source"),
        pytest.param({"formula": "smiles / accounts"}, "no such measure: smiles", id="R86 no such measure"),
        pytest.param({"definition": None}, "definition: is missing", id="R20 no definition"),
        pytest.param({"definition": "one\ntwo"}, "definition: is empty or runs over", id="a definition of two lines"),
        pytest.param({"key": None}, "key: is missing", id="R87 no key"),
        pytest.param({"key": "happiness"}, "key: Input should be 'growth', 'efficiency', 'risk' or 'trust'", id="R87"),
        pytest.param({"key": "composite"}, "key: Input should be 'growth'", id="R66 the key composite"),
        pytest.param({"title": "Composite of the year"}, "no single score", id="R66 a composite by name"),
        pytest.param({"unit": "smiles"}, "unit: Input should be", id="no such unit"),
        pytest.param({"direction": "sideways"}, "direction: Input should be", id="no such direction"),
        pytest.param({"price": "priceless"}, "price: Input should be 'unpriced'", id="no such price"),
        pytest.param({"price": "risk"}, "would count the same money more than once", id="R88 one price, two metrics"),
        pytest.param(
            {"key": "trust", "formula": "agreed / audited", "source": "ledger", "price": "efficiency"},
            "trust is not forced into money",
            id="R89 a price for trust",
        ),
        pytest.param({"hidden": True}, "hidden: no such setting", id="R89 hiding a metric"),
        pytest.param({"name": "health"}, "metric health: stands twice", id="the name of another"),
        pytest.param({"name": "risk"}, "name: that is the name of a key", id="the name of a key"),
        pytest.param({"name": "No Name"}, "name: String should match", id="a name with a space"),
        pytest.param({"beside": "smiles"}, "beside: 'smiles' is no other", id="a companion that is not there"),
        pytest.param(HANDLED, "beside: it counts how much", id="R19 throughput by itself"),
        pytest.param(
            {**HANDLED, "beside": "straight_through_share"}, "does not say whether", id="R19 beside throughput"
        ),
        pytest.param({**HANDLED, "beside": "repairs"}, "does not say whether", id="R19 beside what has no good way"),
        pytest.param(
            {**HANDLED, "beside": "health", "direction": "up"}, "which is no aim", id="R19 throughput as an aim"
        ),
        pytest.param({**HANDLED, "beside": "health", "headline": True}, "never leads", id="R9 throughput as headline"),
        pytest.param({"title": "Handling time"}, "it counts how much is handled", id="R9 throughput by its title"),
        pytest.param(
            {**HANDLED, "formula": "acted / people", "beside": "health"}, "nobody is ranked by speed", id="R90 speed"
        ),
    ],
)
def test_what_is_refused(changes: dict[str, Any], said: str) -> None:
    """R86, R87, R66, R9, R19, R89, R90: each is refused in a sentence that names the file, the metric and the line."""
    message = refused(entry(**changes))
    assert message.startswith("metrics.yaml: ")
    assert said in message
    assert changes.get("name", "escalations_quiet") in message or "more than once" in message


def test_every_refusal_has_a_reason() -> None:
    """The metric that the refused ones are made from is accepted, beside every default one."""
    assert loaded(entry()).metrics[-1].name == "escalations_quiet"
    assert loaded(entry(**HANDLED, beside="health")).metrics[-1].beside == "health"


@pytest.mark.parametrize("setting", ["show_unpriced", "unpriced", "hide_unpriced_column"])
def test_the_unpriced_column_cannot_be_hidden(setting: str) -> None:
    """R89: no setting takes what has no price out of view."""
    assert "cannot be switched off" in refused(**{setting: False})


@pytest.mark.parametrize("setting", ["composite", "composite_headline"])
def test_a_composite_cannot_be_configured(setting: str) -> None:
    """R66: no setting makes one score of the four keys."""
    assert "never made one" in refused(**{setting: {"growth": 0.5, "trust": 0.5}})


@pytest.mark.parametrize("key", KEYS)
def test_all_four_keys_are_there(key: str) -> None:
    """R66: a registry without a metric in one of the four keys is refused."""
    metrics = [one.model_dump(exclude_none=True) for one in default_registry().metrics if one.key != key]
    for one in metrics:
        one.pop("beside", None)
    text = yaml.safe_dump({"metrics": [one for one in metrics if one["direction"] != "level"]})
    with pytest.raises(BadInput, match=f"key {key}: has no metric; all four keys are shown together"):
        load_registry(Path("own.yaml"), text)


def test_a_headline_is_of_its_own_key() -> None:
    """R66: a headline that mixes keys is refused, a second one in a key too, and one that only counts effort."""
    mixed = "renewed / renewals_due + agreed / audited - complaints / accounts"
    assert "it mixes risk with growth, trust" in refused(entry(formula=mixed, source="support", headline=True))
    assert "key risk: has 2 headlines" in refused(entry(headline=True))
    effort = entry(formula="minutes_saved / 60", source="ledger", key="efficiency", headline=True)
    assert "it counts effort" in refused(effort)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"owners": {"growth": "nobody"}}, "owners.growth: 'nobody' is nobody"),
        ({"owners": {"smiles": "Priya Nair"}}, "owners.smiles: no such key or metric"),
        ({"owners": ["Priya Nair"]}, "owners is a table"),
        ({"extend": "other"}, "extend: 'other' is nothing to extend"),
        ({"theme": "dark"}, "theme: no such setting"),
    ],
)
def test_settings_that_are_refused(settings: dict[str, Any], said: str) -> None:
    """A setting that does not exist, or an owner of nothing, is refused by name."""
    assert said in refused(**settings)


@pytest.mark.parametrize("text", ["", "- a", "metrics: 3", "metrics: [1, {}]", "extend: default\nmetrics: [{name: 7}]"])
def test_a_file_that_is_no_registry(text: str) -> None:
    """Whatever is no registry is refused with the name of the file."""
    with pytest.raises(BadInput, match=r"^m\.yaml: "):
        load_registry(Path("m.yaml"), text)


def test_everything_wrong_is_told_at_once() -> None:
    """Two metrics with two faults each are refused in one message that names all four."""
    message = refused(entry(name="one", owner=None, unit="x"), entry(name="two", source="x", key="x"))
    assert re.findall(r"metric (\w+): (\w+): .*?; (\w+): ", message) == [
        ("one", "owner", "unit"),
        ("two", "source", "key"),
    ]


# ---- Formulas ------------------------------------------------------------------------------------------------------

X = (1.0, None, 3.0, 0.0, 5.0, 7.0)
Y = (2.0, 2.0, 0.0, 4.0, None, 7.0)


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("x", X),
        ("x + y", (3, None, 3, 4, None, 14)),
        ("x / y", (0.5, None, None, 0, None, 1)),
        ("-x * 2 - (y - 1)", (-3, None, -5, -3, None, -20)),
        ("total(x, 2)", (None, None, None, 3, 5, 12)),
        ("rolling_mean(x, 2)", (None, None, None, 1.5, 2.5, 6)),
        ("rolling_sd(x, 3)", (None, None, None, None, 2.516611, 3.605551)),
        ("lag(x, 1)", (None, 1, None, 3, 0, 5)),
        ("lag(x, 9)", (None,) * 6),
        ("change(x, 2)", (None, None, 2, None, 2, 7)),
        ("root(x - 3)", (None, None, 0, None, 1.414214, 2)),
        ("x / 0 + 1e308 * 10 * x", (None,) * 6),
        ("nothing + x", (None,) * 6),
        ("total(x, 2) / total(y, 2)", (None, None, None, 0.75, None, None)),
    ],
)
def test_a_formula(text: str, figures: tuple[float | None, ...]) -> None:
    """A formula is worked out month by month; what is unknown or divided by zero is unknown, never zero."""
    found = parse(text, "metric m").over({"x": X, "y": Y}, 6)
    assert [value is None for value in found] == [value is None for value in figures]
    known = [(a, b) for a, b in zip(found, figures, strict=True) if a is not None]
    assert [a for a, _ in known] == pytest.approx([b for _, b in known], abs=1e-6)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("x +", "cannot be read: 'x +'"),
        ("x ** 2", "column 1: 'x ** 2'"),
        ("x % y", "column 1"),
        ("x if y else 1", "column 1"),
        ("x and y", "column 1"),
        ("x < y", "column 1"),
        ("a.b", "column 1: 'a.b'"),
        ("1 + x[0]", "column 5: 'x[0]'"),
        ("'text'", "column 1"),
        ("True + x", "column 1: 'True'"),
        ("1j * x", "column 1"),
        ("__import__('os')", "column 1"),
        ("eval(x)", "column 1: 'eval(x)'"),
        ("(lambda: x)()", "column 1"),
        ("[x for x in y]", "column 1"),
        ("total(x)", "column 1"),
        ("total(x, n=3)", "column 1"),
        ("total(x, y)", "column 10"),
        ("total(x, 0)", "column 10: total looks back 1 to 60 months, not '0'"),
        ("rolling_sd(x, 1)", "rolling_sd looks back 2 to 60"),
        ("lag(x, -1)", "column 8"),
        ("lag(x, 61)", "lag looks back 1 to 60"),
        ("lag(x, True)", "not 'True'"),
        ("total", "column 1: 'total'"),
        ("root(x, 2)", "column 1"),
        ("12 / 7", "names no measure"),
        ("", "cannot be read"),
        ("x\ny", "cannot be read"),
        ("x\x00", "cannot be read"),
        ("x + 1" + "0" * 380, "column 5"),
        ("x + " * 200 + "x", "has 801 letters"),
        ("-" * 200 + "x", "nested too deeply"),
        ("x" + ".x" * 190, "column 1: 'x.x.x"),
        ("1 + x + y)", "cannot be read"),
    ],
)
def test_a_formula_that_is_refused(text: str, place: str) -> None:
    """Whatever is no formula is refused with metric and column, and nothing of it is run."""
    with pytest.raises(BadInput) as caught:
        parse(text, "metric m")
    assert str(caught.value).startswith("metric m: the formula")
    assert place in str(caught.value)


def test_the_registry_tells_where_a_formula_is_wrong() -> None:
    """A formula that cannot be read is refused with the file, the metric and the column."""
    message = refused(entry(formula="quiet / open.x"))
    assert message.startswith("metrics.yaml: metric escalations_quiet: the formula, column 9: 'open.x' is none of")


@pytest.mark.parametrize(
    ("text", "reach"),
    [
        ("x / y", 1),
        ("total(x, 3)", 3),
        ("lag(x, 11)", 12),
        ("change(x, 1)", 2),
        ("x + rolling_mean(total(x, 3), 6)", 8),
    ],
)
def test_how_far_a_formula_sees(text: str, reach: int) -> None:
    """A formula knows how many months one of its values looks back on."""
    assert parse(text, "metric m").reach == reach
    values = [1.0] * 20
    known = [value is not None for value in parse(text, "metric m").over({"x": values, "y": values}, 20)]
    assert known == [False] * (reach - 1) + [True] * (21 - reach)


# ---- The default set -----------------------------------------------------------------------------------------------


def test_the_default_set_is_whole() -> None:
    """R20: from the first day every metric has a definition, an owner, and a formula over measures that exist."""
    registry = default_registry()
    assert len(registry.metrics) >= 55
    for one in registry.metrics:
        assert all((one.title, one.owner, one.definition.endswith("."), one.parsed.measures <= MEASURES.keys())), (
            one.name
        )
    assert list(registry.keys) == ["growth", "efficiency", "risk", "trust"]
    assert {one.key for one in registry.metrics if one.headline} == set(KEYS)


def test_the_metrics_that_must_exist_by_name() -> None:
    """R82, R76, R80, R90: the metrics that people ask for by name are there under their titles."""
    titles = {one.title.lower() for one in default_registry().metrics}
    assert titles >= {"consent rate", "complaint variance", "cost to serve", "retention rate"}
    assert titles >= {"churn variance", "complaint rate", "outage recovery time"}
    assert titles >= {"promises made", "promises due", "promises kept", "promises not kept in time"}
    assert titles >= {"pulse", "workload", "workload spread", "review load", "overrides respected", "recognition"}


def test_no_preset_is_built_on_throughput() -> None:
    """R9, R19: what counts handling stands beside what came of it, is no aim and no headline; and there is some."""
    registry = default_registry()
    handled = [one for one in registry.metrics if refusing.throughput(one)]
    assert {"straight_through_share", "tickets_per_account"} <= {one.name for one in handled}
    for one in handled:
        assert not one.headline
        assert one.direction == "level"
        assert registry.metric(one.beside or "").direction != "level"


@pytest.mark.parametrize("word", THROUGHPUT)
def test_every_word_of_throughput_is_known(word: str) -> None:
    """R9: a metric by any of the playbook's words for throughput is taken for one."""
    assert refusing.throughput(Metric.model_validate(entry(title=f"Weekly {word} of accounts")))


def test_a_score_stands_beside_who_answered() -> None:
    """A survey score and a pulse are never without their response rates."""
    registry = default_registry()
    assert registry.metric("survey_score").beside == "survey_response_rate"
    assert registry.metric("pulse").beside == "pulse_response_rate"


def test_trust_has_no_price() -> None:
    """R89: no trust metric has a price, and all of them are there beside those that have one."""
    registry = default_registry()
    assert {one.price for one in registry.of("trust")} == {"unpriced"}
    assert {one.price for one in registry.metrics} == {"unpriced", "retention", "efficiency", "risk"}
    assert not any(one.money for one in registry.of("trust"))


def test_an_unregistered_metric_is_refused() -> None:
    """R86: a metric that is not registered does not exist."""
    with pytest.raises(BadInput, match="'smiles' is no registered metric"):
        default_registry().metric("smiles")


def test_the_reference_file_names_people() -> None:
    """The reference deployment's metrics are the default ones and its own, owned by people of its playbook."""
    registry = load_registry(GRAPHS / "metrics.yaml")
    people = {one.name for one in load_playbook(GRAPHS / "playbook.yaml").people}
    assert {one.owner for one in registry.metrics} <= people
    assert len(registry.metrics) > len(default_registry().metrics)
    assert registry.metric("reply_reliability").owner != registry.metric("pulse").owner


def test_a_metric_over_months() -> None:
    """R83: a metric gives a series and a trend; four months say not enough history, a year of them a verdict."""
    metric = default_registry().metric("retention_rate")
    four = metric.series(MONTHS, {"renewed": [9.0, 0.0, 4.0, None], "renewals_due": [10.0, 0.0, 5.0, 5.0]})
    assert four.values == (0.9, None, 0.8, None)
    assert metric.trend(four).verdict == Verdict.NOT_ENOUGH
    assert "insufficient history" in metric.trend(four).method
    year = [f"2026-{month:02d}" for month in range(1, 13)]
    rising = metric.series(year, {"renewed": [70.0 + 2 * m + m % 2 for m in range(12)], "renewals_due": [100.0] * 12})
    assert metric.trend(rising).verdict == Verdict.COMPOUNDING


@pytest.mark.parametrize(
    ("name", "measures", "figure"),
    [
        ("retention_rate", {"renewed": 45, "renewals_due": 50}, 0.9),
        ("net_revenue_retention", {"arr_before": 1000, "expansion": 80, "contraction": 20, "churned_arr": 30}, 1.03),
        ("gross_revenue_retention", {"arr_before": 1000, "contraction": 20, "churned_arr": 30}, 0.95),
        ("onboarding_spread", {"onboarding_sum": 3, "onboarding_squares": 2.5, "onboarding_known": 4}, 0.25),
        ("account_profitability", {"margin_year": 780, "cost_to_serve_year": 130, "arr": 1000}, 0.65),
        ("hours_saved", {"minutes_saved": 900, "review_minutes": 300}, 10),
        ("churn_rate", {"left": 2, "accounts": 100, "started": 2}, 0.02),
        ("reply_reliability", {"grave": 1, "audited": 50}, 0.98),
        ("workload_spread", {"load_sum": 300, "load_squares": 45800, "people": 2}, 20),
        ("promises_kept", {"promises_kept": 9, "promises_due": 12}, 0.75),
    ],
)
def test_a_default_formula(name: str, measures: dict[str, float], figure: float) -> None:
    """The formulas of the default set give the figures that their definitions say."""
    found = default_registry().metric(name).series(MONTHS[:1], {one: [float(value)] for one, value in measures.items()})
    assert found.values[0] == pytest.approx(figure)
    assert default_registry().metric(name).series(MONTHS[:1], {}).values == (None,)
