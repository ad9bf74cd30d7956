"""The pages as a browser without a script gets them: what is shown, what is refused, and that nothing is lost."""

import contextlib
import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from starlette.testclient import TestClient

from cxagent.inbox import Inbox
from cxagent.inbox.planting import plant
from cxagent.review import queue_pages
from review.conftest import OURS, Desk

TAG = re.compile(r"<[^>]+>|\s+")


def text(page: str) -> str:
    """Return the words of a page."""
    return " ".join(TAG.sub(" ", page).split())


def address(desk: Desk, name: str, step: str = "") -> str:
    """Return the address of a card or of a step on it."""
    return f"/drafts/{desk.drafts[name]}{step}"


def opened(client: TestClient, path: str) -> str:
    """Return a page as it is."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.text[:400]
    return answer.text


def test_the_card_says_what_the_account_is_and_why_it_is_here(desk: Desk) -> None:
    """R29, R31: strip with age and source, reasons with values and limits, goals with who and when, promises."""
    with desk.client() as client:
        said = text(opened(client, address(desk, "mid")))
    for words in (
        "CLV USD 210,000 crm, 5 h ago",
        "down 3 in 60 days",
        "Open incidents none",
        "Why you see this",
        "It would have gone out alone if",
        "second plant by summer Ola Brandt, 4 Sep 2026",
        "Kept: a call each quarter",
        "issue credit, amount",
        "limit alone USD",
        "can be undone in part",
    ):
        assert words in said, words


def test_the_queue_says_what_matters_of_each_draft(desk: Desk) -> None:
    """Deadline, stake, notice, kind and the first reason stand on the row; what is due first comes first."""
    with desk.client() as client:
        said = text(opened(client, "/?tab=team"))
    assert said.index("Company A-3") < said.index("Company A-2") < said.index("Company A-1")
    for words in ("USD 4,100,000", "due in 2 h", "notice in", "Goodwill credit", "High value"):
        assert words in said, words


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ("tab=team&tier=high", {"A-3"}),
        ("tab=team&kind=goodwill_credit", {"A-1", "A-2", "A-4"}),
        ("tab=team&role=executive", set()),
        ("tab=team&late=1", set()),
        ("tab=team&q=company+a-2", {"A-2"}),
        ("tab=team&q=ada%40a-4.example", {"A-4"}),
        ("tab=team&q=T-large", {"A-3"}),
        ("tab=mine", {"A-1", "A-4"}),
        ("tab=unclaimed", {"A-2", "A-3"}),
        ("tab=snoozed", set()),
        ("tab=done", set()),
        ("tab=alone", {"A-1"}),
    ],
)
def test_filters_and_tabs(desk: Desk, query: str, seen: set[str]) -> None:
    """Each filter shows what fits it and nothing else; what people did not touch is one click away."""
    with desk.client() as client:
        rows = re.findall(r'class="open"[^>]*>(?:Company )?(A-\d)<', opened(client, f"/?{query}"))
    assert set(rows) == seen


def test_why_is_told_in_plain_words(desk: Desk) -> None:
    """The facts behind a decision that the machine took alone carry no code and no bare figure of trust."""
    with desk.client() as client:
        said = text(opened(client, re.findall(r"/why/\w+", opened(client, "/?tab=alone"))[0]))
    assert "tier Small" in said
    assert "trust balance no breach of trust counts" in said
    assert not re.search(r"low.clv|0\.0000", said)


def test_a_view_is_kept_and_dropped(desk: Desk) -> None:
    """A filter with a name stands on the queue of its owner alone, until they remove it."""
    with desk.client() as client:
        client.post("/views", data={"name": "Large ones", "query": "tab=team&tier=high"})
        page = opened(client, "/")
        assert 'href="/?tab=team&amp;tier=high"' in page
        client.post("/sign-in", data={"person": "Priya Nair"})
        assert "Large ones" not in opened(client, "/")
        client.post("/sign-in", data={"person": "Lena Hartmann"})
        client.post(re.findall(r"/views/\w+/remove", page)[0])
        assert "Large ones" not in opened(client, "/")


@pytest.mark.parametrize(
    ("name", "choice", "typed", "sentence"),
    [
        ("small", "reject", {"reject_note": "Not like this."}, "Choose why; a note alone is not enough"),
        ("small", "reject", {"reject_reason": "other"}, "Say how bad it would have been"),
        ("small", "reject", {"reject_reason": "made_up"}, "is no reason"),
        ("small", "hand_off", {"hand_off_reason": "other"}, "Choose a colleague"),
        ("small", "respond", {"respond_reply": "", "reply": ""}, "The reply is empty"),
        ("small", "edit", {}, "Change the reply or an action"),
        ("small", "edit", {"a0.amount": "lots"}, "is no plain number"),
        ("small", "edit", {"a0.reason": ""}, "Must not be empty"),
        ("small", "approve", {"reply": "Changed on the way."}, "choose Send my version"),
        ("small", "approve", {"a0.amount": "301.00"}, "choose Send my version"),
        ("large", "approve", {"approve_note": "ok"}, "say in a sentence why this is right"),
        ("small", "surprise", {}, "is none of"),
        ("small", "edit", {"reply": "half a\x00word"}, "holds a NUL byte"),
    ],
)
def test_a_refused_form_comes_back_as_it_was_typed(
    desk: Desk, name: str, choice: str, typed: dict[str, str], sentence: str
) -> None:
    """Nothing is signed, the sentence stands there, and every word that was typed is still in its field."""
    with desk.client() as client:
        answer = client.post(address(desk, name), data=desk.form(name, choice, **typed))
    assert answer.status_code == 400
    assert sentence.lower() in text(answer.text).lower()
    for value in filter(None, typed.values()):
        assert value in answer.text
    assert desk.row(name)["signed_by"] is None


def test_an_edit_beyond_ones_authority_comes_back(desk: Desk) -> None:
    """What a reviewer raises above their step is refused with the sentence, and the amount is still in the field."""
    with desk.client() as client:
        answer = client.post(address(desk, "small"), data=desk.form("small", "edit", **{"a0.amount": "900.00"}))
    assert answer.status_code == 403
    assert "needs the approver" in text(answer.text)
    assert 'value="900.00"' in answer.text


def test_a_preview_sends_nothing_and_shows_everything(desk: Desk) -> None:
    """Without a script the difference and the evidence are one button away."""
    changed = desk.form("small", "preview", reply="We have noted your credit of USD 17.")
    with desk.client() as client:
        page = client.post(address(desk, "small"), data=changed).text
    assert "<ins>" in page
    assert "nothing on record says this" in page
    assert desk.row("small")["signed_by"] is None


def test_a_stale_card_gets_409_and_a_fresh_one(desk: Desk) -> None:
    """What was decided on another card than the one on record is refused; the page leads to the one that counts."""
    with desk.client() as client:
        answer = client.post(address(desk, "small"), data=desk.form("small", "approve", card="0" * 64))
    assert answer.status_code == 409
    assert address(desk, "small") in answer.text


def test_facts_that_moved_bring_the_card_back_with_what_changed(desk: Desk) -> None:
    """An approval on facts that moved is refused with then and now, and a fresh card takes its place."""
    form = desk.form("small", "approve")
    desk.world.change("A-1", "crm.health", 79)
    desk.world.change("A-1", "crm.owner", {"name": "Greta Solano", "since": "2027-03-09"})
    with desk.client() as client:
        answer = client.post(address(desk, "small"), data=form)
        assert answer.status_code == 409
        said = text(answer.text)
        assert "The facts have moved" in said
        assert "Owner pooled Greta Solano" in said
        fresh = re.findall(r"/drafts/drf_\w+", answer.text)[0]
        assert client.get(fresh).status_code == 200


def test_a_claim_is_taken_over_with_a_reason(desk: Desk) -> None:
    """Who has a card is told to others; taking it over needs a word why, and the other one's verdict is refused."""
    with desk.client() as client:
        client.post(address(desk, "small", "/claim"))
        client.post("/sign-in", data={"person": "Priya Nair"})
        assert "Lena Hartmann is looking at this" in text(opened(client, address(desk, "small")))
        refused = client.post(address(desk, "small"), data=desk.form("small", "approve"))
        assert (refused.status_code, "Lena Hartmann is looking at" in refused.text) == (409, True)
        assert client.post(address(desk, "small", "/take-over"), data={"why": " "}).status_code == 400
        client.post(address(desk, "small", "/take-over"), data={"why": "She is in a meeting"})
    assert desk.row("small")["held_by"] == "Priya Nair"
    assert desk.world.entries("T-small", "passed_on")


