"""A renewal post-mortem lists what the machine did since the last renewal, with what people said, months later."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from quality.audited import ALL, GOAL, Audited
from review.conftest import OURS
from starlette.testclient import TestClient

from cxagent.errors import BadInput
from cxagent.ledger import personal
from cxagent.ledger.touches import Recorded
from cxagent.quality import repairs
from cxagent.quality.post_mortem import PostMortem, post_mortem
from cxagent.quality.renewals import beginning
from cxagent.review.app import make_app
from cxagent.review.settings import Settings
from requirements.room import JONAS, PRIYA
from requirements.world import DAY, HELLO, Scene, account, credit, doc, playbook

HUMAN = "I want to speak to a human being about our plan."
MONTH = timedelta(days=30)
RENEWED, NEXT = "2027-03-20", "2028-03-20"


class Term(Audited):
    """A room in which one account and its daughter live through a term, month by month."""

    def __init__(self, url: str, home: Path) -> None:
        super().__init__(url, home)
        self.playbook = playbook({**ALL, "latitude.lease_days": 999})
        contract = {"contract.renewal_date": RENEWED, "contract.signed_on": "2027-03-08", "crm.stated_goals": [GOAL]}
        self.accounts = {
            "A-1": account("calm mid", contract),
            "A-2": account("calm mid", {"parent_id": "A-1"}, id="A-2"),
        }

    def month(self, number: int) -> None:
        """Let the clock go on to a month of the term; the sources are read anew."""
        self.now = DAY + MONTH * number
        for account_id in self.accounts:
            for section in ("crm", "billing", "contract", "support"):
                self.change(account_id, f"{section}.as_of", self.now.isoformat())
            contacts = [
                {**one.model_dump(mode="json"), "last_seen_on": self.now.date().isoformat()}
                for one in self.accounts[account_id].crm.contacts or ()
            ]
            self.change(account_id, "crm.contacts", contacts)

    def take(self, name: str, on: str = "A-1", says: Any = None, message: str = HELLO) -> dict[str, Any]:
        """Work one ticket."""
        incoming = Scene(self.accounts[on], message=message, at=self.now).incoming(f"T-{name}")
        self.says(incoming.ticket.id, says or doc())
        return self.run(incoming)

    def found(self, name: str, **said: Any) -> None:
        """Let somebody audit a ticket's decision."""
        audit = next(row for row in [*self.draw().audits, *self.rows("audit")] if row["ticket_id"] == f"T-{name}")
        self.want(audit["id"], audit["auditor"])
        self.judge(audit["id"], audit["auditor"], **{"by_goals": True, **said})

    def told(self, account_id: str = "A-1", **span: Any) -> PostMortem:
        """Return the post-mortem as of now."""
        with self.inside(), self.store.read() as connection:
            return post_mortem(connection, account_id, **span)


def lived(room: Term) -> None:
    """Let a term pass: renewed in the first month, then one touch or more of every kind."""
    room.take("before")
    room.month(1)
    for path, value in {"contract.renewal_date": NEXT, "contract.signed_on": "2027-03-08"}.items():
        room.change("A-1", path, value)
    room.take("agreed")
    room.found("agreed")
    room.month(3)
    room.take("owned", message=HUMAN)
    room.month(4)
    approved = room.take("approved", says=credit("300.00"), message="May we have a credit of USD 300?")
    room.review(approved["draft_id"], "approve", PRIYA)
    room.month(5)
    edited = room.take("edited", says=credit("300.00"), message="May we have a credit of USD 300?")
    room.review(edited["draft_id"], "respond", PRIYA, reply="Let us talk about it, Ada.")
    room.month(6)
    room.take("daughter", on="A-2")
    room.month(7)
    room.take("alone")
    room.take("waits", says=credit("300.00"), message="May we have a credit of USD 300?")
    room.month(8)
    room.take("wrong")
    wrong = {"agrees": False, "severity": "major", "reasons": ("customer_relationship",)}
    room.found("wrong", **wrong, by_goals=False)
    (repair,) = room.rows("repair")
    room.now += timedelta(hours=2)
    with room.inside():
        repairs.done(room.agent, room.who(PRIYA), repair["id"], "corrected", "I called Ola and put it right.")
    room.now += timedelta(hours=2)


@pytest.fixture
def room(tmp_path: Path, database_url: str) -> Iterator[Term]:
    """A term on each of the two databases."""
    made = Term(database_url, tmp_path)
    lived(made)
    yield made
    made.close()


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Term]:
    """A term on one database, for what is no question of SQL."""
    made = Term(f"sqlite:///{tmp_path / 'room.sqlite'}", tmp_path)
    lived(made)
    yield made
    made.close()


