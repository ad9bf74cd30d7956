"""Plausible: what a case says that hardly anybody means; the case runs all the same, and a person is told."""

from collections.abc import Collection, Iterator
from datetime import datetime

from cxagent.domain.account import Account
from cxagent.evaluation.case import Case
from cxagent.evaluation.document import nearest
from cxagent.evaluation.suite import Suite

SECTIONS = ("crm", "billing", "contract", "support")


def implausible(suite: Suite, intents: Collection[str]) -> Iterator[str]:
    """Yield a sentence, with place and id, for every case that lies ahead of its clock or asks what nobody knows."""
    for case in suite.cases:
        told = [*_ahead(case), *_unheard(case, intents)]
        yield from (f"{suite.places[case.id]}: {case.id}: {one}" for one in told)


def _ahead(case: Case) -> Iterator[str]:
    """Yield what lies after the frozen clock: a replay takes it for granted, and production never sees it."""
    for name, at in _moments(case):
        if at is not None and at > case.asof:
            yield f"{name} is {at:%Y-%m-%d %H:%M}, after the case's own asof, {case.asof:%Y-%m-%d %H:%M}"


def _moments(case: Case) -> Iterator[tuple[str, datetime | None]]:
    yield "ticket.received_at", case.ticket.received_at
    for place, account in enumerate(case.context.accounts):
        yield from _facts(account, f"context.accounts.{place}")
    yield from ((f"reviews.{place}.at", one.at) for place, one in enumerate(case.reviews))
    yield from ((f"latitude.{place}.since", one.since) for place, one in enumerate(case.latitude))


def _facts(account: Account, where: str) -> Iterator[tuple[str, datetime | None]]:
    for name in SECTIONS:
        if (section := getattr(account, name)) is not None:
            yield f"{where}.{name}.as_of", section.as_of
    credits = account.billing.credits if account.billing else None
    for place, one in enumerate(credits or ()):
        yield f"{where}.billing.credits.{place}.granted_at", one.granted_at


def _unheard(case: Case, intents: Collection[str]) -> Iterator[str]:
    for where, intent in _asked(case):
        if intent not in intents:
            yield f"{where}: the playbook has no intent {intent!r}{nearest(intent, intents)}"


def _asked(case: Case) -> Iterator[tuple[str, str]]:
    parts = case.proposal.parts if case.proposal else ()
    yield from ((f"proposal.parts.{place}.intent", one.intent) for place, one in enumerate(parts))
    yield from ((f"reviews.{place}.intent", one.intent) for place, one in enumerate(case.reviews))
    yield from ((f"latitude.{place}.intent", one.intent) for place, one in enumerate(case.latitude))
