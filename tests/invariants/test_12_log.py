"""Invariant 12, the log tells if it was touched: altered, removed, reordered or cut off; erasing breaks nothing."""

import json
import sqlite3

import pytest
from scenes import LOW, MID, REVIEWER, asks, credit, waiting

from cxagent.domain.review import Review
from cxagent.ledger import chain, personal, reviews
from cxagent.testing import World


@pytest.fixture
def filled(world: World) -> World:
    """Return a world whose log holds rulings, reviews, outcomes and a handoff on two accounts."""
    for number in range(3):
        world.run(asks(world, f"T-{number}", LOW, credit(LOW, "10.00")))
    world.review(waiting(world, "T-8"), "approve", REVIEWER)
    world.review(waiting(world, "T-9"), "reject", REVIEWER)
    assert chain.verify(world.store)[1] == ()
    return world


SEALS = ("update", "delete", "replace")


def forge(world: World, *statements: str) -> list[tuple[str, int, str]]:
    """Change the file behind everybody's back, the seals broken; return what `verify` finds: account, line and what."""
    connection = sqlite3.connect(world.home / "world.sqlite")
    with connection:
        for statement in (*(f"DROP TRIGGER decision_log_no_{seal}" for seal in SEALS), *statements):
            connection.execute(statement)
    connection.close()
    return [(one.account_id, one.seq, one.what) for one in chain.verify(world.store)[1]]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE decision_log SET body = '{}'",
        "UPDATE decision_log SET at = at WHERE seq = 1",
        "DELETE FROM decision_log",
        "DELETE FROM decision_log WHERE seq = (SELECT max(seq) FROM decision_log)",
        "INSERT OR REPLACE INTO decision_log SELECT * FROM decision_log WHERE seq = 1",
        "REPLACE INTO decision_log SELECT * FROM decision_log ORDER BY seq DESC LIMIT 1",
    ],
)
def test_the_database_refuses_to_change_the_log(filled: World, statement: str) -> None:
    """UPDATE and DELETE on the decision log are refused by the database itself, and so is a replacing INSERT."""
    before = filled.rows("decision_log")
    connection = sqlite3.connect(filled.home / "world.sqlite")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"), connection:
        connection.execute(statement)
    connection.close()
    assert filled.rows("decision_log") == before


AT = f"account_id = '{LOW}' AND seq = 3"
FORGERIES: dict[str, tuple[tuple[str, ...], tuple[str, int, str]]] = {
    "body": ((f"UPDATE decision_log SET body = replace(body, 'act', 'draft') WHERE {AT}",), (LOW, 3, "altered")),
    "time": ((f"UPDATE decision_log SET at = '2020-01-01T00:00:00+00:00' WHERE {AT}",), (LOW, 3, "altered")),
    "ticket": ((f"UPDATE decision_log SET ticket_id = 'T-0' WHERE {AT}",), (LOW, 3, "altered")),
    "pointer": (
        (f"UPDATE decision_log SET personal_id = NULL, personal_digest = NULL WHERE {AT}",),
        (LOW, 3, "altered"),
    ),
    "removed": ((f"DELETE FROM decision_log WHERE {AT}",), (LOW, 3, "removed")),
    "first removed": ((f"DELETE FROM decision_log WHERE account_id = '{LOW}' AND seq = 1",), (LOW, 1, "removed")),
    "cut off": ((f"DELETE FROM decision_log WHERE account_id = '{LOW}' AND seq > 4",), (LOW, 5, "cut off")),
    "all gone": ((f"DELETE FROM decision_log WHERE account_id = '{LOW}'",), (LOW, 6, "head without log")),
    "head altered": ((f"UPDATE chain_head SET hash = '0' WHERE account_id = '{LOW}'",), (LOW, 6, "altered")),
    "text gone": (
        (f"DELETE FROM personal WHERE id = (SELECT personal_id FROM decision_log WHERE {AT})",),
        (LOW, 3, "personal data altered"),
    ),
    "head gone": ((f"DELETE FROM chain_head WHERE account_id = '{LOW}'",), (LOW, 6, "log without head")),
    "reordered": (
        (
            f"UPDATE decision_log SET seq = 99 WHERE {AT}",
            f"UPDATE decision_log SET seq = 3 WHERE account_id = '{LOW}' AND seq = 4",
            f"UPDATE decision_log SET seq = 4 WHERE account_id = '{LOW}' AND seq = 99",
        ),
        (LOW, 3, "altered"),
    ),
    "moved": (
        (f"UPDATE decision_log SET account_id = '{MID}', seq = 77 WHERE account_id = '{LOW}' AND seq = 6",),
        (LOW, 6, "cut off"),
    ),
}