def test_a_draft_is_put_off_and_wakes(desk: Desk) -> None:
    """A sensible moment before the deadline is offered and confirmed; one after it is refused with what was typed."""
    with desk.client() as client:
        offered = re.findall(r'name="snooze_until" value="([^"]+)"', opened(client, address(desk, "small")))
        assert offered
        late = client.post(address(desk, "small", "/snooze"), data={"snooze_at": "2027-03-12T09:00"})
        assert (late.status_code, "2027-03-12T09:00" in late.text) == (400, True)
        after = client.post(address(desk, "small", "/snooze"), data={"snooze_until": offered[0]})
        assert "Company A-1 is put off until Tue 09 Mar 12:00." in text(after.text)
        assert "Company A-1" in opened(client, "/?tab=snoozed")
        client.post(address(desk, "small", "/wake"))
        assert "Company A-1" in opened(client, "/")


def test_a_draft_is_passed_on(desk: Desk) -> None:
    """It needs a colleague and a word why; then it is theirs, and the next page says so."""
    with desk.client() as client:
        refused = client.post(address(desk, "small", "/pass-on"), data={"pass_on_to": "Oskar Lindqvist"})
        assert (refused.status_code, "Say in a word why" in text(refused.text)) == (400, True)
        given = {"pass_on_to": "Oskar Lindqvist", "pass_on_why": "Yours"}
        after = client.post(address(desk, "small", "/pass-on"), data=given)
        assert "Company A-1 is passed on: it waits for Oskar Lindqvist now." in text(after.text)
    assert desk.row("small")["assignee"] == "Oskar Lindqvist"


