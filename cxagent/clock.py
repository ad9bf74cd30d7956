"""The one source of time and of identity; both can be frozen, so that a replay is a replay."""

import contextlib
import contextvars
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

_frozen: contextvars.ContextVar[datetime | None] = contextvars.ContextVar("frozen", default=None)
_wrong: contextvars.ContextVar[timedelta] = contextvars.ContextVar("wrong", default=timedelta(0))


def now() -> datetime:
    """Return the present moment in UTC, or the frozen one."""
    return _frozen.get() or datetime.now(UTC) + _wrong.get()


def new_id(prefix: str) -> str:
    """Return a fresh identifier such as `dec_5f0c…`; unguessable even under a frozen clock."""
    return f"{prefix}_{secrets.token_hex(8)}"


@contextlib.contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Stop the clock at one moment for the code inside."""
    token = _frozen.set(at)
    try:
        yield
    finally:
        _frozen.reset(token)


@contextlib.contextmanager
def shifted(by: timedelta) -> Iterator[None]:
    """Let the clock go wrong by a fixed amount for the code inside, as that of a badly kept machine does."""
    token = _wrong.set(_wrong.get() + by)
    try:
        yield
    finally:
        _wrong.reset(token)