@pytest.mark.parametrize(("statements", "found"), FORGERIES.values(), ids=FORGERIES)
def test_what_was_touched_is_found(filled: World, statements: tuple[str, ...], found: tuple[str, int, str]) -> None:
    """With the seal dropped, every change of the log is found with account and line."""
    assert forge(filled, *statements)[0] == found


def test_a_line_with_a_fitting_hash_is_found_too(filled: World) -> None:
    """A forged line whose own hash was computed anew does not fit the line after it."""
    (line,) = filled.rows("decision_log", account_id=LOW, seq=3)
    hash_ = chain.link({**line, "body": "{}"})
    assert forge(filled, f"UPDATE decision_log SET body = '{{}}', hash = '{hash_}' WHERE {AT}") == [(LOW, 4, "altered")]


def test_altered_personal_text_is_found(filled: World) -> None:
    """Text behind a pointer is covered by the log: altering it is found at the line that cites it."""
    (line,) = filled.rows("decision_log", account_id=MID, kind="review", ticket_id="T-9")
    change = "payload = replace(payload, 'reject', 'approve')"
    found = forge(filled, f"UPDATE personal SET {change} WHERE id = '{line['personal_id']}'")
    assert found == [(MID, line["seq"], "personal data altered")]


def test_replaced_personal_text_is_found(filled: World) -> None:
    """Text that was swapped together with its salt and digest no longer fits the log."""
    (line,) = filled.rows("decision_log", account_id=LOW, seq=3)
    salt, text = "00", json.dumps({"nothing": "happened"})
    values = f"payload = '{text}', salt = '{salt}', digest = '{personal.salted(salt, text)}'"
    found = forge(filled, f"UPDATE personal SET {values} WHERE id = '{line['personal_id']}'")
    assert found == [(LOW, 3, "personal data altered")]


def test_erasing_personal_data_breaks_no_proof(filled: World) -> None:
    """Erased texts are gone, words and salt, and the log still verifies as whole."""
    with filled.store.write() as connection:
        count = personal.erase(connection, ["T-1", "T-8"])
    gone = [row for ticket in ("T-1", "T-8") for row in filled.rows("personal", ticket_id=ticket)]
    assert (count, {(row["payload"], row["salt"]) for row in gone}) == (len(gone), {(None, None)})
    lines, touched = chain.verify(filled.store)
    assert (lines > 8, touched) == (True, ())


def test_an_erased_review_authorizes_nothing(world: World) -> None:
    """Where the recorded verdict was erased before the graph heard of it, it counts as a no."""
    draft_id = waiting(world)
    with world.inside(), world.store.write() as connection:
        reviews.claim(connection, draft_id, Review(verdict="approve", by=REVIEWER, role="reviewer"))
        personal.erase(connection, ["T-1"])
        assert reviews.verdict(connection, draft_id)[1].verdict == "reject"  # type: ignore[index]


def test_every_chain_starts_and_ends_where_it_should(filled: World) -> None:
    """Each account has one chain from 1 on without a gap, and its head is its last line."""
    for account_id in (LOW, MID):
        lines = sorted(filled.rows("decision_log", account_id=account_id), key=lambda row: int(row["seq"]))
        (head,) = filled.rows("chain_head", account_id=account_id)
        assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
        assert (head["seq"], head["hash"]) == (lines[-1]["seq"], lines[-1]["hash"])
