"""Area 9: our own contact for an account leaves, and people look at everything until the successor is in touch."""

from collections.abc import Mapping
from typing import Any

import pytest

from cxagent.ledger import handovers
from requirements.desk import Desk, desk_for
from requirements.world import Scene, account, doc

X, Y, Z = "Greta Solano", "Tomas Brandl", "Ida Falk"


def owned(name: str = X, id: str = "A-1", **more: Any) -> Any:
    """Return a calm account that one of us looks after."""
    return account("calm mid", {"crm.owner": {"name": name}, **more}, id=id)


def routes(desk: Desk, *owners: str | Mapping[str, Any]) -> list[str]:
    """Work one ticket after each change of the owner in the CRM alone, and return where each one went."""
    found = []
    for owner in owners:
        desk.change("A-1", "crm.owner", {"name": owner} if isinstance(owner, str) else dict(owner))
        found.append(desk.take(doc())["autonomy"])
    return found


def touch(desk: Desk, note: str = "called Ada on Tuesday") -> None:
    """Record the contact of every open handover."""
    with desk.inside(), desk.store.write() as connection:
        for row in handovers.listing(connection):
            handovers.contact(connection, row["id"], row["to_owner"] or "somebody", note)


def test_a_new_owner_makes_a_draft_and_a_plan_until_the_contact() -> None:
    """R72: the owner changes in the CRM alone; the next ticket is a draft, a plan is there, the contact ends it."""
    desk = desk_for(owned())
    assert desk.take(doc())["autonomy"] == "act"
    desk.change("A-1", "crm.owner", {"name": Y})
    result = desk.take(doc())
    assert (result["autonomy"], result["reasons"]) == ("draft", ["handover"])
    why = "Tomas Brandl took over from Greta Solano on 2027-03-09 and has not made contact yet"
    assert desk.draft(result["draft_id"])["card"]["why"] == [why]
    (row,) = desk.rows("handover")
    assert (row["from_owner"], row["to_owner"], row["opened_by"]) == (X, Y, "the CRM")
    assert row["why"] == "the CRM names Tomas Brandl in place of Greta Solano"
    assert "personal mail" in row["plan"]
    assert desk.take(doc())["reasons"] == ["handover"]
    touch(desk)
    assert desk.take(doc())["autonomy"] == "act"
    assert [one["kind"] for one in desk.rows("decision_log", account_id="A-1", kind="handover")] == ["handover"] * 2


@pytest.mark.parametrize(
    ("owners", "wanted", "opened"),
    [
        pytest.param([X, X, "greta  SOLANO"], ["act", "act", "act"], 0, id="the same person, spelled otherwise"),
        pytest.param([X, "pooled", X], ["act", "act", "act"], 0, id="a pool is nobody"),
        pytest.param([X, "pooled", Y], ["act", "act", "draft"], 1, id="a pool in between hides nobody"),
        pytest.param(["pooled", Y, Z], ["act", "act", "draft"], 1, id="whom nobody looked after goes to the first"),
        pytest.param([X, Y, Y], ["act", "draft", "draft"], 1, id="once"),
        pytest.param([X, Y, Z], ["act", "draft", "draft"], 1, id="the next one takes over the open one"),
        pytest.param([X, Y, X], ["act", "draft", "draft"], 1, id="only a contact ends it"),
    ],
)
def test_who_is_named_opens_a_handover(owners: list[str], wanted: list[str], opened: int) -> None:
    """R72: a handover is opened where one person takes the place of another, and only there."""
    desk = desk_for(owned())
    assert routes(desk, *owners) == wanted
    rows = desk.rows("handover")
    assert len(rows) == opened
    assert all(row["to_owner"] == owners[-1] for row in rows)


@pytest.mark.parametrize("before", [[X], []], ids=["known before", "never seen before"])
def test_a_vacant_seat_is_no_successor(before: list[str]) -> None:
    """R72: who left is remembered while the seat is vacant, so that the successor is seen as one."""
    desk = desk_for(owned())
    gone, other = ({"name": name, "vacant_since": "2027-03-01"} for name in (X, Z))
    routes(desk, *before, gone, other)
    assert desk.rows("handover") == []
    assert routes(desk, Y) == ["draft"]
    assert [(row["from_owner"], row["to_owner"]) for row in desk.rows("handover")] == [(X, Y)]


def test_a_handover_of_the_parent_holds_for_the_children() -> None:
    """R72: risks of a parent are risks of its children, and so is a change of who looks after the parent."""
    child = owned(Z, parent_id="P-1")
    desk = desk_for(child, owned(id="P-1"))
    assert desk.take(doc())["autonomy"] == "act"
    desk.change("P-1", "crm.owner", {"name": Y})
    result = desk.take(doc())
    assert (result["autonomy"], result["reasons"]) == ("draft", ["handover"])
    assert desk.draft(result["draft_id"])["card"]["why"][0].startswith("at the parent Company P-1: Tomas Brandl")
    assert [row["account_id"] for row in desk.rows("handover")] == ["P-1"]
    touch(desk)
    assert desk.take(doc())["autonomy"] == "act"


def test_what_was_approved_under_a_handover_goes_out() -> None:
    """R72: a person's approval is carried out, before the contact and after it; neither sends the draft back."""
    desk = desk_for(owned())
    desk.take(doc())
    desk.change("A-1", "crm.owner", {"name": Y})
    first, second = desk.take(doc()), desk.take(doc())
    assert desk.review(first["draft_id"], "approve", "Lena Hartmann")["status"] == "done"
    touch(desk)
    assert desk.review(second["draft_id"], "approve", "Lena Hartmann")["status"] == "done"


def test_a_change_between_the_ruling_and_the_act_is_seen() -> None:
    """R72: what was ruled to act becomes a draft where the CRM names another owner before anything went out."""
    desk = desk_for(owned())
    desk.take(doc())
    scene = Scene(desk.accounts["A-1"])
    incoming = scene.incoming("T-late")
    desk.says("T-late", doc())
    desk.begin(incoming, before="act")
    desk.change("A-1", "crm.owner", {"name": Y})
    desk.invoke(None, "T-late")
    assert len(desk.rows("handover")) == 1
    assert [row["status"] for row in desk.rows("draft", ticket_id="T-late")] == ["pending"]


def test_nothing_is_noted_twice() -> None:
    """R72: an owner is written once; a ruling that sees the same one writes nothing about it."""
    desk = desk_for(owned())
    routes(desk, X, X)
    assert [row["owner"] for row in desk.rows("account", id="A-1")] == [X]
    assert desk.rows("handover") == desk.rows("decision_log", kind="handover") == []
