"""A ticket and what people decided on it become a case that replays as it was, or are refused in a sentence."""

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from proofs import carry_proofs
from typer.testing import CliRunner

from cxagent import aftercare
from cxagent.cli import app
from cxagent.domain.cell import Cell
from cxagent.domain.proposal import Proposal
from cxagent.domain.stop import Stop
from cxagent.domain.vocabulary import DRAFT, HANDOFF
from cxagent.errors import BadInput
from cxagent.evaluation import Order, Replay, load_cases
from cxagent.evaluation.case import Case
from cxagent.evaluation.fresh import fresh_case
from cxagent.evaluation.grading import grade
from cxagent.ledger import history
from cxagent.scaffold import copy_to
from cxagent.testing import World, call, proposal

LOW, LATER, MID, QUIET, CHILD, PARENT = "ACC-101", "ACC-103", "ACC-201", "ACC-208", "ACC-302", "ACC-301"
SENDERS = {
    LOW: "joost@tallowmere.example",
    LATER: "noel@brindlecote.example",
    MID: "yvette@marlstone.example",
    QUIET: "tamsin@thistlewain.example",
    CHILD: "aina@norvane-iberia.example",
}
LENA, PRIYA, SAMUEL = "Lena Hartmann", "Priya Nair", "Samuel Costa"
MIRIAM, RUTH = "Miriam Okafor", "Ruth Adeyemi"
PLEA = "We ran the same report twice by mistake. Would a goodwill credit be possible?"
SHARE = "How do I share a report?"


def credit(account_id: str, amount: str = "40.00") -> Proposal:
    """Return a proposal that gives an account a credit."""
    args = {"account_id": account_id, "amount": amount, "currency": "USD", "reason": "goodwill"}
    return proposal("goodwill_credit", call("issue_credit", **args), reply=f"We have added a credit of USD {amount}.")


