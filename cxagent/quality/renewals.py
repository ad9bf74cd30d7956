"""When an account was last renewed, as the audits of the time recorded its contract, whatever the sources say now."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, zip_longest
from typing import Any, NamedTuple

from cxagent.ledger.touches import Recorded

WITHOUT_RENEWAL = timedelta(days=365)
"""How far back a term begins where no audit recorded a renewal."""


class _Term(NamedTuple):
    """What audits recorded while one renewal date stood: it, the first of them, and the signatures that were seen.

    `renewed` is the signature that an audit of the time took for that very renewal.
    """

    renewal: date
    first: date
    start: date | None
    signatures: frozenset[date]
    renewed: date | None


def beginning(recorded: Sequence[Recorded], until: datetime) -> tuple[datetime, str]:
    """Return when the term began that a moment lies in or ends, and where that comes from."""
    known = [(day, why) for day, why in _renewals(_terms(recorded)) if day < until.date()]
    if not known:
        return until - WITHOUT_RENEWAL, "no renewal is on record: a year back"
    day, why = max(known)
    return datetime.combine(day, time(), UTC), why


def _terms(recorded: Iterable[Recorded]) -> list[_Term]:
    dated = [(day, one) for one in recorded if (day := _day(one.contract.get("renewal_date")))]
    return [_term(renewal, [one for _, one in found]) for renewal, found in groupby(dated, key=lambda pair: pair[0])]


def _term(renewal: date, found: Sequence[Recorded]) -> _Term:
    signed = [(one.window.get("status") == "signed", _day(one.contract.get("signed_on"))) for one in found]
    return _Term(
        renewal=renewal,
        first=date.fromisoformat(found[0].at[:10]),
        start=max((day for one in found if (day := _day(one.contract.get("start_date")))), default=None),
        signatures=frozenset(day for _, day in signed if day),
        renewed=max((day for for_it, day in signed if for_it and day), default=None),
    )


def _renewals(terms: Sequence[_Term]) -> Iterator[tuple[date, str]]:
    """Yield the days on which a term began. A renewal date that passed unsigned renewed nothing."""
    for one, after in zip_longest(terms, terms[1:]):
        if one.start:
            yield one.start, f"the contract on record began on {one.start}"
        if one is terms[0] and (signed := max(one.signatures - {one.renewed}, default=None)):
            yield signed, f"the last renewal was signed on {signed}"
        if one.renewed:
            yield one.renewal, f"renewed on {one.renewal}, signed on {one.renewed}"
        elif (
            after and after.renewal > one.renewal and (after.first >= one.renewal or after.signatures - one.signatures)
        ):
            yield one.renewal, f"renewed on {one.renewal}: the renewal date moved on to {after.renewal}"


def _day(said: Any) -> date | None:
    return date.fromisoformat(said) if said else None
