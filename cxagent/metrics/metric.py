"""A metric: one figure with a name, an owner, a formula, a source, a key, and a price or none."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Literal, get_args

from pydantic import Field, field_validator

from cxagent.domain.value import Text, Value
from cxagent.metrics.formula import Formula, parse
from cxagent.metrics.measures import KeyName, Source, Unit
from cxagent.trends.series import Series
from cxagent.trends.slope import Direction, Trend, trend

KEYS: tuple[KeyName, ...] = get_args(KeyName)

Line = Annotated[Text, Field(min_length=1, max_length=240)]
Price = Literal["unpriced", "retention", "efficiency", "risk"]
"""By which rule a metric becomes money; `unpriced` is an answer and always shown."""


class Metric(Value):
    """A registered metric; `beside` names the metric that is always shown with it, `headline` the first of its key."""

    name: Annotated[Text, Field(pattern=r"^[a-z][a-z0-9_]{1,48}$")]
    title: Line
    owner: Line
    formula: Line
    source: Source
    key: KeyName
    unit: Unit
    direction: Direction
    definition: Line
    price: Price = "unpriced"
    beside: Text | None = None
    headline: bool = False

    @field_validator("title", "owner", "formula", "definition")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value.strip() or len(value.splitlines()) != 1:
            raise ValueError("is empty or runs over several lines")
        return value

    @cached_property
    def parsed(self) -> Formula:
        """Return the formula as it was read."""
        return parse(self.formula, f"metric {self.name}")

    @property
    def money(self) -> bool:
        """Whether it is shown in money: because it is, or because a rule turns it into money."""
        return self.unit == "money" or self.price != "unpriced"

    def series(self, months: Sequence[str], measures: Mapping[str, Sequence[float | None]]) -> Series:
        """Return the metric over months, from the measures of exactly these months."""
        return Series(tuple(months), self.parsed.over(measures, len(months)))

    def trend(self, of: Series) -> Trend:
        """Return the trend of its series, in the direction that is good and with what its windows share in mind."""
        return trend(of.values, self.direction, self.parsed.reach)
