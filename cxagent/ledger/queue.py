"""The queue of drafts as people see it: whose they are, in which order, how many, and which one comes next."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, Select, and_, bindparam, func, not_, or_, select

from cxagent import clock
from cxagent.domain.value import digest
from cxagent.errors import BadInput
from cxagent.ledger import personal, reports
from cxagent.ledger.reviews import WAITS
from cxagent.ledger.store import TABLES

Tab = Literal["mine", "unclaimed", "team", "snoozed", "done", "alone"]
TABS: tuple[Tab, ...] = ("mine", "unclaimed", "team", "snoozed", "done", "alone")
DRAFT, REVIEW, TICKET, HANDOFF = TABLES["draft"], TABLES["review"], TABLES["ticket"], TABLES["handoff"]
PERSONAL = TABLES["personal"]
MOST = 100
"""The longest page."""
ALIKE = 3


class Wanted(NamedTuple):
    """What somebody wants to see: a tab, whose drafts count as theirs, filters, and after which row to go on.

    `names` are the person and those for whom they stand in. `text` is looked for in account, ticket, request and
    assignee; a whole mail address finds what its owner wrote.
    """

    tab: Tab
    names: tuple[str, ...]
    text: str = ""
    tier: str = ""
    role: str = ""
    intent: str = ""
    late: bool = False
    after: str = ""
    limit: int = 25


class Page(NamedTuple):
    """Some rows of the queue, and after what the next page goes on; empty at the end."""

    rows: list[dict[str, Any]]
    after: str


def page(connection: Connection, wanted: Wanted) -> Page:
    """Return one page of a tab, in the queue's order; what is over comes latest first."""
    limit = max(1, min(wanted.limit, MOST))
    match wanted.tab:
        case "done":
            statement, key = _done(wanted), "review_at"
        case "alone":
            statement, key = _alone(wanted), "updated_at"
        case _:
            statement, key = _waiting(wanted), "place"
    found = connection.execute(statement.limit(limit + 1)).mappings().all()
    more = len(found) > limit
    if wanted.tab == "alone":
        rows = [{**row, **_ruled(connection, row["id"])} for row in found[:limit]]
    else:
        rows = _with_texts(connection, found[:limit], "card")
    return Page(rows, f"{rows[-1][key]}|{rows[-1]['id']}" if more else "")


def _with_texts(connection: Connection, rows: Sequence[Mapping[Any, Any]], name: str) -> list[dict[str, Any]]:
    texts = personal.get_all(connection, [row["personal_id"] for row in rows])
    return [{**row, name: texts.get(row["personal_id"])} for row in rows]


def _ruled(connection: Connection, ticket_id: str) -> dict[str, Any]:
    """Return what a list shows of the ruling that let a ticket be answered alone."""
    ruled = reports.last_ruling(connection, ticket_id)
    if ruled is None:
        return {"decision_id": None, "intent": None, "account_name": None, "stake": "unknown", "reply": None}
    seen = ruled["personal"] or {}
    return {
        "decision_id": ruled["id"],
        "intent": next(iter(ruled["body"]["intents"]), None),
        "account_name": ((seen.get("audit") or {}).get("account") or {}).get("name"),
        "stake": ruled["body"]["stake"],
        "reply": (seen.get("proposal") or {}).get("reply"),
    }


def following(connection: Connection, wanted: Wanted, row: dict[str, Any]) -> str | None:
    """Return the draft that comes after one in a tab, or the tab's first where it was the last."""
    for after in (f"{row['place']}|{row['id']}", ""):
        statement = _waiting(wanted._replace(after=after)).where(DRAFT.c.id != row["id"]).limit(1)
        if (found := connection.execute(statement).mappings().first()) is not None:
            return str(found["id"])
    return None


def _waiting(wanted: Wanted) -> Select[Any]:
    now = clock.now().isoformat()
    asleep = func.coalesce(DRAFT.c.snoozed_until, "") > now
    theirs = DRAFT.c.assignee.in_(wanted.names)
    held = func.coalesce(DRAFT.c.held_until, "") > now
    statement = select(DRAFT).where(*WAITS)
    match wanted.tab:
        case "mine":
            holds = and_(held, DRAFT.c.held_by.in_(wanted.names[:1]))
            statement = statement.where(or_(and_(theirs, or_(not_(held), holds)), holds), not_(asleep))
        case "unclaimed":
            statement = statement.where(not_(held), not_(theirs), not_(asleep))
        case "snoozed":
            statement = statement.where(asleep)
        case _:
            statement = statement.where(not_(asleep))
    if wanted.after:
        place, _, draft_id = wanted.after.rpartition("|")
        later = or_(DRAFT.c.place > place, DRAFT.c.id > draft_id)
        statement = statement.where(DRAFT.c.place >= place, later)
    if wanted.late:
        statement = statement.where(DRAFT.c.deadline <= now)
    return statement.where(*_filters(wanted)).order_by(DRAFT.c.place, DRAFT.c.id)


def _done(wanted: Wanted) -> Select[Any]:
    columns = [REVIEW.c[name].label(f"review_{name}") for name in ("at", "by", "verdict", "reason", "role")]
    statement = select(DRAFT, *columns).join(REVIEW, REVIEW.c.draft_id == DRAFT.c.id)
    return _latest_first(statement.where(*_filters(wanted)), REVIEW.c.at, DRAFT.c.id, wanted.after)