# ---- R14 ------------------------------------------------------------------------------------------------------------


def test_it_lists_every_touch_with_its_verdict_a_year_later(room: Term) -> None:
    """R14: after 12 months each touch since the renewal stands there with its verdict; no source is asked."""
    room.month(12)
    room.accounts = {}
    found = room.told()
    assert (found.since, found.account) == (datetime(2027, 3, 20, tzinfo=UTC), "Company A-1")
    assert "signed on 2027-03-08" in found.since_why
    assert [(one.ticket_id[2:], one.route, one.ended, one.alone) for one in found.touches] == [
        ("agreed", "act", "answered_alone", True),
        ("owned", "handoff", "handed_off", False),
        ("approved", "draft", "answered_after_review", False),
        ("edited", "draft", "answered_after_review", False),
        ("daughter", "act", "answered_alone", True),
        ("alone", "act", "answered_alone", True),
        ("wrong", "act", "answered_alone", True),
    ]
    said = {one.ticket_id[2:]: one for one in found.touches}
    assert [(one.by, one.verdict) for name in ("approved", "edited") for one in said[name].verdicts] == [
        (PRIYA, "approve"),
        (PRIYA, "respond"),
    ]
    (audit,) = said["wrong"].findings
    assert (audit.by, audit.agrees, audit.severity, audit.by_policy, audit.by_goals) == (
        JONAS,
        False,
        "major",
        True,
        False,
    )
    assert said["wrong"].repair is not None and said["wrong"].repair.status == "corrected"
    assert [one.child for one in found.touches] == [False] * 4 + [True] + [False] * 2
    assert [effect.tool for effect in said["approved"].effects] == ["issue_credit"]
    assert all(len(one.replies) == (one.route != "handoff") for one in found.touches)
    assert [round(float(one.weight), 2) for one in found.trust] == [-1.0, 0.25]


def test_it_counts_and_says_what_nobody_knows(hall: Term) -> None:
    """R14: at the top stand the counts, and beside them what was never judged, what is erased, what has not ended."""
    room, before = hall, hall.told()
    counts = {"touches": 7, "alone": 4, "handed_over": 1, "reviewed": 4, "wrong": 2, "caught": 1, "grave": 1}
    assert before.counts.model_dump() == {**counts, "repairs": 1, "repaired": 1}
    assert before.unknown.model_dump() == {"erased": 0, "not_reviewed": 3, "not_ended": 1}
    with room.store.write("erasure") as connection:
        personal.erase(connection, ["T-approved", "T-wrong"])
    after = room.told()
    assert after.counts == before.counts and after.unknown.erased == 2
    assert [one.replies[0].digest for one in after.touches if one.replies] == [
        one.replies[0].digest for one in before.touches if one.replies
    ]
    assert [one.ticket_id for one in after.touches if one.replies and one.replies[0].erased] == [
        "T-approved",
        "T-wrong",
    ]


def test_it_reads_the_same_months_later(hall: Term) -> None:
    """R14: whatever becomes of the account in the sources, a closed span reads the same, word for word."""
    until = hall.now + timedelta(days=1)
    then = hall.told(until=until)
    for number in (13, 19, 25):
        hall.month(number)
        hall.change("A-1", "contract.renewal_date", f"20{27 + number // 6}-01-01")
        hall.take(f"later-{number}")
        assert hall.told(until=until) == then
    assert hall.told().since > then.since


def test_a_daughter_is_told_alone_and_an_unknown_account_is_refused(hall: Term) -> None:
    """R14: of an account below only its own touches are told; where nothing is on record it says so."""
    assert [one.ticket_id for one in hall.told("A-2").touches] == ["T-daughter"]
    with pytest.raises(BadInput, match="A-9: nothing is on record"):
        hall.told("A-9")
    with pytest.raises(BadInput, match="not after its beginning"):
        hall.told(since=DAY + timedelta(days=400))


def seen(at: str, renewal: str | None, signed: str | None = None, status: str = "closed", start: str = "") -> Recorded:
    """Return what an audit held of a contract."""
    contract = {"renewal_date": renewal, "signed_on": signed, "start_date": start or None}
    return Recorded(at, "Company", contract, {"status": status})


