"""Where facts come from: files, databases, and the in-memory twin, asked side by side inside one deadline."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from cxagent.domain.vocabulary import SourceName
from cxagent.errors import BadInput
from cxagent.sources.breaker import Breaker, BreakerSettings
from cxagent.sources.document import one_sentence
from cxagent.sources.fetch import Gather
from cxagent.sources.files import FilesSource
from cxagent.sources.seam import HeldSource, Source

__all__ = ["Breaker", "BreakerSettings", "FilesSource", "Gather", "HeldSource", "Source", "load_sources"]


class _Entry(BaseModel):
    """What every entry may say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str | None = None


class _Files(_Entry):
    """A folder of documents, or CSV files with a mapping."""

    kind: Literal["files"]
    path: Path | None = None
    mapping: Path | None = None
    sections: frozenset[SourceName] | None = None


class _Sql(_Entry):
    """A database with a mapping."""

    kind: Literal["sql"]
    url: str
    mapping: Path
    connect_seconds: Annotated[float, Field(gt=0)] = 0.5
    statement_seconds: Annotated[float, Field(gt=0)] = 1.5
    pool_size: Annotated[int, Field(gt=0)] = 8


_ENTRY: TypeAdapter[_Files | _Sql] = TypeAdapter(Annotated[_Files | _Sql, Field(discriminator="kind")])


def load_sources(config: Sequence[Mapping[str, Any]], home: Path) -> tuple[Source, ...]:
    """Return the sources of a project's configuration; paths are relative to `home`, `${NAME}` in a url is expanded."""
    sources = tuple(_source(entry, number, home) for number, entry in enumerate(config))
    names = [source.name for source in sources]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadInput(f"sources: two sources are called {twice[0]!r}; give one a `name`")
    return sources


def _source(given: Mapping[str, Any], number: int, home: Path) -> Source:
    try:
        entry = _ENTRY.validate_python(given)
    except ValidationError as error:
        raise BadInput(one_sentence(error), where=f"sources.{number}") from None
    match entry:
        case _Files(path=path, mapping=mapping):
            return FilesSource(
                home / path if path else None,
                mapping=home / mapping if mapping else None,
                name=entry.name,
                sections=entry.sections,
            )
        case _Sql():
            # SQLAlchemy is heavy: a project without a database does not load it.
            from cxagent.sources.sql import SqlSource

            return SqlSource(
                expanded(entry.url, os.environ),
                home / entry.mapping,
                **entry.model_dump(exclude={"kind", "url", "mapping"}),
            )


def expanded(text: str, environment: Mapping[str, str]) -> str:
    """Replace every `${NAME}` by the variable of that name; one that is not set is refused by name."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in environment:
            raise BadInput(f"the environment variable {name} is not set")
        return environment[name]

    return re.sub(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}", value, text)
