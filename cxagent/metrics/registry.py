"""The registry of metrics: what counts, who owns it, how it is computed, and what it is worth or that it has no price.

A metric that is not registered does not exist. The registry refuses what has no owner, formula or source, what belongs
to none of the four keys, what counts handling alone and stands by itself, and every way to hide one key behind another.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cxagent.domain.value import Text, Value
from cxagent.errors import BadInput
from cxagent.metrics import refusing
from cxagent.metrics.measures import KeyName
from cxagent.metrics.metric import KEYS, Metric
from cxagent.playbook import explain, read_yaml

DEFAULT = Path(__file__).with_name("registry.yaml")


class Registry(Value):
    """The metrics in their order; all four keys are there."""

    name: Text
    metrics: tuple[Metric, ...]

    def metric(self, name: str) -> Metric:
        """Return a registered metric; one that is not registered is refused."""
        found = next((one for one in self.metrics if one.name == name), None)
        if found is None:
            raise BadInput(f"{name!r} is no registered metric; a metric needs an owner, a formula and a source first")
        return found

    def of(self, key: KeyName) -> tuple[Metric, ...]:
        """Return the metrics of one key."""
        return tuple(one for one in self.metrics if one.key == key)

    @property
    def keys(self) -> dict[KeyName, tuple[Metric, ...]]:
        """Return all four keys with their metrics; there is no way to ask for fewer."""
        return {key: self.of(key) for key in KEYS}

    @property
    def measures(self) -> frozenset[str]:
        """Return the measures that any metric needs."""
        return frozenset().union(*(one.parsed.measures for one in self.metrics))


def load_registry(path: Path, text: str | None = None) -> Registry:
    """Read and validate a registry; a `BadInput` names the file and everything that is wrong, metric by metric."""
    raw = read_yaml(path, text)
    if not isinstance(raw, dict):
        raise BadInput("holds no registry of metrics", where=str(path))
    owners, entries = raw.get("owners") or {}, raw.get("metrics") or []
    if not isinstance(owners, dict) or not isinstance(entries, list):
        raise BadInput("owners is a table of keys or metrics and their owners, metrics is a list", where=str(path))
    wrong = list(refusing.settings(raw))
    base = default_registry().metrics if raw.get("extend") == "default" else ()
    own = tuple(_metrics(entries, wrong))
    metrics = (*base, *own)
    wrong += [*refusing.owners(owners, metrics), *refusing.together(metrics, broken=bool(wrong))]
    if wrong:
        raise BadInput("; ".join(wrong), where=str(path))
    owned = (*(_owned(one, owners) for one in base), *own)
    return Registry(name=str(raw.get("name", path.stem)), metrics=owned)


@lru_cache(maxsize=1)
def default_registry() -> Registry:
    """Return the metrics that every project has from its first day, owned by roles."""
    return load_registry(DEFAULT)


def _metrics(entries: Sequence[object], wrong: list[str]) -> Iterator[Metric]:
    """Yield the metrics that can be read; what is wrong with the others goes on the list."""
    for number, entry in enumerate(entries, 1):
        told = entry.get("name") if isinstance(entry, dict) else None
        where = f"metric {told}" if isinstance(told, str) and told else f"metric number {number}"
        try:
            metric = Metric.model_validate(entry)
            said = list(refusing.alone(metric))
        except ValidationError as error:
            said = [refusing.plainly(explain(error))]
        except BadInput as error:
            wrong.append(str(error))
            continue
        wrong += [f"{where}: {one}" for one in said]
        if not said:
            yield metric


def _owned(metric: Metric, owners: Mapping[Any, Any]) -> Metric:
    """Return a metric of the default set with the owner that its name, or else its key, is given."""
    owner = owners.get(metric.name, owners.get(metric.key))
    return metric.model_copy(update={"owner": owner}) if owner else metric