def test_a_planted_draft_looks_like_any_other_until_its_verdict_is_carried_out(desk: Desk) -> None:
    """R49: not a word before; afterwards the next pages say what was wrong, and whether it was caught."""
    desk.inbox = Inbox(desk.world.agent, undo=timedelta(0))
    with desk.client() as client:
        client.post(address(desk, "small"), data=desk.form("small", "approve"))
        desk.inbox.release()
        qa = desk.inbox.person("Jonas Falk")
        desk.drafts["trap"] = plant(desk.world.agent, qa, 1)[0]
        before = opened(client, address(desk, "trap")) + opened(client, "/?tab=team")
        assert "planted" not in before.lower()
        assert "T-small" not in before
        form = desk.form("trap", "reject", reject_reason="wrong_facts", reject_severity="major")
        waits = client.post(address(desk, "trap"), data=form).text
        assert "planted" not in waits.lower()
        desk.inbox.release()
        after = [opened(client, path) for path in (address(desk, "trap", "/signed"), "/")]
        assert all("was planted" in page and "You caught it" in page for page in after)
        assert "was planted" in client.get(address(desk, "trap", "/outcome")).json()["said"]


def test_what_was_decided_stays_to_be_read(desk: Desk) -> None:
    """The tab Done and the card say who decided what and why; the card offers no verdict and is a past case."""
    desk.inbox = Inbox(desk.world.agent, undo=timedelta(0))
    with desk.client() as client:
        form = desk.form(
            "twin", "reject", reject_reason="tone_or_brand", reject_severity="minor", reject_note="Too curt."
        )
        client.post(address(desk, "twin"), data=form)
        desk.inbox.release()
        done = text(opened(client, "/?tab=done"))
        assert "Rejected: tone or brand" in done
        assert "Lena Hartmann reviewer" in done
        page = opened(client, address(desk, "twin"))
        assert "Lena Hartmann decided this: rejected, tone or brand. “Too curt.”" in text(page)
        assert 'class="bar"' not in page
        assert "Company A-4 rejected , tone or brand" in text(opened(client, address(desk, "small")))


