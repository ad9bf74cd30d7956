"""The card of a draft: what a person sees, what they decide on it, and how they take it back."""

from collections.abc import Mapping
from typing import Any, NamedTuple, get_args

from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from cxagent.context.handover import same_person
from cxagent.domain.proposal import Action
from cxagent.domain.review import REASONS, Severity
from cxagent.errors import BadInput, Conflict, CxagentError, Refused
from cxagent.inbox import Given, Stale, forms
from cxagent.inbox.card import audit_of, proposed, sheet, weigh
from cxagent.inbox.people import deciders
from cxagent.inbox.verdicts import LONGEST_REPLY, Choice
from cxagent.inbox.wording import changed
from cxagent.ledger import reviews
from cxagent.playbook import explain
from cxagent.review.queue_pages import WAITING, Filters, kinds
from cxagent.review.site import Asked, bare, log, picked, route
from cxagent.review.words import sentence

SEVERITIES = get_args(Severity)
FIELDS = ("reason", "severity", "failed_goal", "note", "to")
UNCHOSEN = {"reason": "Choose why; a note alone is not enough", "to": "Choose a colleague"}
"""What a field says that was left as it stood."""
TOLD = {
    "approve": "approved",
    "edit": "sent in your version",
    "reject": "rejected",
    "respond": "answered in your words",
}


class Wrong(NamedTuple):
    """Why a form came back: the verdict it was for, the field, and the sentence."""

    choice: str
    where: str
    said: str


def card(asked: Asked) -> Response:
    """Show a card."""
    return _page(asked, {})


def decide(asked: Asked) -> Response:
    """Put a verdict on record, or show what the typed version amounts to; a refused form comes back as it was."""
    draft_id, choice = asked.path("draft_id"), asked.typed("choice") or ""
    if choice == "preview":
        return _page(asked, _typed(asked))
    try:
        asked.inbox.sign(asked.me, draft_id, given(asked))
    except CxagentError as error:
        return refused(asked, choice, error)
    if asked.typed("then") == "next":
        filters = filters_of(asked)
        after = asked.inbox.following(asked.me, draft_id, filters.tab, **filters.wanted)
        if after is not None:
            return asked.go(f"/drafts/{after}?{filters.address(signed=draft_id)}")
    return asked.go(f"/drafts/{draft_id}/signed?{filters_of(asked).address()}")


def given(asked: Asked) -> Given:
    """Read the verdict that was typed."""
    choice = picked(asked.form, "choice", get_args(Choice))
    if choice is None:
        raise BadInput("choose a verdict", where="choice")
    row = asked.inbox.draft(asked.path("draft_id"))
    said: dict[str, Any] = {name: asked.typed(f"{choice}_{name}") or asked.typed(name) for name in FIELDS}
    picked(said, "severity", SEVERITIES)
    reply, actions = _version(asked, row)
    if choice == "approve" and (reply is not None or actions is not None):
        raise BadInput(
            "you changed the reply or an action: choose Send my version, or put back what stood there", where="reply"
        )
    if choice == "respond":
        said["reply"] = asked.typed("respond_reply") or asked.typed("reply")
    elif choice == "edit":
        said |= {"reply": reply, "actions": actions}
    try:
        return Given(choice=choice, card=asked.typed("card") or "none", **said)  # type: ignore[arg-type]
    except ValidationError as error:
        raise BadInput(explain(error), where="choice") from None


def _version(asked: Asked, row: Mapping[str, Any]) -> tuple[str | None, tuple[Action, ...] | None]:
    """Return the reply and the calls where they are other than the draft's."""
    reply, drafted = asked.typed("reply"), ((row["card"] or {}).get("reply") or "").strip()
    tools = asked.inbox.agent.project.steps.judge.tools
    _short_enough(reply)
    actions = forms.read(proposed(row), tools, asked.form)
    if "reply" in asked.form and reply is None and drafted:
        raise BadInput("the reply is empty; to send nothing, reject the draft", where="reply")
    return (reply if reply is not None and reply != drafted else None), actions


def _short_enough(text: str | None) -> None:
    if text is not None and len(text) > LONGEST_REPLY:
        raise BadInput(f"is longer than {LONGEST_REPLY:,} characters", where="reply")


