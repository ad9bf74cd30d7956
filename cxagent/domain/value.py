"""The base of every value: frozen, closed to unknown keys, with one canonical digest."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict


class Value(BaseModel):
    """A frozen value that refuses unknown keys and NUL bytes never reach a database."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=False)


def storable(text: str) -> bool:
    """Whether every database takes a text: no NUL byte, and no half of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _text(value: object) -> object:
    if isinstance(value, str) and "\x00" in value:
        raise ValueError("holds a NUL byte")
    return value


Text = Annotated[str, BeforeValidator(_text)]
"""A string without NUL bytes."""


def _instant(value: object) -> object:
    if isinstance(value, bool | int | float):
        raise ValueError("write the time as ISO 8601, for example 2026-11-21T09:30:00Z")
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_instant)]
"""An aware point in time; numbers are refused because nobody can read them."""


def canonical(value: object) -> str:
    """Return the one JSON text of a value: keys sorted, no white space, no floats.

    Money and percent are strings in this project, so the integer-and-string subset of RFC 8785 is enough.
    """
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(value: object) -> str:
    """Return the SHA-256 of the canonical JSON of a value, in hexadecimal."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def _plain(value: Any) -> Any:
    match value:
        case BaseModel():
            return value.model_dump(mode="json")
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case set() | frozenset():
            return sorted(_plain(item) for item in value)
        case Decimal():
            return str(value)
        case float():
            return repr(value)
        case datetime():
            return value.isoformat()
        case str() | int() | None:
            return value
        case _:
            return str(value)
