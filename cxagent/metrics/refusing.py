"""What a registry refuses, each in a sentence: of its settings, of one metric, and of all metrics together."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cxagent.metrics.measures import MEASURES
from cxagent.metrics.metric import KEYS, Metric
from cxagent.playbook import THROUGHPUT

SETTINGS = ("name", "extend", "owners", "metrics")
NOBODY = frozenset({"nobody", "none", "tbd", "unassigned", "n/a", "?", "-"})
COMPOSITE = ("composite", "overall score", "single score", "total score")
COLLEAGUES = frozenset({"people", "hours"})


def settings(raw: Mapping[Any, Any]) -> Iterator[str]:
    """Refuse every setting that is not one, above all those that would hide something."""
    for place in raw:
        if "unpriced" in str(place):
            yield f"{place}: no such setting; what has no price stays in view and cannot be switched off"
        elif "composite" in str(place):
            yield f"{place}: no such setting; the four keys are shown together and never made one"
        elif place not in SETTINGS:
            yield f"{place}: no such setting; there are {', '.join(SETTINGS)}"
    if raw.get("extend") not in (None, "default"):
        yield f"extend: {raw['extend']!r} is nothing to extend; only `default` is"


def plainly(said: str) -> str:
    """Return the sentence of a validation error in the words of a registry."""
    return said.replace("Field required", "is missing").replace("Extra inputs are not permitted", "no such setting")


def nobody(owner: object) -> bool:
    """Whether an owner is one in name only."""
    return not isinstance(owner, str) or not owner.strip() or owner.strip().lower() in NOBODY


def throughput(metric: Metric) -> bool:
    """Whether a metric counts how much or how fast is handled, by its words or by its measures, and nothing of use."""
    words = f"{metric.name.replace('_', ' ')} {metric.title}".lower()
    natures = {MEASURES[name].nature for name in metric.parsed.measures}
    return any(word in words for word in THROUGHPUT) or ("volume" in natures and "outcome" not in natures)


def alone(metric: Metric) -> Iterator[str]:
    """Refuse what is wrong with one metric by itself."""
    if nobody(metric.owner):
        yield f"owner: {metric.owner!r} is nobody"
    if metric.name in KEYS:
        yield "name: that is the name of a key"
    unknown = sorted(metric.parsed.measures - MEASURES.keys())
    if unknown:
        yield f"formula: no such measure: {', '.join(unknown)}"
        return
    sources = sorted({MEASURES[name].source for name in metric.parsed.measures})
    if metric.source not in sources:
        yield f"source: its measures come from {', '.join(sources)}, not from {metric.source}"
    if metric.key == "trust" and metric.price != "unpriced":
        yield f"price: trust is not forced into money, so it cannot be {metric.price}"
    words = f"{metric.name.replace('_', ' ')} {metric.title}".lower()
    if any(word in words for word in COMPOSITE):
        yield "title: no single score stands in for the four keys"
    yield from _handled(metric)
    if metric.headline:
        yield from _headline(metric)


def _handled(metric: Metric) -> Iterator[str]:
    """Refuse a figure of throughput that is an aim, stands by itself, or tells colleagues apart by speed."""
    if not throughput(metric):
        return
    if metric.headline:
        yield "headline: it counts how much is handled, which may be shown and never leads"
    if metric.direction != "level":
        yield f"direction: it counts how much is handled, which is no aim, so it is level and not {metric.direction}"
    if metric.beside is None:
        yield "beside: it counts how much is handled; name the metric of what came of it that stands beside it"
    if metric.parsed.measures & COLLEAGUES:
        yield "formula: it tells how fast colleagues are, and nobody is ranked by speed"


def _headline(metric: Metric) -> Iterator[str]:
    """Refuse a headline that mixes keys, or that has nothing of what came of the work."""
    keys = {MEASURES[name].key for name in metric.parsed.measures} - {None, metric.key}
    if keys:
        yield f"headline: it mixes {metric.key} with {', '.join(sorted(map(str, keys)))}; each key leads with its own"
    if not throughput(metric) and not any(MEASURES[name].nature == "outcome" for name in metric.parsed.measures):
        yield "headline: it counts effort and nothing of what came of it"


def owners(given: Mapping[Any, Any], metrics: Sequence[Metric]) -> Iterator[str]:
    """Refuse owners of what does not exist, and owners who are nobody."""
    names = {*KEYS, *(one.name for one in metrics)}
    for place, owner in given.items():
        if place not in names:
            yield f"owners.{place}: no such key or metric"
        elif nobody(owner):
            yield f"owners.{place}: {owner!r} is nobody"


def together(metrics: Sequence[Metric], broken: bool) -> Iterator[str]:
    """Refuse what is wrong between metrics; with some that are `broken` none is said to be missing."""
    counted = Counter(one.name for one in metrics)
    yield from (f"metric {name}: stands twice" for name, count in counted.items() if count > 1)
    for price, count in Counter(one.price for one in metrics if one.price != "unpriced").items():
        if count > 1:
            several = ", ".join(one.name for one in metrics if one.price == price)
            yield f"price {price}: {several} would count the same money more than once"
    if broken:
        return
    yield from (f"key {key}: has no metric; all four keys are shown together" for key in _missing(metrics))
    yield from _leading(metrics)
    by_name = {one.name: one for one in metrics}
    for one in metrics:
        if one.beside is not None:
            yield from _beside(one, by_name.get(one.beside))


def _missing(metrics: Sequence[Metric]) -> list[str]:
    return [key for key in KEYS if not any(one.key == key for one in metrics)]


def _leading(metrics: Sequence[Metric]) -> Iterator[str]:
    """Refuse headlines in some keys only, and two in one: either would let one key speak for the others."""
    leads = Counter(one.key for one in metrics if one.headline)
    for key in KEYS if leads else ():
        if leads[key] != 1:
            yield f"key {key}: has {leads[key]} headlines; where one key has one, each has exactly one"


def _beside(metric: Metric, beside: Metric | None) -> Iterator[str]:
    """Refuse a companion that is not there, is the metric itself, or does not say what came of the work."""
    if beside is None or beside.name == metric.name:
        yield f"metric {metric.name}: beside: {metric.beside!r} is no other registered metric"
    elif throughput(metric) and (throughput(beside) or beside.direction == "level"):
        yield f"metric {metric.name}: beside: {beside.name} does not say whether things get better"
