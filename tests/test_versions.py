"""Versions of the playbook: two people for every change, one answer to each proposal, and every one is kept."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from cxagent.errors import BadInput, Conflict, CxagentError, Refused
from cxagent.ledger import chain, versions
from cxagent.ledger.store import TABLES, Connection, Store
from cxagent.ledger.versions import PLAYBOOK

FILE = ("name: first", "d1")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A ledger that a project has opened: its file is in force."""
    store = Store.open(database_url, durable=False)
    with store.write(PLAYBOOK) as connection:
        assert versions.deploy(connection, *FILE, "Jonas", "Miriam")
    yield store
    store.close()


def proposed(connection: Connection, digest: str = "d2", by: str = "Priya Nair", based_on: str = "d1") -> str:
    """Propose a text."""
    return versions.propose(
        connection, text=f"name: {digest}", playbook_digest=digest, author=by, note="n", based_on=based_on, proof={}
    )


def write(store: Store, do: Callable[[Connection], object]) -> object:
    """Do one thing in a transaction of its own."""
    with store.write(PLAYBOOK) as connection:
        return do(connection)


def in_force(store: Store) -> tuple[int, str]:
    """Return the number of the last activation and what it put in force."""
    with store.read() as connection:
        found = versions.active(connection)
        assert found is not None
        assert versions.newest(connection) == found.activation
        assert versions.vouched(connection, found)
    return found.activation, found.version.digest


def did(store: Store) -> list[str]:
    """Return what the log says of the playbook, in order, and check that the log is whole."""
    assert chain.verify(store)[1] == ()
    with store.read() as connection:
        ids = connection.execute(chain.LOG.select().where(chain.LOG.c.kind == "playbook").order_by(chain.LOG.c.seq))
        return [chain.body(connection, row.id)["did"] for row in ids]


def test_a_file_comes_into_force_once(store: Store) -> None:
    """A deployed file rules at once; the same content again changes nothing, a new one follows with a line."""
    assert write(store, lambda c: versions.deploy(c, *FILE, "Jonas", "Miriam")) is False
    assert (in_force(store), did(store)) == ((1, "d1"), [])
    assert write(store, lambda c: versions.deploy(c, "name: next", "d9", "Jonas", "Miriam")) is True
    assert (in_force(store), did(store)) == ((2, "d9"), ["deployed"])


def test_a_second_person_puts_a_change_in_force(store: Store) -> None:
    """A proposal rules nothing; approved by another one it does, and both leave a line in the log."""
    one = str(write(store, proposed))
    assert in_force(store) == (1, "d1")
    write(store, lambda c: versions.approve(c, one, "Samuel Costa", "name: d2, approved", "d2a"))
    assert (in_force(store), did(store)) == ((2, "d2a"), ["proposed", "approved"])
    with store.read() as connection:
        kept = [(version.number, version.status, version.text) for version in versions.every(connection)]
    assert kept == [(2, "approved", "name: d2, approved"), (1, "approved", "name: first")]


@pytest.mark.parametrize("same", ["Priya Nair", "priya  nair"])
def test_nobody_approves_their_own(store: Store, same: str) -> None:
    """The author is refused however the name is typed, and nothing comes into force."""
    one = str(write(store, proposed))
    with pytest.raises(Refused, match="a second person"):
        write(store, lambda c: versions.approve(c, one, same, "x", "d2a"))
    assert (in_force(store), did(store)) == ((1, "d1"), ["proposed"])


def test_a_change_of_something_older_is_a_conflict(store: Store) -> None:
    """Once another change is in force, one made on the former playbook is neither proposed nor approved."""
    one, other = (str(write(store, lambda c, d=digest: proposed(c, d))) for digest in ("d2", "d3"))
    write(store, lambda c: versions.approve(c, one, "Samuel Costa", "x", "d2a"))
    with pytest.raises(Conflict, match=r"no longer in force; in force is version 2"):
        write(store, lambda c: versions.approve(c, other, "Samuel Costa", "y", "d3a"))
    with pytest.raises(Conflict, match="no longer in force"):
        write(store, proposed)
    assert in_force(store) == (2, "d2a")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (lambda c, one: versions.approve(c, one, "Samuel Costa", "x", "d2a"), "approved"),
        (lambda c, one: versions.refuse(c, one, "Samuel Costa", "too much"), "refused"),
    ],
    ids=["approved", "refused"],
)
def test_a_proposal_has_one_answer(store: Store, first: Callable[[Connection, str], object], second: str) -> None:
    """Whoever answers later is told who was first and what they said."""
    one = str(write(store, proposed))
    write(store, lambda c: first(c, one))
    for late in (
        lambda c: versions.approve(c, one, "Ruth Adeyemi", "x", "d2b"),
        lambda c: versions.refuse(c, one, "Ruth Adeyemi", "no"),
    ):
        with pytest.raises(Conflict, match=f"Samuel Costa was first: version 2 is {second}"):
            write(store, late)
    assert did(store) == ["proposed", second]


def test_two_who_approve_at_once(store: Store) -> None:
    """Of two people who approve in the same moment one does, and the other is told so."""
    one, together = str(write(store, proposed)), Barrier(2)

    def approve(by: str) -> str:
        together.wait()
        try:
            return str(write(store, lambda c: versions.approve(c, one, by, "x", "d2a")))
        except Conflict as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(approve, ("Samuel Costa", "Ruth Adeyemi")))
    assert said[0] == "2"
    assert "was first" in said[1]
    assert (in_force(store), did(store)) == ((2, "d2a"), ["proposed", "approved"])


def test_rolling_back_is_a_new_activation(store: Store) -> None:
    """An older approved version rules again under a new number; what was never in force cannot."""
    one = str(write(store, proposed))
    with store.read() as connection:
        first = versions.every(connection)[-1].id
    for unfit, said in ((one, "never in force: it is proposed"), (first, "in force already")):
        with pytest.raises(Conflict, match=said):
            write(store, lambda c, id=unfit: versions.roll_back(c, id, "Priya Nair", "why"))
    write(store, lambda c: versions.approve(c, one, "Samuel Costa", "x", "d2a"))
    write(store, lambda c: versions.roll_back(c, first, "Priya Nair", "why"))
    assert (in_force(store), did(store)) == ((3, "d1"), ["proposed", "approved", "rolled back"])
    with pytest.raises(BadInput, match="no version plb_0"):
        write(store, lambda c: versions.roll_back(c, "plb_0", "Priya Nair", "why"))


@pytest.mark.parametrize("how", ["activation", "text", "digest"])
def test_a_row_without_a_line_is_not_vouched_for(store: Store, how: str) -> None:
    """Who writes past this module into the tables is found out: the log has no line that fits."""
    one = str(write(store, proposed))
    write(store, lambda c: versions.approve(c, one, "Samuel Costa", "x", "d2a"))
    assert in_force(store) == (2, "d2a")
    rows, table = TABLES["playbook_version"], TABLES["activation"]
    forged = {"number": 3, "version_id": one, "by": "x", "why": "x", "at": "x"}
    wrong = {"activation": table.insert().values(**forged)}.get(how)
    write(store, lambda c: c.execute(rows.update().values(**{how: "x2"}) if wrong is None else wrong))
    with store.read() as connection:
        found = versions.active(connection)
        assert found is not None
        assert not versions.vouched(connection, found)


def test_every_refusal_is_a_sentence_of_ours(store: Store) -> None:
    """What cannot be is an error of the house, never one of the database."""
    with pytest.raises(CxagentError):
        write(store, lambda c: versions.refuse(c, "plb_unknown", "Priya Nair", "why"))
