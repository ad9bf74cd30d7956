"""What the machine did on an account between two renewals, for whoever prepares or looks back on one."""

from datetime import UTC, datetime, timedelta

from starlette.responses import Response

from cxagent.context.handover import same_person
from cxagent.errors import BadInput
from cxagent.ledger import accesses
from cxagent.quality.auditing import may_audit
from cxagent.quality.post_mortem import PostMortem, Touch, post_mortem
from cxagent.review.site import Asked, route

ROUTES_SAID = {"act": "alone", "draft": "a person approves", "handoff": "a person owns it"}


def touches(asked: Asked) -> Response:
    """Show the touches on an account; what one has still to audit blind stays hidden until then."""
    account_id = asked.path("account_id")
    begin, end = _day(asked, "since"), _day(asked, "until")
    with asked.inbox.agent.store.read() as connection:
        try:
            found = post_mortem(connection, account_id, begin, end + timedelta(days=1) if end else None)
        except BadInput as error:
            if error.where != account_id:
                raise
            links = [("/", "To the queue")]
            return asked.render("said.html", 404, title="No such account", said=str(error), links=links, changes=())
    hidden = {one.decision_id for one in found.touches if _to_audit(asked, one)}
    _note(asked, found, hidden)
    last = found.until - timedelta(microseconds=1)
    return asked.render("account-touches.html", found=found, hidden=hidden, routes=ROUTES_SAID, last=last)


def _day(asked: Asked, name: str) -> datetime | None:
    if not (said := asked.query(name)):
        return None
    try:
        day = datetime.strptime(said, "%Y-%m-%d").replace(tzinfo=UTC)
        _ = day + timedelta(days=1)  # the end of a span is the day after
        return day
    except (ValueError, OverflowError):
        raise BadInput("write the day as 2027-03-09", where=name) from None


def _to_audit(asked: Asked, one: Touch) -> bool:
    """Whether whoever looks has still to say what they would have wanted here."""
    return one.auditor is not None and same_person(one.auditor, asked.me.name)


def _note(asked: Asked, found: PostMortem, hidden: set[str]) -> None:
    """Note who looked, and at which decisions: whoever saw what the machine did cannot audit that blind any more."""
    me, account_id = asked.me, found.account_id
    audits = may_audit(asked.inbox.playbook, me.name)
    seen = [one for one in found.touches if one.decision_id not in hidden] if audits else []
    with asked.inbox.agent.store.write() as connection:
        accesses.note(connection, me.name, "page", "touches", account_id, account_id)
        for one in seen:
            accesses.note(connection, me.name, "page", "touches", one.decision_id, one.account_id)


ROUTES = [route("/accounts/{account_id}/touches", touches)]
