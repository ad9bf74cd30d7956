"""PostgreSQL as a store: its own migrations, a role that cannot touch the log, and no text where it lies in clear."""

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from servers import Kept
from sqlalchemy import text

from cxagent.checkpoints import close, open_saver
from cxagent.errors import BadInput, Unreachable
from cxagent.ledger import chain, roles
from cxagent.ledger.store import TABLES, Store
from cxagent.migrations import MIGRATIONS
from cxagent.testing import World, call, proposal
from cxagent.worker import Queue

ROOT = Path(__file__).resolve().parents[1]
SENDER, ACCOUNT = "noel@brindlecote.example", "ACC-103"
BODY = "We ran the same report twice by mistake. Would a goodwill credit be possible? Call me at +49 170 1234567."


def credited(world: World, ticket_id: str) -> dict[str, Any]:
    """Run a ticket that ends with a small credit."""
    args = {"account_id": ACCOUNT, "amount": "1.00", "currency": "USD", "reason": "goodwill"}
    world.says(ticket_id, proposal("goodwill_credit", call("issue_credit", **args), reply="Done: USD 1.00."))
    return world.run(world.ticket(ticket_id, SENDER, BODY, ACCOUNT))


def test_a_database_is_brought_up_to_date_once(empty_postgres_url: str) -> None:
    """Two processes that open an empty database at once make its tables once; the third has nothing to do."""
    import threading

    stores: list[Store] = []
    both = [threading.Thread(target=lambda: stores.append(Store.open(empty_postgres_url))) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert (len(stores), stores[0].migrate()) == (2, 0)
    with stores[0].read() as connection:
        assert connection.execute(TABLES["migration"].select()).all()[-1].number == len(MIGRATIONS)
    for store in stores:
        store.close()


def test_a_database_is_given_to_the_next_test_as_it_was(kept: Kept) -> None:
    """Rows and switched-off triggers are put back, what was connected is not any more, and a new table costs a copy."""
    count, url = "SELECT (SELECT count(*) FROM account), (SELECT count(*) FROM draw WHERE drawn_to = '')", kept.url
    with psycopg.connect(url, autocommit=True) as left:
        left.execute(
            "INSERT INTO account (id, root_id, first_seen) VALUES ('A', 'A', '-'); UPDATE draw SET drawn_to = 'x'"
        )
        left.execute("ALTER TABLE decision_log DISABLE TRIGGER USER")
        kept.restore()
        with pytest.raises(psycopg.OperationalError):
            left.execute("SELECT 1")
    with psycopg.connect(kept.url, autocommit=True) as connection:
        assert (kept.url, connection.execute(count).fetchone()) == (url, (0, 1))
        off = connection.execute("SELECT count(*) FROM pg_trigger WHERE tgenabled = 'D'").fetchone()
        connection.execute("CREATE TABLE mine (id int)")
    kept.restore()
    assert off == (0,) and kept.url != url


def test_texts_are_compared_by_byte(postgres_url: str) -> None:
    """Whatever language the server speaks, times as texts sort as times."""
    store = Store.open(postgres_url)
    with store.read() as connection:
        stored = connection.execute(
            text(
                "SELECT count(*) FROM information_schema.columns WHERE table_name = 'ticket' AND collation_name <> 'C'"
            )
        )
        assert stored.scalar_one() == 0
    store.close()


def test_the_log_refuses_every_change(postgres_url: str, tmp_path: Path) -> None:
    """UPDATE, DELETE and TRUNCATE of the decision log are refused by the database itself, even to its owner."""
    world = World(ROOT, tmp_path, url=postgres_url)
    credited(world, "T-1")
    for statement in (
        "UPDATE decision_log SET body = '{}'",
        "DELETE FROM decision_log",
        "TRUNCATE decision_log CASCADE",
    ):
        refused = pytest.raises(psycopg.Error, match="append-only")
        with psycopg.connect(postgres_url, autocommit=True) as connection, refused:
            connection.execute(statement)
    assert chain.verify(world.store)[1] == ()
    world.close()


def test_the_applications_role_works_and_can_change_no_decision(postgres_url: str, tmp_path: Path) -> None:
    """With the printed grants a ticket runs from end to end; the log, its seals and the tables stay out of reach."""
    Store.open(postgres_url).close()
    close(open_saver(postgres_url))
    role = "app_" + postgres_url.partition("?")[0].rpartition("_")[2]
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'CREATE ROLE "{role}" LOGIN')
        connection.execute(roles.grants(role))
    try:
        world = World(ROOT, tmp_path, url=postgres_url.replace("postgres:@", f"{role}:@", 1))
        assert credited(world, "T-1")["status"] == "done"
        world.close()
        for statement in (
            "UPDATE decision_log SET body = '{}'",
            "DELETE FROM decision_log",
            "TRUNCATE decision_log CASCADE",
            "ALTER TABLE decision_log DISABLE TRIGGER ALL",
            "DROP TRIGGER decision_log_sealed ON decision_log",
            "DROP TABLE outbox",
            "DELETE FROM review",
            "CREATE TABLE mine (id int)",
        ):
            refused = pytest.raises(psycopg.errors.InsufficientPrivilege)
            with (
                psycopg.connect(postgres_url.replace("postgres:@", f"{role}:@", 1), autocommit=True) as connection,
                refused,
            ):
                connection.execute(statement)
    finally:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(f'DROP OWNED BY "{role}"; DROP ROLE "{role}"')


@pytest.mark.parametrize("name", ["", "a b", 'x"; DROP TABLE review; --', "1st"])
def test_a_role_that_is_no_name_is_refused(name: str) -> None:
    """What would end up in a script as more than a name is refused."""
    with pytest.raises(BadInput):
        roles.grants(name)


def test_no_text_of_a_customer_lies_in_clear_in_a_checkpoint(postgres_url: str, tmp_path: Path) -> None:
    """Neither the checkpoint's JSON nor its metadata holds a word of the message, an address or a number."""
    world = World(ROOT, tmp_path, url=postgres_url)
    credited(world, "T-1")
    with psycopg.connect(postgres_url) as connection:
        rows = connection.execute("SELECT checkpoint, metadata FROM checkpoints").fetchall()
    clear = json.dumps(rows)
    assert len(rows) == 1
    assert not [word for word in (SENDER, "noel", "1234567", "report twice", "USD 1.00") if word in clear]
    world.close()


def test_a_server_that_is_away_is_one_sentence(tmp_path: Path) -> None:
    """A database that cannot be reached is named in one sentence, by the ledger and by the checkpointer."""
    away = f"postgresql://nobody@/nowhere?host={tmp_path}"
    for opened in (lambda: Store.open(away), lambda: open_saver(away)):
        with pytest.raises(Unreachable, match="nowhere"):
            opened()


def test_the_queue_makes_its_tables_once(postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second worker finds the tables of the first one, and a ticket is queued once."""
    monkeypatch.setenv("CXAGENT_DATABASE_URL", postgres_url)
    world = World(ROOT, tmp_path, url=postgres_url)
    put = []
    for _ in range(2):
        # Outside of the world the agent opens the store of the deployment itself, and nobody would close that.
        with world.inside(), Queue(world.agent).opened() as queue:
            put.append(queue.put("T-none", None))
    assert put == [True, False]
    world.close()