def weighed(asked: Asked) -> Response:
    """Return what a version amounts to, as a piece of a page: the difference, the evidence, the effects."""
    agent, trouble = asked.inbox.agent, None
    with agent.store.read() as connection:
        row = reviews.draft(connection, asked.path("draft_id"))
        audit = audit_of(connection, row)
    try:
        reply, actions = _version(asked, row)
    except BadInput as error:
        reply, actions, trouble = (asked.typed("reply") or "")[:LONGEST_REPLY], None, sentence(bare(error))
    found = weigh(agent, asked.inbox.playbook, row, audit, reply, actions)
    words, moved = changed(found.pieces), actions is not None
    return asked.render("_weighed.html", found=found, words=words, trouble=trouble, changed_calls=moved)


def signed(asked: Asked) -> Response:
    """Show what was decided while it can be taken back."""
    row, filters = asked.inbox.draft(asked.path("draft_id")), filters_of(asked)
    after = asked.inbox.following(asked.me, row["id"], filters.tab, **filters.wanted)
    return asked.render("signed.html", **_given(asked, row["id"]), after=after, filters=filters)


def outcome(asked: Asked) -> Response:
    """Tell in a sentence what became of a verdict."""
    found = _given(asked, asked.path("draft_id"))
    return JSONResponse({"state": found["state"], "said": found["said"]})


def back_to_card(asked: Asked) -> Response:
    """Open the card: nothing is taken back by looking."""
    return asked.go(f"/drafts/{asked.path('draft_id')}")


def undo(asked: Asked) -> Response:
    """Take a verdict back: the card opens with what was typed; after its time the page says that it is too late."""
    draft_id = asked.path("draft_id")
    before = asked.inbox.take_back(asked.me, draft_id)
    if before is None:
        row = asked.inbox.draft(draft_id)
        if row["status"] == "pending" and not row["signed_by"]:  # taken back before: this is a reload
            return asked.go(f"/drafts/{draft_id}")
        found = _given(asked, draft_id)
        said = f"It is too late to take this back. {found['said']}"
        return asked.render("said.html", 409, title="Too late", said=said, links=[("/", "To the queue")])
    typed = {f"{before.choice}_{name}": str(getattr(before, name) or "") for name in FIELDS}
    if before.choice == "respond":
        typed["respond_reply"] = before.reply or ""
    elif before.reply is not None:
        typed["reply"] = before.reply
    if before.actions is not None:
        row, tools = asked.inbox.draft(draft_id), asked.inbox.agent.project.steps.judge.tools
        typed |= forms.typed(proposed(row), tools, before.actions)
    return _page(asked, typed, before.actions, back=True)


# ---- pages ----------------------------------------------------------------------------------------------------------


def _page(
    asked: Asked,
    typed: Mapping[str, str],
    actions: tuple[Action, ...] | None = None,
    *,
    wrong: Wrong | None = None,
    status: int = 200,
    back: bool = False,
) -> Response:
    """Render a card with what was typed on it, and note that it was seen."""
    inbox, filters = asked.inbox, filters_of(asked)
    found = sheet(inbox.agent, inbox.playbook, asked.me, asked.path("draft_id"))
    row, me = found.row, asked.me
    # What was typed comes back under a name of its own: the time on the card began with its opening.
    inbox.looked(me, "page", "card again" if asked.request.method == "POST" else "card", row["id"], row["account_id"])
    if not row["card"]:
        told = "The text of this draft was erased, as its sender wished; nothing of it can be shown or sent."
        return asked.render("said.html", 410, title="Erased", said=told, links=[("/", "To the queue")])
    trouble = None
    try:
        reply, calls = _version(asked, row)
    except BadInput as error:
        reply, calls, trouble = asked.typed("reply"), None, sentence(bare(error))
    fresh = weigh(inbox.agent, inbox.playbook, row, found.audit, typed.get("reply", reply), actions or calls)
    open_to_me = row["status"] == "pending" and not row["signed_by"]
    after = inbox.following(me, row["id"], filters.tab, **filters.wanted)
    banner = _given(asked, asked.query("signed")) if asked.query("signed") else None
    return asked.render(
        "card.html",
        status,
        sheet=found,
        row=row,
        card=row["card"],
        typed=typed,
        wrong=wrong,
        found=fresh,
        words=changed(fresh.pieces),
        trouble=trouble,
        changed_calls=(actions or calls) is not None,
        open=open_to_me,
        mine=found.holder is not None and same_person(found.holder, me.name),
        after=after,
        filters=filters,
        kinds=kinds(asked),
        reasons=REASONS,
        severities=SEVERITIES,
        people=[one for one in inbox.playbook.people if one.name != me.name],
        able=deciders(inbox.playbook, me),
        before=banner,
        back=back,
        told=[one for one in inbox.told(me) if banner is None or one["draft_id"] != banner["row"]["id"]],
    )