@pytest.mark.parametrize("who", ["Piet Aalders", "Jonas Falk", "Hedda Brandt"])
def test_who_decides_nothing_sees_no_verdicts(desk: Desk, who: str) -> None:
    """The card of somebody beside the ladder has neither a form to decide with nor a field to write in."""
    with desk.client(who) as client:
        page = opened(client, address(desk, "small"))
        answer = client.post(address(desk, "small"), data=desk.form("small", "approve"))
    assert 'class="bar"' not in page
    assert "readonly" in page
    assert answer.status_code == 403


def test_together_only_what_may_go_together(desk: Desk) -> None:
    """Drafts of high stakes or of two kinds get no common page; none chosen is said so."""
    small, large = desk.drafts["small"], desk.drafts["large"]
    with desk.client() as client:
        answer = client.get(f"/together?d={small}&d={large}")
        assert (answer.status_code, "not of low stakes" in answer.text) == (400, True)
        assert client.get("/together").status_code == 400
        row = desk.row("large")
        assert client.post("/together", data={"card": f"{large}:{row['card_digest']}"}).status_code == 403


def test_a_handoff_is_read_and_answered(desk: Desk) -> None:
    """The brief says what was asked and why it is theirs; a tick and a button note that the customer has heard."""
    with desk.client() as client:
        path = re.findall(r"/handoffs/hnd_\w+", opened(client, "/handoffs"))[0]
        said = text(opened(client, path))
        assert "I want to speak to a human being" in said
        assert "Why it is yours" in said
        assert client.post(f"{path}/answered").status_code == 400
        client.post(f"{path}/answered", data={"heard": "yes"})
        assert "Lena Hartmann was in touch" in text(opened(client, path))
        assert path not in opened(client, "/handoffs?whose=all")


def test_an_absence_is_noted_and_ended(desk: Desk) -> None:
    """Days and a stand-in are noted; what does not fit comes back at its field; one ends one's own early."""
    with desk.client() as client:
        wrong = client.post("/people/away", data={"first_day": "2027-03-12", "last_day": "2027-03-10"})
        assert wrong.status_code == 400
        assert 'aria-describedby="last_day-wrong"' in wrong.text
        client.post(
            "/people/away", data={"first_day": "2027-03-09", "last_day": "2027-03-10", "delegate": "Priya Nair"}
        )
        page = opened(client, "/people")
        assert "9 Mar 2027" in page
        with desk.client("Priya Nair") as stands_in:
            assert "Company A-1" in opened(stands_in, "/?tab=mine")
        client.post(re.findall(r"/people/away/abs_\w+/end", page)[0])
        assert "Everybody is here" in opened(client, "/people")


@contextlib.contextmanager
def stream(base: str) -> Iterator[httpx.Client]:
    """Give a client that signed in through the page, to hear the counts."""
    with httpx.Client(base_url=base, headers=OURS, timeout=10) as client:
        client.post("/sign-in", data={"person": "Lena Hartmann"})
        yield client


def test_many_streams_hold_no_thread(desk: Desk, served: str) -> None:
    """With more listeners than the server has threads, each hears the counts and a page still comes."""
    with stream(served) as client, contextlib.ExitStack() as open_ones:
        for _ in range(60):
            answer = open_ones.enter_context(client.stream("GET", "/events"))
            assert next(answer.iter_lines()) == "event: counts"
        assert client.get("/").status_code == 200


def test_a_stream_ends_with_its_session(desk: Desk, served: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever signs out elsewhere hears no more counts: the stream says that it is over, and ends."""
    monkeypatch.setattr(queue_pages, "COUNTED_EVERY", 0.1)
    monkeypatch.setattr(queue_pages, "HEARTBEAT", 0.2)
    with stream(served) as client, client.stream("GET", "/events") as answer:
        lines = answer.iter_lines()
        assert next(line for line in lines if line.startswith(":")) == ": still here"
        with httpx.Client(base_url=served, headers=OURS, cookies=dict(client.cookies)) as elsewhere:
            elsewhere.post("/sign-out")
        assert "event: over" in list(lines)


def test_nobody_signed_in_hears_no_counts(desk: Desk) -> None:
    """Without a session the stream of counts ends at once, and a browser does not ask again."""
    with desk.client(None) as client:
        assert client.get("/events").status_code == 204