@pytest.mark.parametrize(
    ("recorded", "since"),
    [
        ([], "2026-12-01"),
        ([seen("2027-01-10", None)], "2026-12-01"),
        ([seen("2027-01-10", "2028-02-01", "2027-01-05")], "2027-01-05"),
        ([seen("2027-01-10", "2028-02-01", None, start="2027-02-01")], "2027-02-01"),
        (
            [seen("2026-01-10", "2026-05-01", "2025-04-20"), seen("2026-06-01", "2027-05-01", "2026-04-20")],
            "2026-05-01",
        ),
        ([seen("2026-04-21", "2027-05-01", "2027-04-20", "signed")], "2027-05-01"),
        # It passed and nobody signed: what is told is the term that was lost, not the days after it.
        (
            [seen("2027-01-10", "2027-11-01", "2026-10-20"), seen("2027-11-20", "2027-11-01", "2026-10-20")],
            "2026-10-20",
        ),
        # A date that was only put right, while the same signature stood, renewed nothing.
        (
            [seen("2027-01-10", "2027-11-01", "2026-10-20"), seen("2027-02-10", "2027-11-09", "2026-10-20")],
            "2026-10-20",
        ),
        # It was renewed ahead of its day: the new signature says so.
        (
            [seen("2026-01-10", "2027-05-01", "2026-04-20"), seen("2027-03-10", "2028-05-01", "2027-03-01")],
            "2027-05-01",
        ),
    ],
)
def test_the_last_renewal_is_read_from_the_audits_of_the_time(recorded: list[Recorded], since: str) -> None:
    """R14: dates that moved on, signatures and the contract's start are taken in turn, else it is a year."""
    found, _ = beginning(recorded, datetime(2027, 12, 1, 9, tzinfo=UTC))
    assert found.date() == date.fromisoformat(since)


def page(room: Term, path: str, who: str = PRIYA) -> tuple[int, str]:
    """Open a page as somebody, without a script."""
    with room.inside():
        site = make_app(room.inbox, Settings.read("127.0.0.1", 8080, {}))
        with TestClient(site, base_url="http://127.0.0.1:8080", headers=OURS) as client:
            client.post("/sign-in", data={"person": who})
            answer = client.get(path)
    return answer.status_code, " ".join(answer.text.split())


def test_the_page_shows_it_and_leads_to_every_decision(hall: Term) -> None:
    """R14: counts, verdicts and repairs stand on the page, each touch leads to why it was decided so."""
    hall.month(12)
    status, text = page(hall, "/accounts/A-1/touches")
    assert status == 200
    for one in hall.told().touches:
        assert f'href="/why/{one.decision_id}"' in text
    for words in ("<b>7</b>: 4 alone", "2 found wrong, 1 of them before it went out", "fails on their goals", "Repair"):
        assert words in text, words
    assert page(hall, "/accounts/A-1/touches?since=2027-09-01&until=2027-10-06")[1].count('href="/why/') == 2
    assert page(hall, "/accounts/A-9/touches")[0] == 404
    assert page(hall, "/accounts/A-1/touches?since=soon")[0] == 400


def test_the_page_keeps_audits_blind(hall: Term) -> None:
    """R14: what one has still to audit is hidden, and who saw a touch that nobody audited can audit it no more."""
    mine = [one for one in hall.told().touches if one.auditor == JONAS]
    status, text = page(hall, "/accounts/A-1/touches", JONAS)
    assert (status, len(mine) > 1) == (200, True)
    for one in mine:
        assert f"/audits/{one.audit}" in text and f"/why/{one.decision_id}" not in text
    page(hall, "/accounts/A-1/touches", PRIYA)
    seen_by = {row["subject"] for row in hall.rows("access", person=PRIYA, what="touches")}
    assert {one.decision_id for one in mine if not one.findings} <= seen_by
    own = {row["subject"] for row in hall.rows("access", person=JONAS, what="touches")}
    assert not own & {one.decision_id for one in mine}


def test_the_command_prints_it(hall: Term, monkeypatch: pytest.MonkeyPatch) -> None:
    """R14: `cxagent postmortem` prints a table, or the whole as one line of JSON, and says what is wrong with a day."""
    from typer.testing import CliRunner

    from cxagent import project
    from cxagent.cli import app

    monkeypatch.setattr(project.Project, "__init__", lambda self, *_: None)
    monkeypatch.setattr(project.Project, "store", hall.store, raising=False)
    with hall.inside():
        shown = CliRunner().invoke(app, ["postmortem", "A-1"], env={"COLUMNS": "160"})
        told = json.loads(CliRunner().invoke(app, ["postmortem", "A-1", "--until", "2027-09-05", "--json"]).stdout)
        wrong = CliRunner().invoke(app, ["postmortem", "A-1", "--since", "soon"])
    assert shown.exit_code == 0 and "7: 4 alone, 1 handed over" in shown.stdout and f"{PRIYA}: approve" in shown.stdout
    assert told["counts"]["touches"] == 5
    assert (wrong.exit_code, "--since" in wrong.stderr) == (2, True)