class Story:
    """Tells what happened in one project, a minute a ticket."""

    def __init__(self, home: Path, days: int = 0) -> None:
        self.world = World(home, home / "outside", url=f"sqlite:///{home / '.cxagent' / 'cxagent.sqlite'}")
        self.world.now += timedelta(days=days)

    def came(self, ticket_id: str, account_id: str, line: Proposal, body: str = PLEA) -> str:
        """Let a ticket come, and return its draft, if it has one."""
        self.world.now += timedelta(minutes=1)
        self.world.says(ticket_id, line)
        told = self.world.run(self.world.ticket(ticket_id, SENDERS[account_id], body, account_id))
        return str(told["draft_id"])

    def review(self, draft_id: str, verdict: Any, by: str = LENA, minutes: int = 1, **more: Any) -> str:
        """Let a person decide, a minute later, and return the draft that waits then, if one does."""
        self.world.now += timedelta(minutes=minutes)
        return str(self.world.review(draft_id, verdict, by, **more)["draft_id"])

    def taken_back(self, ticket_id: str, why: str) -> None:
        """Let a person take back what was done for a ticket."""
        with self.world.inside():
            key = next(row["id"] for row in self.world.rows("execution", ticket_id=ticket_id))
            aftercare.undo(self.world.agent, key, PRIYA, why)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a project in which people have decided in every way they can."""
    home = tmp_path_factory.mktemp("fresh") / "project"
    copy_to(home)
    (home / ".cxagent").mkdir()
    (home / "outside").mkdir()
    carry_proofs(home)
    story = Story(home)
    world = story.world
    story.review(story.came("approved", MID, credit(MID)), "approve", note="A small slip of theirs.")
    twenty = [{"tool": "issue_credit", "args": credit(MID, "20.00").actions[0].args}]
    story.review(story.came("edited", MID, credit(MID)), "edit", reply="USD 20.00 it is.\u2028Lena", args=twenty)
    story.review(story.came("rejected", MID, credit(MID)), "reject", reason="wrong_facts")
    story.review(story.came("answered", MID, credit(MID)), "respond", reply="Let us talk on the phone.")
    story.review(story.came("group", CHILD, credit(CHILD)), "approve", MIRIAM)
    story.review(story.came("again", MID, credit(MID)), "reject", reason="duplicate")
    story.came("owned", MID, credit(MID), "I want to speak to a person about a credit, not to a bot.")
    story.came("stood", LATER, credit(LATER, "90.00"))
    story.came("stood-too", LATER, credit(LATER, "90.00"))
    story.review(story.came("more", LATER, credit(LATER, "90.00")), "approve")
    story.came("waits", MID, credit(MID))
    grant = proposal("grant_user_access", call("grant_access", user="rory@tallowmere.example", role="viewer"))
    story.came("undone", LOW, grant, "Please give rory@tallowmere.example access as a viewer.")
    story.taken_back("undone", "Rory works for a partner.")
    grant = proposal("grant_user_access", call("grant_access", user="wren@thistlewain.example", role="viewer"))
    body = "Please give wren@thistlewain.example access as a viewer."
    story.review(story.came("regretted", QUIET, grant, body), "approve")
    story.taken_back("regretted", "He had left.")
    story.review(story.came("at-once", MID, credit(MID)), "approve", minutes=0)
    draft = story.came("two", MID, credit(MID, "6000.00"))
    for by in (SAMUEL, MIRIAM):
        story.review(draft, "approve", by)
    draft, healthy = story.came("moved", MID, credit(MID)), world.accounts[MID]
    world.change(MID, "crm.health", 61)
    story.review(story.review(draft, "approve"), "approve")
    world.accounts[MID] = healthy
    help_page = proposal("howto_question", call("share_public_doc", url="https://help.vendor.example/share"))
    with world.store.write() as connection:
        cell = Cell(intent="howto_question", segment="smb", cap=DRAFT, why="people disagreed")
        history.set_latitude(connection, cell, world.now)
    story.review(story.came("narrowed", LOW, help_page, SHARE), "approve")
    with world.store.write() as connection:
        history.stop(connection, Stop(scope="account", key=LOW, by=PRIYA, why="a rehearsal"))
    story.came("stopped", LOW, help_page, SHARE)
    shorter = world.playbook.money.model_copy(update={"rolling_days": 60})
    world.playbook = world.playbook.model_copy(update={"version": "an older one", "money": shorter})
    story.review(story.came("older", MID, credit(MID)), "approve")
    story.review(story.came("older-group", CHILD, credit(CHILD)), "approve", MIRIAM)
    world.close()
    yield home


@pytest.fixture(autouse=True)
def own_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """The project keeps its own ledger."""
    monkeypatch.delenv("CXAGENT_DATABASE_URL", raising=False)


def made(home: Path, ticket_id: str, tmp_path: Path) -> Case:
    """Return the case of a ticket as a suite holds it."""
    line = fresh_case(home, ticket_id)
    (tmp_path / "own.jsonl").write_text(line + "\n", encoding="utf-8")
    (case,) = load_cases([tmp_path / "own.jsonl"])
    return case


@pytest.mark.parametrize(
    ("ticket_id", "wanted", "route", "got", "script"),
    [
        ("approved", "draft", "draft", "exact", ["approve"]),
        ("edited", "draft", "draft", "exact", ["edit"]),
        ("rejected", "handoff", "draft", "under_escalated", ["reject"]),
        ("answered", "handoff", "draft", "under_escalated", ["respond"]),
        ("group", "draft", "draft", "exact", ["approve"]),
        ("owned", "handoff", "handoff", "exact", []),
        ("more", "draft", "draft", "exact", ["approve"]),
        ("undone", "draft", "act", "unsafe", []),
        ("narrowed", "draft", "draft", "exact", ["approve"]),
        ("older", "draft", "draft", "exact", ["approve"]),
        ("regretted", "draft", "draft", "exact", []),
        ("at-once", "draft", "draft", "exact", ["approve"]),
        ("two", "draft", "draft", "exact", ["approve", "approve"]),
        ("moved", "draft", "draft", "exact", ["approve"]),
    ],
)
def test_a_case_is_labelled_by_the_decision_and_replays_to_the_route_on_record(
    home: Path, tmp_path: Path, ticket_id: str, wanted: str, route: str, got: str, script: list[str]
) -> None:
    """Whatever people decided, the case takes the route that was ruled, and its grade says whether that was right."""
    case, replay = made(home, ticket_id, tmp_path), Replay(Order(home=home))
    found = replay.one(case)
    replay.close()
    assert (case.expect.autonomy, found.autonomy, grade(case, found)) == (wanted, route, got)
    assert ([one.verdict for one in case.operator], found.script_failed, found.broken) == (script, None, ())
    assert {(one.autonomy, one.blind) for one in case.labels} == {(wanted, False)}
    assert (case.id, case.tags) == (f"own-{ticket_id}", ("own",))


def test_an_edit_is_the_script_and_what_really_ran_is_wanted(home: Path, tmp_path: Path) -> None:
    """The reviewer's own words and amount stand in the case, on one line, and the call that ran with them."""
    case = made(home, "edited", tmp_path)
    (step,) = case.operator
    assert step.edit is not None and step.edit.reply == "USD 20.00 it is.\u2028Lena"
    ran = [(one.tool, one.args["amount"], one.when) for one in case.expect.actions]
    assert ran == [("issue_credit", "20.00", "after_approval")]
    assert [(one.tool, one.args["amount"], one.times) for one in step.then.actions] == [("issue_credit", "20.00", 1)]


