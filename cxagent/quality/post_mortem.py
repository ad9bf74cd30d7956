"""The renewal post-mortem: every touch of the machine on an account between two renewals, with what people said of it.

All of it comes from the log and its tables: it reads the same months later, when the sources say other things.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from cxagent import clock
from cxagent.domain.finding import GRAVE, LOSS
from cxagent.domain.money import Number
from cxagent.domain.value import Instant, Text, Value
from cxagent.errors import BadInput
from cxagent.ledger import audits, touches
from cxagent.ledger.store import Connection
from cxagent.ledger.touches import BATCH, ByTicket, Ruled
from cxagent.quality.renewals import beginning

_V = TypeVar("_V", bound=Value)


class Reply(Value):
    """What went out to the customer: its digest stays when the text is erased."""

    at: Text
    digest: Text
    erased: bool


class Effect(Value):
    """A call that was carried out, or may have been (`in_doubt`)."""

    key: Text
    tool: Text
    at: Text | None
    status: Text
    taken_back: bool


class Judged(Value):
    """A person's verdict on the draft."""

    by: Text
    role: Text
    verdict: Text
    at: Text
    severity: Text | None
    reason: Text | None
    first_approver: Text | None


class Found(Value):
    """What a person found about the decision; `by_goals` is None where no goal was known."""

    by: Text
    origin: Text
    at: Text
    agrees: bool
    severity: Text | None
    by_policy: bool | None
    by_goals: bool | None
    reasons: tuple[Text, ...]


class Mended(Value):
    """How what was wrong is put right."""

    id: Text
    status: Text
    severity: Text
    found_by: Text
    owner: Text
    opened_at: Text
    done_at: Text | None
    done_by: Text | None


class Touch(Value):
    """The decision that one ticket ended with, what went out, and what people said; `child` where it is below.

    `reviewed` is whether any person judged it, on the draft or in an audit; `wrong` whether anybody disagrees, `caught`
    whether that was before it went out, and `grave` whether with weight. `auditor` has still to do the `audit`, blind.
    """

    decision_id: Text
    ticket_id: Text
    account_id: Text
    child: bool
    at: Text
    intents: tuple[Text, ...]
    route: Text
    ended: Text
    alone: bool
    reviewed: bool
    wrong: bool
    caught: bool
    grave: bool
    replies: tuple[Reply, ...]
    effects: tuple[Effect, ...]
    verdicts: tuple[Judged, ...]
    findings: tuple[Found, ...]
    repair: Mended | None
    owner: Text | None
    auditor: Text | None
    audit: Text | None
    erased: bool


class TrustMoved(Value):
    """What cost or restored trust."""

    account_id: Text
    at: Text
    weight: Number
    what: Text


class Counts(Value):
    """The touches counted: all, those without a person, by what people said, and what was put right."""

    touches: int
    alone: int
    handed_over: int
    reviewed: int
    wrong: int
    caught: int
    grave: int
    repairs: int
    repaired: int


class Unknown(Value):
    """What nobody can say: texts that are gone, touches nobody judged, tickets that have not ended."""

    erased: int
    not_reviewed: int
    not_ended: int


class PostMortem(Value):
    """The touches of a term, the earliest first; `since_why` says where its beginning comes from."""

    account_id: Text
    account: Text | None
    since: Instant
    until: Instant
    since_why: Text
    accounts: int
    counts: Counts
    unknown: Unknown
    touches: tuple[Touch, ...]
    trust: tuple[TrustMoved, ...]


def post_mortem(
    connection: Connection, account_id: str, since: datetime | None = None, until: datetime | None = None
) -> PostMortem:
    """List every touch on an account and on those below it, from a moment up to another, which is left out.

    Without `since` it begins with the last renewal that the audits of the time recorded, else 365 days back.
    `BadInput` where nothing is on record of the account.
    """
    family = touches.family(connection, account_id)
    if not family:
        raise BadInput("nothing is on record of this account", where=account_id)
    until, account = (until or clock.now()).astimezone(UTC), None
    recorded = [*touches.recorded(connection, account_id, until.isoformat())]
    if recorded:
        account = recorded[-1].name
    begin, why = (since.astimezone(UTC), "as asked") if since else beginning(recorded, until)
    if begin >= until:
        raise BadInput(f"ends on {until:%Y-%m-%d}, which is not after its beginning, {begin:%Y-%m-%d}", where="until")
    span = (begin.isoformat(), until.isoformat())
    tickets = touches.ruled_on(connection, family, *span)
    found = sorted(_touches(connection, account_id, family, tickets, span), key=lambda one: (one.at, one.ticket_id))
    open_ones = sum(one.status in ("received", "working", "waiting") for one in tickets.values())
    return PostMortem(
        account_id=account_id,
        account=account,
        since=begin,
        until=until,
        since_why=why,
        accounts=len(family),
        counts=_counts(found),
        unknown=Unknown(
            erased=sum(one.erased for one in found),
            not_reviewed=sum(not one.reviewed for one in found),
            not_ended=open_ones,
        ),
        touches=tuple(found),
        trust=tuple(_cut(TrustMoved, row) for row in touches.trust(connection, family, *span)),
    )