def _alone(wanted: Wanted) -> Select[Any]:
    """Select the tickets that were answered without a person."""
    statement = select(TICKET).where(TICKET.c.disposition == "answered_alone")
    if text := wanted.text.strip():
        about = or_(TICKET.c.id == text, TICKET.c.account_id == text, TICKET.c.sender == digest(text.lower()))
        statement = statement.where(about)
    return _latest_first(statement, TICKET.c.updated_at, TICKET.c.id, wanted.after)


def _latest_first(statement: Select[Any], at: Column[Any], key: Column[Any], after: str) -> Select[Any]:
    """Order by a moment, and go on after the row of a page's end where one is named."""
    if after:
        moment, _, last = after.rpartition("|")
        statement = statement.where(at <= moment, or_(at < moment, key > last))
    return statement.order_by(at.desc(), key)


def _filters(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for column, value in (("tier", wanted.tier), ("required_role", wanted.role), ("intent", wanted.intent)):
        if value:
            found.append(DRAFT.c[column] == value)
    if text := wanted.text.strip():
        within = [DRAFT.c[name].icontains(text, autoescape=True) for name in ("account_name", "intent", "assignee")]
        whole = [DRAFT.c[name] == text for name in ("id", "ticket_id", "account_id")]
        theirs = select(TICKET.c.id).where(TICKET.c.sender == digest(text.lower()))
        # By the ticket whose words the card holds, so that a planted draft is found like the one it was made from.
        wrote = DRAFT.c.personal_id.in_(select(PERSONAL.c.id).where(PERSONAL.c.ticket_id.in_(theirs)))
        found.append(or_(*within, *whole, *([wrote] if "@" in text else [])))
    return found


_LOAD = (
    select(
        DRAFT.c.assignee,
        (func.coalesce(DRAFT.c.snoozed_until, "") > bindparam("now")).label("asleep"),
        (func.coalesce(DRAFT.c.held_until, "") > bindparam("now")).label("held"),
        DRAFT.c.held_by,
        func.count().label("many"),
    )
    .where(*WAITS)
    .group_by("assignee", "asleep", "held", "held_by")
)


class Load:
    """How many drafts wait for whom at one moment; every person's counts follow from it without another query."""

    def __init__(self, connection: Connection) -> None:
        self._rows = connection.execute(_LOAD, {"now": clock.now().isoformat()}).all()

    def counts(self, names: tuple[str, ...]) -> dict[str, int]:
        """Return the number of drafts in each tab that waits, for a person and those they stand in for."""
        found: Counter[str] = Counter(dict.fromkeys(("mine", "unclaimed", "team", "snoozed"), 0))
        for row in self._rows:
            if row.asleep:
                found["snoozed"] += row.many
                continue
            found["team"] += row.many
            holds = bool(row.held) and row.held_by in names[:1]
            if holds or (row.assignee in names and not row.held):
                found["mine"] += row.many
            elif not row.held and row.assignee not in names:
                found["unclaimed"] += row.many
        return dict(found)


_ALIKE = (
    select(DRAFT.c.id, DRAFT.c.account_name, DRAFT.c.tier, DRAFT.c.health, DRAFT.c.stake)
    .add_columns(REVIEW.c.verdict, REVIEW.c.by, REVIEW.c.reason, REVIEW.c.at)
    .join(REVIEW, REVIEW.c.draft_id == DRAFT.c.id)
    .where(DRAFT.c.intent == bindparam("intent"), DRAFT.c.id != bindparam("id"))
    .order_by(
        (DRAFT.c.account_id == bindparam("account")).desc(),
        (DRAFT.c.tier == bindparam("tier")).desc(),
        REVIEW.c.at.desc(),
    )
    .limit(ALIKE)
)
_HEALTH = (
    select(DRAFT.c.created_at, DRAFT.c.health)
    .where(DRAFT.c.account_id == bindparam("account"), DRAFT.c.health.is_not(None))
    .order_by(DRAFT.c.created_at.desc())
    .limit(12)
)
_HANDED = select(HANDOFF).where(HANDOFF.c.answered_at.is_(None)).order_by(HANDOFF.c.deadline)


def alike(connection: Connection, row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return past verdicts on the same kind of request: of the same account and tier first, then the latest."""
    about = {name: row[name] for name in ("id", "intent", "tier")}
    found = connection.execute(_ALIKE, {**about, "account": row["account_id"]}).mappings()
    return [dict(one) for one in found]


def health_of(connection: Connection, account_id: str) -> list[tuple[str, int]]:
    """Return when drafts noted which health of an account, the earliest first."""
    rows = connection.execute(_HEALTH, {"account": account_id}).all()
    return [(row.created_at, row.health) for row in reversed(rows)]


def handoffs(connection: Connection, names: tuple[str, ...] | None, limit: int = MOST) -> list[dict[str, Any]]:
    """Return the handoffs that nobody has answered yet, of some owners or of all, the earliest deadline first."""
    statement = _HANDED if names is None else _HANDED.where(HANDOFF.c.owner.in_(names))
    return _with_texts(connection, connection.execute(statement.limit(limit)).mappings().all(), "brief")


def handoff(connection: Connection, handoff_id: str) -> dict[str, Any]:
    """Return one handoff with its brief; `BadInput` where there is none."""
    row = connection.execute(select(HANDOFF).where(HANDOFF.c.id == handoff_id)).mappings().one_or_none()
    if row is None:
        raise BadInput(f"there is no handoff {handoff_id}", where="DRAFT_ID")
    return {**row, "brief": personal.get(connection, row["personal_id"])}
