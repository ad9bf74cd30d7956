"""Audits: what is to be judged and how far that is, and one decision, judged before the machine's answer is shown."""

from typing import Any, get_args

from starlette.responses import Response

from cxagent import clock
from cxagent.context.handover import same_person
from cxagent.domain.finding import RUBRIC
from cxagent.domain.review import REASONS, Severity
from cxagent.domain.vocabulary import Autonomy
from cxagent.errors import BadInput, Refused
from cxagent.inbox.people import QA
from cxagent.quality import auditing
from cxagent.quality.auditing import Opinion, Wanted
from cxagent.review.queue_pages import kinds
from cxagent.review.site import Asked, bare, route

ROUTES_WANTED = {
    Autonomy.ACT: "the machine answers alone",
    Autonomy.DRAFT: "the machine drafts, a person lets it go",
    Autonomy.HANDOFF: "a person owns it from the start",
}
"""What an auditor may have wanted, in words."""
MARKS = {"met": "met", "not_met": "not met", "not_applicable": "does not apply"}
PARTS = {
    "facts": "The facts it states are right",
    "action": "It does the right thing",
    "amount": "The amount is right",
    "commitment": "It promises nothing that it may not",
    "tone": "The tone fits this account",
    "routing": "It went the right way: alone, as a draft, or to a person",
}
"""The rubric in words."""
SHOWN = 200


def audits(asked: Asked) -> Response:
    """Show what is to be audited, one's own first, and how far decisions are audited."""
    _auditor(asked)
    with asked.inbox.agent.store.read() as connection:
        rows = auditing.due(connection, clock.now())
        found = auditing.coverage(connection, clock.now())
    mine = [row for row in rows if same_person(row["auditor"], asked.me.name)]
    others = [row for row in rows if not same_person(row["auditor"], asked.me.name)]
    told: dict[str, Any] = {"mine": mine[:SHOWN], "others": others[:SHOWN], "coverage": found, "kinds": kinds(asked)}
    return asked.render("audits.html", **told, done=asked.query("done"), qa=asked.me.role == QA)


def audit(asked: Asked) -> Response:
    """Show one decision to whoever audits it."""
    return _page(asked)


def wanted(asked: Asked) -> Response:
    """Record what the auditor would have wanted; the machine's answer is shown after that."""
    audit_id, route_wanted = asked.path("audit_id"), asked.typed("route")
    try:
        if route_wanted not in list(Autonomy):
            raise BadInput("choose what you would have wanted", where="route")
        said = Wanted(route=Autonomy(route_wanted), words=asked.typed("words"))
        auditing.want(asked.inbox.agent, asked.me.name, audit_id, said)
    except BadInput as error:
        return _page(asked, error)
    return asked.go(f"/audits/{audit_id}")


def finding(asked: Asked) -> Response:
    """Record what the auditor found; a refused form comes back as it was typed."""
    audit_id = asked.path("audit_id")
    try:
        auditing.record(asked.inbox.agent, asked.me.name, audit_id, _opinion(asked))
    except BadInput as error:
        return _page(asked, error)
    return asked.go("/audits?done=yes")


def _opinion(asked: Asked) -> Opinion:
    """Read the form of a finding; `BadInput` names what was left open."""
    marks = {part: asked.typed(part) for part in RUBRIC}
    for part, mark in marks.items():
        if mark not in MARKS:
            raise BadInput(f"say of {part} whether it was met", where=part)
    answers = {name: asked.typed(name) for name in ("agrees", "by_policy", "by_goals")}
    for name, sentence in (("agrees", "say whether you agree"), ("by_policy", "say whether our policy allows it")):
        if answers[name] not in ("yes", "no"):
            raise BadInput(sentence, where=name)
    if answers["by_goals"] not in ("yes", "no", "unknown"):
        raise BadInput("say whether it is right by their goals", where="by_goals")
    return Opinion.model_validate(
        {
            "agrees": answers["agrees"] == "yes",
            "rubric": marks,
            "by_policy": answers["by_policy"] == "yes",
            "by_goals": {"yes": True, "no": False}.get(answers["by_goals"] or ""),
            "severity": asked.typed("severity"),
            "reasons": tuple(str(one) for one in asked.form.getlist("reason") if one),
            "note": asked.typed("note"),
        }
    )


def _page(asked: Asked, wrong: BadInput | None = None) -> Response:
    _auditor(asked)
    found = auditing.sheet(asked.inbox.agent, asked.me.name, asked.path("audit_id"))
    typed: dict[str, Any] = {name: asked.typed(name) for name in asked.form if name != "reason"}
    typed["reason"] = asked.form.getlist("reason")
    said = None if wrong is None else bare(wrong)
    told: dict[str, Any] = {
        "routes": ROUTES_WANTED,
        "marks": MARKS,
        "parts": PARTS,
        "reasons": REASONS,
        "severities": get_args(Severity),
    }
    return asked.render("audit.html", 400 if wrong else 200, sheet=found, typed=typed, wrong=said, **told)


def _auditor(asked: Asked) -> None:
    if not auditing.may_audit(asked.inbox.playbook, asked.me.name):
        raise Refused("audits are for QA, and for those who decide drafts")


ROUTES = [
    route("/audits", audits),
    route("/audits/{audit_id}", audit),
    route("/audits/{audit_id}/wanted", wanted, "POST"),
    route("/audits/{audit_id}/finding", finding, "POST"),
]
