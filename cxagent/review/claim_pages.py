"""Whose a draft is: claimed, given back, taken over, put off, passed on."""

from datetime import datetime
from zoneinfo import ZoneInfo

from starlette.responses import Response

from cxagent.errors import BadInput, Refused
from cxagent.review.card_pages import filters_of, refused
from cxagent.review.site import Asked, route


def claim(asked: Asked) -> Response:
    """Claim a card."""
    asked.inbox.claim(asked.me, asked.path("draft_id"))
    return _to_card(asked)


def take_over(asked: Asked) -> Response:
    """Take the claim over from somebody, with a reason."""
    asked.inbox.take_over(asked.me, asked.path("draft_id"), asked.typed("why") or "")
    return _to_card(asked)


def let_go(asked: Asked) -> Response:
    """Give a claim back."""
    asked.inbox.let_go(asked.me, asked.path("draft_id"))
    return _to_card(asked)


def snooze(asked: Asked) -> Response:
    """Put a draft off until a moment that was chosen or typed."""
    try:
        asked.inbox.snooze(asked.me, asked.path("draft_id"), _until(asked))
    except (BadInput, Refused) as error:
        return refused(asked, "snooze", error)
    return _to_queue(asked)


def _until(asked: Asked) -> datetime:
    """Return the chosen moment; one typed by hand is meant at the place of work."""
    text = asked.typed("snooze_at") or asked.typed("snooze_until") or ""
    try:
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise BadInput("choose until when", where="until") from None
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(asked.inbox.playbook.business_hours.timezone))


def wake(asked: Asked) -> Response:
    """Wake a draft that was put off."""
    asked.inbox.snooze(asked.me, asked.path("draft_id"), None)
    return _to_card(asked)


def pass_on(asked: Asked) -> Response:
    """Give a draft to a colleague."""
    try:
        why = asked.typed("pass_on_why") or ""
        asked.inbox.pass_on(asked.me, asked.path("draft_id"), asked.typed("pass_on_to") or "", why)
    except (BadInput, Refused) as error:
        return refused(asked, "pass_on", error)
    return _to_queue(asked)


def _to_queue(asked: Asked) -> Response:
    return asked.go(f"/?{filters_of(asked).address(moved=asked.path('draft_id'))}")


def _to_card(asked: Asked) -> Response:
    return asked.go(f"/drafts/{asked.path('draft_id')}?{filters_of(asked).address()}")


ROUTES = [
    route("/drafts/{draft_id}/claim", claim, "POST"),
    route("/drafts/{draft_id}/take-over", take_over, "POST"),
    route("/drafts/{draft_id}/let-go", let_go, "POST"),
    route("/drafts/{draft_id}/snooze", snooze, "POST"),
    route("/drafts/{draft_id}/wake", wake, "POST"),
    route("/drafts/{draft_id}/pass-on", pass_on, "POST"),
]
