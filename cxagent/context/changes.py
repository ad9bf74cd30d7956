"""What moved between two audits of one ticket, as a reviewer reads it: the name of a fact, then and now."""

from cxagent.context.audit import ContextAudit
from cxagent.domain.value import Text, Value


class Change(Value):
    """A fact that is otherwise than it was."""

    name: Text
    before: Text
    now: Text


def changes(before: ContextAudit, now: ContextAudit) -> tuple[Change, ...]:
    """Return the facts, risks and contradictions that differ; one unnamed change where none of them does."""
    was, is_ = _told(before), _told(now)
    names = [*was, *(name for name in is_ if name not in was)]
    moved = [(name, was.get(name, "none"), is_.get(name, "none")) for name in names]
    found = tuple(Change(name=name, before=one, now=other) for name, one, other in moved if one != other)
    return found or (Change(name="the account", before="as the card shows it", now="changed in its documents"),)


def _told(audit: ContextAudit) -> dict[str, str]:
    told = {fact.name: f"{fact.value or 'unknown'}" + _state(fact.status) for fact in audit.facts}
    told["sender"] = audit.identity.why
    if audit.standing is not None:
        told["risks"] = "; ".join(risk.why for risk in audit.standing.risks) or "none"
    told["contradictions"] = "; ".join(f"{one.left} / {one.right}" for one in audit.conflicts) or "none"
    return told


def _state(status: str) -> str:
    return "" if status == "present" else f" ({status})"