def refused(asked: Asked, choice: str, error: CxagentError) -> Response:
    """Bring a form back as it was typed, with the sentence; a card that is out of date shows what counts now."""
    log.warning("%s by %s: %s", asked.request.url.path, asked.me.name, error)
    if isinstance(error, Conflict):
        changes = error.changes if isinstance(error, Stale) else ()
        kept = {name: value for name, value in _typed(asked).items() if name in ("reply", "respond_reply") and value}
        fresh = error.fresh if isinstance(error, Stale) else None
        return asked.render("stale.html", 409, said=str(error), changes=changes, fresh=fresh, kept=kept)
    where = getattr(error, "where", "")
    if where == "DRAFT_ID" or not isinstance(error, BadInput | Refused):
        raise error
    where = where.removeprefix("--")
    said = UNCHOSEN.get(where) if not (asked.typed(f"{choice}_{where}") or asked.typed(where)) else None
    wrong = Wrong(choice, where, said or sentence(bare(error)))
    return _page(asked, _typed(asked), wrong=wrong, status=403 if isinstance(error, Refused) else 400)


def _given(asked: Asked, draft_id: str) -> dict[str, Any]:
    """Return what is told of a verdict that this person gave: `waits`, `done`, `back` or `none`, and a sentence."""
    row = asked.inbox.draft(draft_id)
    found: dict[str, Any] = {"row": row, "until": row["signed_until"], "state": "none", "said": ""}
    name = row["account_name"] or "the account"
    if row["status"] == "pending" and row["signed_by"] and same_person(row["signed_by"], asked.me.name):
        return {**found, "state": "waits", "said": f"Your verdict on {name} is on record; nothing has left yet."}
    if (trap := asked.inbox.planted(draft_id)) is not None and same_person(trap["reviewer"] or "", asked.me.name):
        caught = "You caught it" if trap["caught"] else "It was not caught; nothing went out"
        said = f"This draft was planted to test the reviewing, and nothing was sent: {trap['told']}. {caught}."
        return {**found, "state": "done", "said": said}
    if row["came_back"]:
        return {**found, "state": "back", "said": f"{name} waits again: {row['came_back']}"}
    if row["first_approver"] and row["status"] == "pending":
        return {
            **found,
            "state": "done",
            "said": f"Your approval for {name} counts; a second person must approve as well.",
        }
    with asked.inbox.agent.store.read() as connection:
        verdict = reviews.verdict(connection, draft_id)
    if verdict is None:
        return {**found, "said": f"No verdict on {name} is on record; it is {row['status']}."}
    told = "handed over" if verdict[1].to else TOLD[verdict[1].verdict]
    by = "" if same_person(verdict[1].by, asked.me.name) else f" by {verdict[1].by}"
    return {**found, "state": "done", "said": f"{name}: {told}{by}."}


def _typed(asked: Asked) -> dict[str, str]:
    """Return everything that was typed."""
    return {name: str(value).replace("\r\n", "\n") for name, value in asked.form.items() if isinstance(value, str)}


def filters_of(asked: Asked) -> Filters:
    """Return the list that a card was opened from, as far as it holds drafts that wait."""
    found = Filters.read(asked)
    return found if found.tab in WAITING else found._replace(tab="mine")


ROUTES = [
    route("/drafts/{draft_id}", card),
    route("/drafts/{draft_id}", decide, "POST"),
    route("/drafts/{draft_id}/diff", weighed, "POST"),
    route("/drafts/{draft_id}/signed", signed),
    route("/drafts/{draft_id}/outcome", outcome),
    route("/drafts/{draft_id}/undo", undo, "POST"),
    route("/drafts/{draft_id}/undo", back_to_card),
]