def _counts(found: Sequence[Touch]) -> Counts:
    mended = [one.repair for one in found if one.repair]
    return Counts(
        touches=len(found),
        alone=sum(one.alone for one in found),
        handed_over=sum(one.ended == "handed_off" for one in found),
        reviewed=sum(one.reviewed for one in found),
        wrong=sum(one.wrong for one in found),
        caught=sum(one.caught for one in found),
        grave=sum(one.grave for one in found),
        repairs=len(mended),
        repaired=sum(one.status == "corrected" for one in mended),
    )


# ---- what happened --------------------------------------------------------------------------------------------------


def _touches(
    connection: Connection, account_id: str, family: Sequence[str], tickets: Mapping[str, Ruled], span: tuple[str, str]
) -> Iterator[Touch]:
    """Yield the touches of some tickets, those whose decision lies between two moments."""
    of_accounts, names = touches.of_accounts(connection, family), list(tickets)
    for begin in range(0, len(names), BATCH):
        some = names[begin : begin + BATCH]
        ended, lines = touches.outcomes(connection, some), _decided(connection, some)
        rows = {**of_accounts, **touches.of_tickets(connection, some)}
        gone = touches.erased(connection, [one.personal_id for one in lines.values() if one.personal_id])
        for ticket_id, line in lines.items():
            how = ended.get(ticket_id) or ("handed_off" if ticket_id in rows["handoffs"] else None)
            if how is None and not (rows["replies"].get(ticket_id) or rows["effects"].get(ticket_id)):
                continue  # it has not ended, or goes on in a later message
            if span[0] <= line.at < span[1]:
                on = tickets[ticket_id].account_id
                yield _touch(line, (on, on != account_id), how or "continued", rows, line.personal_id in gone)


def _decided(connection: Connection, tickets: Sequence[str]) -> dict[str, Any]:
    """Return the ruling behind how each ticket ended: what went out because of it, else the machine's last own one."""
    rulings, answered = audits.rulings(connection, tickets), audits.answered_by(connection, tickets)
    rewritten, found = audits.rewritten(connection, tickets), {}
    for ticket_id, lines in rulings.items():
        sent = next((one for one in lines if one.id == answered.get(ticket_id)), None)
        found[ticket_id] = sent or audits.last_own(lines, rewritten)
    return found


def _touch(line: Any, on: tuple[str, bool], how: str, rows: Mapping[str, ByTicket], erased: bool) -> Touch:
    said = json.loads(line.body)
    mine = {name: found.get(line.ticket_id, []) for name, found in rows.items()}
    findings = mine["findings"]
    against = [LOSS[one["severity"] or "minor"] for one in findings if not one["agrees"]]
    waiting = next(iter(mine["audits"]), None)
    return Touch(
        decision_id=line.id,
        ticket_id=line.ticket_id,
        account_id=on[0],
        child=on[1],
        at=line.at,
        intents=tuple(said["intents"]),
        route=said["autonomy"],
        ended=how,
        alone=how == "answered_alone" or (how == "continued" and said["autonomy"] == "act"),
        reviewed=bool(mine["verdicts"] or findings),
        wrong=bool(against),
        caught=any(one["verdict"] != "approve" for one in mine["verdicts"]),
        grave=max(against, default=0) >= GRAVE,
        replies=tuple(Reply(at=r["at"], digest=r["digest"], erased=bool(r["erased_at"])) for r in mine["replies"]),
        effects=tuple(_effect(row) for row in mine["effects"]),
        verdicts=tuple(_cut(Judged, row) for row in mine["verdicts"]),
        findings=tuple(_found(row) for row in findings),
        repair=next((_cut(Mended, row) for row in mine["repairs"]), None),
        owner=next((row["owner"] for row in mine["handoffs"]), None),
        auditor=waiting["auditor"] if waiting else None,
        audit=waiting["id"] if waiting else None,
        erased=erased,
    )


def _effect(row: Mapping[Any, Any]) -> Effect:
    at, undone = row["done_at"] or row["started_at"], row["undo_status"] == "done"
    return Effect(key=row["id"], tool=row["tool"], at=at, status=row["status"], taken_back=undone)


def _found(row: Mapping[Any, Any]) -> Found:
    return _cut(Found, {**row, "reasons": row["reasons"].split()})


def _cut(kind: type[_V], row: Mapping[Any, Any]) -> _V:
    """Return a value from the columns of a row that it has names for."""
    return kind.model_validate({name: row[name] for name in kind.model_fields})
