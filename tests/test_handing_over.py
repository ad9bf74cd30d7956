"""Handing over: who leaves, the accounts by value with their plans, and who may say that the successor is in touch."""

import json
import shutil
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cxagent import clock, handing_over
from cxagent.agent import Agent
from cxagent.context.handover import Handover, Plan, business_day
from cxagent.domain.ticket import Incoming, Ticket
from cxagent.errors import BadInput, Conflict, Refused
from cxagent.ledger import chain, handovers
from cxagent.ledger.store import Store
from cxagent.ledger.tickets import know_account
from cxagent.scaffold import copy_to
from cxagent.testing import TODAY

LEAVER, GOES = "Tobias Wren", date(2026, 12, 31)
LEAD, DESK = "Priya Nair", "Lena Hartmann"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose proof is found once for all tests."""
    home = tmp_path_factory.mktemp("handing") / "project"
    copy_to(home)
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The project with an empty ledger, the sample accounts, and the clock on the sample world's day."""
    monkeypatch.setenv("CXAGENT_DATABASE_URL", f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    world = made / "tools" / "world" / "accounts"
    shutil.rmtree(world)
    shutil.copytree(Path(__file__).parents[1] / "tools" / "world" / "accounts", world)
    with clock.frozen(TODAY):
        yield made


def opened(home: Path) -> Agent:
    """Open the project's agent as a process of its own would, with what its files say now."""
    for name in [name for name in sys.modules if name.startswith("cxagent_project_")]:
        del sys.modules[name]
    return Agent.open(home)


@pytest.fixture
def agent(home: Path) -> Iterator[Agent]:
    """The agent of the project."""
    made = opened(home)
    yield made
    made.close()


def named(agent: Agent, account_id: str, owner: str) -> Agent:
    """Let the CRM name another owner of an account; return an agent that reads it so."""
    file = agent.project.home / "tools" / "world" / "accounts" / f"{account_id}.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    document["crm"]["owner"]["name"] = owner
    file.write_text(json.dumps(document), encoding="utf-8")
    agent.close()
    return opened(agent.project.home)


def test_the_accounts_of_who_leaves_come_by_value_with_a_plan(agent: Agent) -> None:
    """R72: the sources say what somebody looks after; the most valuable comes first, and nothing is written yet."""
    book = handing_over.book_of(agent, "tobias  wren")
    assert [one.account_id for one in book.accounts] == ["ACC-203", "ACC-204", "ACC-207"]
    assert book.accounts[0].stake == "USD 322,000.00"
    assert {step.who for one in book.accounts for step in one.plan.steps} == {"the successor", "tobias  wren"}
    assert handing_over.open_ones(agent) == []


def test_leaving_opens_a_handover_for_each_account_once(agent: Agent) -> None:
    """R72: every account of who leaves gets a handover and a plan with names and days; saying it twice adds none."""
    first = handing_over.leaving(agent, LEAVER, GOES, None, LEAD)
    again = handing_over.leaving(agent, LEAVER, GOES, DESK, LEAD)
    assert [one.handover_id for one in first.accounts] == [one.handover_id for one in again.accounts]
    rows = handing_over.open_ones(agent)
    assert [row["account_id"] for row in rows] == ["ACC-203", "ACC-204", "ACC-207"]
    assert {(row["to_owner"], row["leaves_on"], row["opened_by"]) for row in rows} == {(DESK, "2026-12-31", LEAD)}
    steps = rows[0]["plan"]["steps"]
    assert {step["who"] for step in steps} == {LEAVER, DESK}
    assert all(step["until"] > "2026-11-21" for step in steps)
    assert "assumed by the product" in rows[0]["plan"]["basis"]
    assert chain.verify(agent.store)[1] == ()


@pytest.mark.parametrize(
    ("by", "said"),
    [
        pytest.param("Lena Hartmann", None, id="the successor"),
        pytest.param("Priya Nair", None, id="somebody above"),
        pytest.param("Oskar Lindqvist", "or somebody above them", id="a colleague of the same rank"),
        pytest.param("Nobody Known", "nobody the playbook knows", id="a stranger"),
    ],
)
def test_only_the_successor_or_somebody_above_records_the_contact(agent: Agent, by: str, said: str | None) -> None:
    """R72: the contact that ends a handover is recorded by whom it concerns, or by somebody who answers for them."""
    handover_id = str(handing_over.leaving(agent, LEAVER, GOES, DESK, LEAD).accounts[0].handover_id)
    if said is None:
        handing_over.contacted(agent, handover_id, by, "called Ms Berg on 24 November")
        assert [row["contact_by"] for row in handing_over.open_ones(agent, ended=True)] == [by]
    else:
        with pytest.raises(Refused, match=said):
            handing_over.contacted(agent, handover_id, by, "called Ms Berg on 24 November")
        assert handing_over.open_ones(agent, ended=True) == []


def test_who_leaves_does_not_confirm_their_own_handover(agent: Agent) -> None:
    """R72: somebody above the successor may record the contact, but not the one who leaves."""
    agent = named(agent, "ACC-203", LEAD)
    (one,) = handing_over.leaving(agent, LEAD, GOES, DESK, "Samuel Costa").accounts
    with pytest.raises(Refused, match="or somebody above them"):
        handing_over.contacted(agent, str(one.handover_id), LEAD, "called Ms Berg on 24 November")


def test_a_contact_is_recorded_once_with_a_word_about_it(agent: Agent) -> None:
    """A contact needs a note and a successor; the second one is told who was first."""
    handover_id = str(handing_over.leaving(agent, LEAVER, GOES, None, LEAD).accounts[0].handover_id)
    with pytest.raises(Refused, match="name a successor first"):
        handing_over.contacted(agent, handover_id, LEAD, "called Ms Berg on 24 November")
    handing_over.leaving(agent, LEAVER, GOES, DESK, LEAD)
    with pytest.raises(BadInput, match="say when and how"):
        handing_over.contacted(agent, handover_id, LEAD, "ok")
    handing_over.contacted(agent, handover_id, LEAD, "called Ms Berg on 24 November")
    with pytest.raises(Conflict, match="Priya Nair recorded the contact on 2026-11-21"):
        handing_over.contacted(agent, handover_id, DESK, "called Ms Berg on 24 November")
    with pytest.raises(BadInput, match="no handover"):
        handing_over.contacted(agent, "hov_none", DESK, "called Ms Berg on 24 November")


@pytest.mark.parametrize(
    ("person", "successor", "by", "error"),
    [
        pytest.param("Customer desk", DESK, LEAD, BadInput, id="a queue leaves nowhere"),
        pytest.param(LEAVER, "pooled", LEAD, BadInput, id="to a pool"),
        pytest.param(LEAVER, "tobias wren", LEAD, BadInput, id="to the same person"),
        pytest.param(LEAVER, DESK, "Nobody Known", Refused, id="by a stranger"),
    ],
)
def test_what_is_no_handover_is_refused(
    agent: Agent, person: str, successor: str, by: str, error: type[Exception]
) -> None:
    """People hand over to people, and a stranger says nothing about it."""
    with pytest.raises(error):
        handing_over.leaving(agent, person, GOES, successor, by)
    assert handing_over.open_ones(agent) == []


def test_a_source_that_cannot_list_is_named(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a source answers for one account at a time, the ledger's owners count, and the list says so."""
    handing_over.leaving(agent, LEAVER, GOES, DESK, LEAD)
    monkeypatch.setattr(handing_over, "_listed", lambda source: None)
    book = handing_over.book_of(agent, LEAVER)
    assert [one.account_id for one in book.accounts] == ["ACC-203", "ACC-204", "ACC-207"]
    assert book.gaps == (
        "sample world cannot list its accounts; shown are those on record whose owner was Tobias Wren last",
    )


def test_who_is_in_touch_already_does_not_start_again(agent: Agent) -> None:
    """Saying again who leaves opens nothing where the successor has been in touch; naming another successor does."""
    first = handing_over.leaving(agent, LEAVER, GOES, DESK, LEAD).accounts[0]
    handing_over.contacted(agent, str(first.handover_id), DESK, "called Ms Berg on 24 November")
    again = handing_over.leaving(agent, LEAVER, GOES, None, LEAD)
    assert [one.in_touch for one in again.accounts] == [DESK, None, None]
    assert [row["account_id"] for row in handing_over.open_ones(agent)] == ["ACC-204", "ACC-207"]
    handing_over.leaving(agent, LEAVER, GOES, "Oskar Lindqvist", LEAD)
    assert [row["account_id"] for row in handing_over.open_ones(agent)] == ["ACC-203", "ACC-204", "ACC-207"]


def test_the_crm_follows_what_was_handed_over_before(agent: Agent) -> None:
    """R72: who was announced, and is in touch, is no surprise when the CRM names them: no second handover opens."""
    book = handing_over.leaving(agent, LEAVER, GOES, DESK, LEAD)
    for one in book.accounts:
        handing_over.contacted(agent, str(one.handover_id), DESK, "called them on 24 November")
    agent = named(agent, "ACC-203", DESK)
    file = agent.project.home / "tools" / "world" / "accounts" / "ACC-203.json"
    account = json.loads(file.read_text(encoding="utf-8"))
    sender = {"email": account["crm"]["contacts"][0]["email"], "verified": True}
    ticket = {"id": "T-1", "received_at": TODAY, "sender": sender, "body": "How do I schedule a report?"}
    result = agent.run(Incoming.model_validate({"ticket": ticket, "account_id": "ACC-203"}))
    assert result["account_id"] == "ACC-203"
    assert "handover" not in result["reasons"]
    assert handing_over.open_ones(agent) == []


def test_who_was_announced_is_no_second_change(agent: Agent) -> None:
    """R72: where the CRM names whom an open handover names, the handover stays the one that was announced."""
    opened = handing_over.leaving(agent, LEAVER, GOES, DESK, LEAD).accounts[0].handover_id
    agent = named(agent, "ACC-203", DESK)
    source = next(one for one in agent.project.sources[0].accounts() if one.id == "ACC-203")  # type: ignore[attr-defined]
    sender = {"email": source.crm.contacts[0].email, "verified": True}
    ticket = {"id": "T-1", "received_at": TODAY, "sender": sender, "body": "Hello"}
    found = agent.project.steps.judge.look(Ticket.model_validate(ticket), "ACC-203")
    assert found.standing is not None
    assert [(one.id, one.leaves_on) for one in found.standing.handovers] == [(opened, GOES)]


def test_business_days_skip_the_weekend(agent: Agent) -> None:
    """Five business days after a Friday are the next Friday."""
    friday = datetime(2026, 11, 20, tzinfo=UTC).date()
    assert business_day(friday, 5, agent.project.playbook) == date(2026, 11, 27)
    assert business_day(friday, 1, agent.project.playbook) == date(2026, 11, 23)


def test_two_at_once_open_one_handover(database_url: str) -> None:
    """Where two tickets see the same change at the same moment, one handover is opened, and its log is whole."""
    store = Store.open(database_url)
    told = {"account_id": "A-1", "from_owner": LEAVER, "stake": "unknown", "why": "a test", "opened_at": TODAY}
    about = Handover(**told, to_owner=DESK, plan=Plan(account="One", steps=(), basis="a test"))
    with store.write() as connection:
        know_account(connection, "A-1", "A-1")
    together = threading.Barrier(2)

    def begin(number: int) -> bool:
        if database_url.startswith("sqlite"):  # there one writer keeps the others out from its first moment on
            together.wait()
        with store.write(f"T-{number}") as connection:
            if not database_url.startswith("sqlite"):
                together.wait()
            return handovers.begin(connection, about, "A-1", "the CRM")[1]

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(begin, range(2))) == [False, True]
    with store.write() as connection:
        (row,) = handovers.listing(connection)
        handovers.contact(connection, row["id"], DESK, "called them")
        found = handovers.on_record(connection, ["A-1"])["A-1"]
    assert (found.owner, found.open, found.in_touch) == (LEAVER, (), (LEAVER, DESK))
    assert chain.verify(store) == (2, ())
    store.close()