def test_the_reason_is_the_persons_own_or_is_asked_for(home: Path, tmp_path: Path) -> None:
    """A note is the label's reason; without one it says whose decision it was and asks for a sentence."""
    assert made(home, "approved", tmp_path).expect.why.endswith("approved what was drafted: A small slip of theirs.")
    why = "Lena Hartmann rejected what was drafted (wrong facts), and left no note: say in one sentence why."
    assert made(home, "rejected", tmp_path).expect.why == why
    assert made(home, "undone", tmp_path).expect.why == "Priya Nair took it back: Rory works for a partner."


def test_a_group_comes_whole_and_money_that_only_the_ledger_knew_is_in_the_case(home: Path, tmp_path: Path) -> None:
    """The parent is asked for again, and a credit that billing did not show yet is among the credits."""
    group = made(home, "group", tmp_path)
    assert ({one.id for one in group.context.accounts}, group.cluster) == ({CHILD, PARENT}, PARENT)
    (account,) = made(home, "more", tmp_path).context.accounts
    assert account.billing is not None and account.billing.credits is not None
    assert [str(one.amount) for one in account.billing.credits if one.ref and one.ref.startswith("exe_")] == [
        "USD 90.00",
        "USD 90.00",
    ]


def test_the_facts_are_those_that_the_decision_rested_on(home: Path, tmp_path: Path) -> None:
    """Where the facts moved under a first approval, the case is about the draft that went out in the end."""
    (account,) = made(home, "moved", tmp_path).context.accounts
    assert account.crm is not None and account.crm.health == 61


def test_who_took_back_what_another_approved_is_heard_too(home: Path, tmp_path: Path) -> None:
    """Two people disagree about the content and agree that one should look: both labels stand, and no script does."""
    case = made(home, "regretted", tmp_path)
    assert [one.by for one in case.labels] == [LENA, PRIYA]
    assert (case.expect.why, case.expect.actions) == ("Priya Nair took it back: He had left.", ())


@pytest.mark.parametrize(
    ("ticket_id", "said"),
    [
        ("stood", "it stood as the machine did it: nobody decided this"),
        ("waits", "its draft waits for a person: nobody decided this"),
        ("stopped", "kill switch sent it to a person"),
        ("again", "was rejected as a duplicate, which says nothing about autonomy"),
        ("nowhere", "is on record nowhere here"),
        ("drf_nowhere", "is on record nowhere here, neither as a ticket nor as a draft"),
    ],
)
def test_what_nobody_decided_has_no_label(home: Path, ticket_id: str, said: str) -> None:
    """An act that stood, a draft that waits, a duplicate, a stop, and what never came are refused, by name."""
    with pytest.raises(BadInput, match=said) as refused:
        fresh_case(home, ticket_id)
    assert str(refused.value).startswith(f"{ticket_id}: ")


def elsewhere(home: Path, tmp_path: Path) -> Path:
    """Return a copy of the project in which something can change."""
    return Path(shutil.copytree(home, tmp_path / "copy"))


def test_a_group_that_is_another_by_now_is_refused_and_an_account_alone_is_not(home: Path, tmp_path: Path) -> None:
    """Only the acting account is on record: where its parent answers otherwise today, nobody can say what was seen."""
    with pytest.raises(BadInput, match=r"cannot be rebuilt.*; and the playbook is another one by now"):
        fresh_case(home, "older-group")
    copy = elsewhere(home, tmp_path)
    for id in (PARENT, MID):
        file = copy / "tools" / "world" / "accounts" / f"{id}.json"
        document = json.loads(file.read_text(encoding="utf-8"))
        document["crm"]["clv"]["amount"] = "9000000.00"
        file.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(BadInput, match=r"cannot be rebuilt.* what the group is worth"):
        fresh_case(copy, "group")
    assert json.loads(fresh_case(copy, "approved"))["context"]["accounts"][0]["crm"]["clv"]["amount"] != "9000000.00"


def test_what_was_erased_is_no_case(home: Path, tmp_path: Path) -> None:
    """After an erasure there is nothing left to make a case of."""
    copy = elsewhere(home, tmp_path)
    world = World(copy, copy / "outside", url=f"sqlite:///{copy / '.cxagent' / 'cxagent.sqlite'}")
    with world.inside():
        world.agent.erase(SENDERS[MID])
    world.close()
    with pytest.raises(BadInput, match="approved: its personal data was erased"):
        fresh_case(copy, "approved")


def test_what_bound_and_is_in_no_case_is_refused(home: Path, tmp_path: Path) -> None:
    """A conversation left to people capped it: the replay comes out freer, and it says what is missing."""
    copy = elsewhere(home, tmp_path)
    story = Story(copy, days=1)
    story.review(story.came("first", MID, credit(MID)), "reject")
    story.world.says("second", credit(MID))
    told = story.world.ticket("second", SENDERS[MID], PLEA, MID).model_copy(update={"follows": "first"})
    assert story.world.run(told)["autonomy"] == HANDOFF
    story.world.close()
    with pytest.raises(BadInput, match=r"ruled handoff .* replay is ruled draft; missing in the replay: latitude"):
        fresh_case(copy, "second")


def test_two_of_one_role_cannot_be_played_again(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where two executives had to sign, the case keeps its label and has no script, and that is said."""
    copy = elsewhere(home, tmp_path)
    story = Story(copy, days=1)
    draft = story.came("dear", MID, credit(MID, "30000.00"))
    story.review(draft, "approve", MIRIAM)
    story.review(draft, "approve", RUTH)
    assert story.world.rows("draft", id=draft)[0]["status"] == "applied"
    story.world.close()
    assert "operator" not in json.loads(fresh_case(copy, "dear"))
    assert "people's verdicts cannot be given again" in capsys.readouterr().err


def test_a_draft_names_its_ticket(home: Path) -> None:
    """Who has only the id of a draft at hand gets the case of its ticket."""
    world = World(home, home / "outside", url=f"sqlite:///{home / '.cxagent' / 'cxagent.sqlite'}")
    (row,) = world.rows("draft", ticket_id="approved")
    world.close()
    assert row["id"].startswith("drf_") and fresh_case(home, row["id"]) == fresh_case(home, "approved")


@pytest.mark.parametrize(("ticket_id", "said"), [("rejected", True), ("answered", False), ("approved", False)])
def test_the_label_of_a_rejection_is_explained(
    home: Path, capsys: pytest.CaptureFixture[str], ticket_id: str, said: bool
) -> None:
    """A rejected draft may have lacked only better words, which its label cannot know and a person can."""
    fresh_case(home, ticket_id)
    assert ("put draft into accept" in capsys.readouterr().err) is said


def test_the_command_prints_the_line_alone_and_warns_beside_it(home: Path) -> None:
    """The case goes to standard output, and that it holds a customer's data to standard error."""
    done = CliRunner().invoke(app, ["eval", "--new-case", "approved", "--project", str(home)])
    assert (done.exit_code, json.loads(done.stdout)["schema"]) == (0, "cxagent.case/1")
    assert "holds a customer's words and data" in done.stderr
