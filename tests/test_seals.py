"""The seals: what a log with fitting hashes cannot show, signed heads outside the database do."""

import json
import os
import stat
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cxagent import seals
from cxagent.cli import app
from cxagent.domain.value import digest
from cxagent.errors import BadInput, Refused, Unreachable
from cxagent.ledger import chain, personal
from cxagent.ledger.store import TABLES, Store
from cxagent.scaffold import copy_to

ROOT = Path(__file__).resolve().parents[1]
SECRET = b"a key that nobody else has, 1234"
Lines = list[dict[str, Any]]
Found = list[tuple[str | None, int, str]]
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What a test says about the file holds whatever the database is: one of the two is enough."""


@pytest.fixture(autouse=True)
def own_seals(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the seals, the key or the database of whoever runs it."""
    for name in (seals.FILE, seals.KEY, "CXAGENT_DATABASE_URL", "CXAGENT_TRACE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """Return a store whose log is empty."""
    made = Store.open(database_url, durable=False)
    yield made
    made.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a seals' file that is not there yet."""
    return tmp_path / "elsewhere" / "seals.jsonl"


def record(store: Store, account_id: str, *said: str) -> None:
    """Add one line about an account for each thing said."""
    with store.write() as connection:
        accounts = TABLES["account"]
        if not connection.execute(accounts.select().where(accounts.c.id == account_id)).first():
            connection.execute(accounts.insert(), {"id": account_id, "root_id": account_id, "first_seen": "2026"})
        for text in said:
            about = personal.put(connection, "ticket", account_id, f"T-{text}", {"said": text})
            chain.append(connection, "ruling", account_id, f"T-{text}", {"ruling": text}, about)


@pytest.fixture
def sealed(store: Store, path: Path) -> Store:
    """Return a store that was sealed at two lines an account, at four, and once more when only one had moved."""
    for said in (("one", "two"), ("three", "four")):
        for account_id in ("A", "B", "C"):
            record(store, account_id, *said)
        seals.seal(store, path, SECRET)
    record(store, "B", "five")
    seals.seal(store, path, SECRET)
    assert seals.check(store, path, SECRET) == ()
    return store


def unsealed(store: Store) -> None:
    """Take the database's own guard off the log, as its administrator can."""
    with store.write() as connection:
        if connection.dialect.name != "sqlite":
            connection.exec_driver_sql("ALTER TABLE decision_log DISABLE TRIGGER USER")
            return
        ours = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'decision_log'"
        for name in connection.exec_driver_sql(ours).scalars().all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")


def forge(store: Store, account_id: str, change: Callable[[Lines], Lines]) -> None:
    """Rewrite one account's chain with numbers, hashes and head that fit."""
    unsealed(store)
    log, head = chain.LOG, chain.HEAD
    with store.write() as connection:
        mine = log.select().where(log.c.account_id == account_id).order_by(log.c.seq)
        lines = change([dict(row) for row in connection.execute(mine).mappings()])
        connection.execute(log.delete().where(log.c.account_id == account_id))
        connection.execute(head.delete().where(head.c.account_id == account_id))
        previous = chain.GENESIS
        for seq, line in enumerate(lines, start=1):
            line |= {"seq": seq, "prev_hash": previous}
            line["hash"] = previous = chain.link(line)
            connection.execute(log.insert(), line)
        if lines:
            connection.execute(head.insert(), {"account_id": account_id, "seq": len(lines), "hash": previous})


def told(store: Store, path: Path) -> Found:
    """Return account, line and what of all that does not fit the seals."""
    return [(one.account_id, one.seq, one.what) for one in seals.check(store, path, SECRET)]


def without(*numbers: int) -> Callable[[Lines], Lines]:
    """Return a change that leaves out some lines."""
    return lambda lines: [line for line in lines if line["seq"] not in numbers]


def edited(number: int) -> Callable[[Lines], Lines]:
    """Return a change of what one line says."""
    return lambda lines: [{**line, "body": "{}"} if line["seq"] == number else line for line in lines]


REWRITTEN: dict[str, tuple[Callable[[Lines], Lines], tuple[str, int, str]]] = {
    "first line edited": (edited(1), ("A", 2, "rewritten")),
    "last line edited": (edited(4), ("A", 4, "rewritten")),
    "middle line removed": (without(3), ("A", 4, "cut off")),
    "two lines swapped": (lambda lines: [*lines[:2], lines[3], lines[2]], ("A", 4, "rewritten")),
    "tail cut": (without(4), ("A", 4, "cut off")),
    "long tail cut": (without(2, 3, 4), ("A", 2, "cut off")),
    "tail cut and grown again": (lambda lines: [*lines[:3], {**lines[3], "kind": "stop"}], ("A", 4, "rewritten")),
    "line put before": (lambda lines: [{**lines[0], "id": "dec_0"}, *lines], ("A", 2, "rewritten")),
    "account removed": (lambda _lines: [], ("A", 2, "removed")),
}


@pytest.mark.parametrize(("change", "found"), REWRITTEN.values(), ids=REWRITTEN)
def test_a_rewritten_chain_is_found(
    sealed: Store, path: Path, change: Callable[[Lines], Lines], found: tuple[str, int, str]
) -> None:
    """A change is found where every hash and the head were computed anew, so that the log alone looks whole."""
    forge(sealed, "A", change)
    assert chain.verify(sealed)[1] == ()
    assert told(sealed, path) == [found]


def test_all_chains_rewritten_are_all_found(sealed: Store, path: Path) -> None:
    """Each account that does not fit is told once, at the first head that does not."""
    for account_id in "ABC":
        forge(sealed, account_id, edited(3))
    assert told(sealed, path) == [(account_id, 4, "rewritten") for account_id in "ABC"]


def test_what_came_after_the_last_sealing_is_not_vouched_for(sealed: Store, path: Path) -> None:
    """Lines that were never sealed can be rewritten unseen, and the next sealing ends that."""
    record(sealed, "A", "five")
    forge(sealed, "A", edited(5))
    assert told(sealed, path) == []
    seals.seal(sealed, path, SECRET)
    forge(sealed, "A", without(5))
    assert told(sealed, path) == [("A", 5, "cut off")]


def test_a_sealing_holds_what_moved(sealed: Store, path: Path) -> None:
    """The file grows with the work: a line names only the accounts that moved, and none where nothing did."""
    done = seals.seal(sealed, path, SECRET)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [sorted(line["heads"]) for line in lines] == [["A", "B", "C"], ["A", "B", "C"], ["B"], []]
    assert [line["number"] for line in lines] == [1, 2, 3, 4]
    assert (done.number, done.accounts) == (4, 0)
    assert seals.held(path, SECRET) == seals.Seals(count=4, last_at=done.at, torn=False)


# ---- the file -------------------------------------------------------------------------------------------------------


def rewrite(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """Change the lines of a file."""
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


ALTERED, CUT, NO_KEY = "the seals were altered", "the seals were cut off", "the seals do not fit the key"
TAMPERED: dict[str, tuple[Callable[[list[bytes]], list[bytes]], Found]] = {
    "head edited": (lambda all_: [all_[0].replace(b"[2,", b"[1,", 1), *all_[1:]], [(None, 1, ALTERED)]),
    "last edited": (lambda all_: [*all_[:2], all_[2].replace(b"[5,", b"[4,")], [(None, 3, ALTERED)]),
    "no JSON": (lambda all_: [all_[0], b"nothing\n", all_[2]], [(None, 2, ALTERED)]),
    "another JSON": (lambda all_: [all_[0], b"[]\n", all_[2]], [(None, 2, ALTERED)]),
    "white space": (lambda all_: [*all_[:2], b" " + all_[2]], [(None, 3, ALTERED)]),
    "first removed": (lambda all_: all_[1:], [(None, 1, ALTERED)]),
    "middle removed": (lambda all_: [all_[0], all_[2]], [(None, 2, ALTERED)]),
    "last removed": (lambda all_: all_[:2], [(None, 3, CUT)]),
    "last two removed": (lambda all_: all_[:1], [(None, 2, CUT)]),
    "all removed": (lambda _all: [], [(None, 1, CUT)]),
    "last torn": (lambda all_: [*all_[:2], all_[2][:60]], [(None, 3, CUT)]),
    "last without its end": (lambda all_: [*all_[:2], all_[2][:-1]], [(None, 3, CUT)]),
    "swapped": (lambda all_: [all_[1], all_[0], all_[2]], [(None, 1, ALTERED), (None, 2, ALTERED), (None, 3, ALTERED)]),
    "doubled": (lambda all_: [*all_, all_[2]], [(None, 4, ALTERED)]),
}


@on_sqlite
@pytest.mark.parametrize(("change", "found"), TAMPERED.values(), ids=TAMPERED)
def test_altered_seals_are_found(
    sealed: Store, path: Path, change: Callable[[list[bytes]], list[bytes]], found: Found
) -> None:
    """A change of the seals themselves is found at its line, and nothing is sealed on top of it."""
    rewrite(path, change)
    assert told(sealed, path) == found
    with pytest.raises(Refused, match=f"line {found[0][1]}: {found[0][2]}"):
        seals.seal(sealed, path, SECRET)


@on_sqlite
def test_an_altered_line_hides_no_other(sealed: Store, path: Path) -> None:
    """The heads of the lines that are still signed are compared with the log all the same."""
    rewrite(path, lambda all_: [b"nothing\n", *all_[1:]])
    forge(sealed, "C", without(4))
    assert told(sealed, path) == [(None, 1, ALTERED), ("C", 4, "cut off")]


@on_sqlite
@pytest.mark.parametrize("what", ["seals.jsonl", "seals.jsonl.end"])
def test_a_missing_file_is_found(sealed: Store, path: Path, what: str) -> None:
    """With one of the two files gone the seals count as cut off."""
    path.with_name(what).unlink()
    assert [what for _, _, what in told(sealed, path)] == [CUT]


@on_sqlite
def test_a_forged_mark_is_found(sealed: Store, path: Path) -> None:
    """Nobody without the key can make the mark say that there were fewer lines."""
    rewrite(path, lambda all_: all_[:2])
    path.with_name("seals.jsonl.end").write_text('{"lines":2,"signature":"0"}')
    assert told(sealed, path) == [(None, 3, CUT)]


@on_sqlite
def test_another_key_is_told_once(sealed: Store, path: Path) -> None:
    """Seals that were all signed with another key are one finding, and the forger's own key helps nobody."""
    assert [one.what for one in seals.check(sealed, path, b"another key, as long as this")] == [NO_KEY]


@on_sqlite
@pytest.mark.parametrize("left", [0, 1, 80, -2, -1], ids="{} bytes".format)
def test_a_crash_while_sealing_costs_one_sealing(sealed: Store, path: Path, left: int) -> None:
    """Half a line is recognised, counts for nothing, makes nothing red, and the next sealing clears it away."""
    mark = path.with_name("seals.jsonl.end")
    whole, said = path.read_bytes(), mark.read_bytes()
    record(sealed, "A", "five")
    seals.seal(sealed, path, SECRET)
    line = path.read_bytes()[len(whole) :]
    path.write_bytes(whole + line[:left])
    mark.write_bytes(said)
    assert told(sealed, path) == []
    assert (seals.held(path, SECRET).count, seals.held(path, SECRET).torn) == (3, left != 0)
    assert (seals.seal(sealed, path, SECRET).number, told(sealed, path)) == (4, [])
    assert (len(path.read_bytes().splitlines()), seals.held(path, SECRET).torn) == (4, False)


@on_sqlite
def test_a_crash_between_line_and_mark_costs_nothing(sealed: Store, path: Path) -> None:
    """A line that is whole counts although the mark does not know of it yet."""
    mark = path.with_name("seals.jsonl.end")
    said = mark.read_bytes()
    seals.seal(sealed, path, SECRET)
    mark.write_bytes(said)
    assert (told(sealed, path), seals.held(path, SECRET).count) == ([], 4)


@on_sqlite
def test_a_full_disk_leaves_the_file_as_it_was(sealed: Store, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the line cannot be written the sealing fails with a sentence, and the seals stay whole."""
    before = path.read_bytes()

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(seals.os, "fsync", full)
    with pytest.raises(Unreachable, match="No space left"):
        seals.seal(sealed, path, SECRET)
    assert path.read_bytes() == before


SEALER = """
import sys
from pathlib import Path
from cxagent import seals
from cxagent.ledger.store import Store
store, path = Store(sys.argv[1]), Path(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
for _ in range(8):
    seals.seal(store, path, sys.argv[3].encode())
"""


def test_processes_seal_at_the_same_moment(store: Store, database_url: str, path: Path) -> None:
    """Sealings of several processes stand one after another, none is lost, and the chain of the file holds."""
    record(store, "A", "one")
    command = [sys.executable, "-c", SEALER, database_url, str(path), SECRET.decode()]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    running = [subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment, text=True) for _ in range(3)]
    for one in running:
        assert one.stdout and one.stdout.readline() == "ready\n"
    for one in running:
        assert one.stdin
        one.stdin.write("go\n")
        one.stdin.flush()
    for number in range(8):
        record(store, "A", f"more {number}")
        assert told(store, path) == []
    for one in running:
        one.communicate()
    assert [one.returncode for one in running] == [0, 0, 0]
    assert (told(store, path), seals.held(path, SECRET).count) == ([], 24)


def test_a_slow_process_seals_nothing_back(sealed: Store, path: Path) -> None:
    """A process whose snapshot is older than the last sealing adds no head that was passed already."""
    with sealed.read() as connection:
        connection.execute(chain.HEAD.select()).all()
        other = Store(sealed.url)
        record(other, "A", "five")
        seals.seal(other, path, SECRET)
        other.close()
        assert seals.seal(sealed, path, SECRET).accounts == 0
    assert told(sealed, path) == []


# ---- the key and the place ------------------------------------------------------------------------------------------


def test_the_key_is_made_once_and_for_its_owner(path: Path) -> None:
    """The first sealing makes a key that only its owner may read; asking without sealing makes none."""
    with pytest.raises(Unreachable, match=r"there is no key .* set CXAGENT_SEAL_KEY"):
        seals.key_of(path)
    made = seals.key_of(path, make=True)
    file = path.with_name("seal.key")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (seals.key_of(path, make=True), seals.key_of(path), len(made)) == (made, made, 64)
    assert [one.name for one in path.parent.iterdir()] == ["seal.key"]


@on_sqlite
def test_a_lost_key_is_not_replaced(sealed: Store, path: Path) -> None:
    """Where something was sealed before, no fresh key is made: it could vouch for nothing."""
    with pytest.raises(Unreachable, match="put the key back"):
        seals.key_of(path, make=True)
    path.unlink()
    with pytest.raises(Unreachable, match="put the key back"):
        seals.key_of(path, make=True)


def test_the_key_may_be_a_text_or_a_file(tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment names the key as text or by its file, whose last line end does not count."""
    (tmp_path / "key").write_bytes(SECRET + b"\n")
    for given in (SECRET.decode(), str(tmp_path / "key")):
        monkeypatch.setenv(seals.KEY, given)
        assert (seals.key_of(path), seals.key_beside(path)) == (SECRET, None)


@pytest.mark.parametrize(
    ("given", "said"),
    [("/etc/nowhere/the-key-of-the-seals", "there is no file /etc/nowhere"), ("short", "at least 24")],
)
def test_a_doubtful_key_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch, given: str, said: str) -> None:
    """A path that leads nowhere does not become the key itself, and a word is no key."""
    monkeypatch.setenv(seals.KEY, given)
    with pytest.raises(BadInput, match=f"CXAGENT_SEAL_KEY: .*{said}"):
        seals.key_of(path)


@pytest.mark.parametrize(
    ("given", "found"), [("", ".cxagent/seals.jsonl"), ("other/s", "other/s"), ("/far/s", "/far/s")]
)
def test_the_place_of_the_seals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, found: str) -> None:
    """The seals lie in the project's own folder where the environment names no other file."""
    monkeypatch.setenv(seals.FILE, given)
    assert seals.place(tmp_path) == tmp_path / found


# ---- the check of the log itself ------------------------------------------------------------------------------------


@on_sqlite
def test_a_link_is_the_digest_of_its_line(store: Store) -> None:
    """The hash of a line is SHA-256 over its canonical JSON without the hash, in whatever alphabet it is written."""
    record(store, "Ä\u2028\"'", "ünï\U0001f600\\")
    with store.read() as connection:
        line = dict(connection.execute(chain.LOG.select()).mappings().one())
    assert line["hash"] == chain.link(line) == digest({name: line[name] for name in chain.FIELDS})


def test_the_check_keeps_a_few_lines_in_memory(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Verifying 12 MB of texts takes a small part of that in memory, and tells how far it is."""
    monkeypatch.setattr(chain, "BATCH", 10)
    record(store, "A", *(f"{number} {'x' * 60_000}" for number in range(100)))
    heard: list[tuple[int, int]] = []
    tracemalloc.start()
    assert chain.verify(store, lambda done, total: heard.append((done, total))) == (100, ())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000
    assert (heard[0], heard[-1]) == ((10, 100), (100, 100))


# ---- the command ----------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a project with two lines in its log."""
    copy_to(tmp_path / "project")
    made = ledger(tmp_path / "project")
    record(made, "A", "one", "two")
    made.close()
    return tmp_path / "project"


def ledger(home: Path) -> Store:
    """Return the ledger of a project."""
    return Store.open(f"sqlite:///{home}/.cxagent/cxagent.sqlite")


def verify(home: Path, *words: str) -> Any:
    """Run `cxagent verify` in a project."""
    return CliRunner().invoke(app, ["verify", *words, "--project", str(home)], env={"COLUMNS": "120"})


def test_verify_warns_where_nothing_was_sealed(home: Path) -> None:
    """A whole log that was never sealed exits 0 with a word about it, and asking leaves no file behind."""
    done = verify(home)
    assert (done.exit_code, "No seal exists" in done.stderr, "--seal" in done.stderr) == (0, True, True)
    assert json.loads(verify(home, "--json").stdout) == {"whole": True, "lines": 2, "touched": [], "seals": None}
    assert not list((home / ".cxagent").glob("seal*"))


def test_verify_seals_a_whole_log(home: Path) -> None:
    """`--seal` signs, says where its key lies, and later checks say how many sealings there are and up to when."""
    first = verify(home, "--seal")
    assert (first.exit_code, "Sealed once, up to 20" in first.stdout) == (0, True), first.output
    assert "The key lies beside the seals" in first.stderr and "CXAGENT_SEAL_KEY" in first.stderr
    found = json.loads(verify(home, "--seal", "--json").stdout)
    assert list(found) == ["whole", "lines", "touched", "seals"]
    assert list(found["seals"].items())[::2] == [("count", 2), ("file", str(home / ".cxagent" / "seals.jsonl"))]
    again = verify(home)
    assert (again.exit_code, "Sealed 2 times, up to 20" in again.stdout, again.stderr) == (0, True, "")


def test_verify_finds_what_the_log_alone_cannot_show(home: Path) -> None:
    """A cut tail with a fitting head exits 1 and is named by account and line, and nothing is sealed after it."""
    verify(home, "--seal")
    forge(ledger(home), "A", without(2))
    found = json.loads(verify(home, "--json").stdout)
    assert (found["whole"], found["lines"], found["seals"]["count"]) == (False, 1, 1)
    assert found["touched"] == [{"account_id": "A", "seq": 2, "entry": None, "what": "cut off"}]
    refused = verify(home, "--seal")
    assert (refused.exit_code, "cut off" in refused.stdout, "Nothing was sealed" in refused.stderr) == (1, True, True)
    assert json.loads(verify(home, "--json").stdout)["seals"]["count"] == 1


def test_verify_tells_one_touch_once(home: Path) -> None:
    """What both the log and the seals show is one finding."""
    verify(home, "--seal")
    unsealed(store := ledger(home))
    with store.write() as connection:
        connection.execute(chain.LOG.delete().where(chain.LOG.c.seq == 2))
    assert len(json.loads(verify(home, "--json").stdout)["touched"]) == 1


def test_verify_names_the_line_of_altered_seals(home: Path) -> None:
    """Altered seals exit 1 and are named by their file; a lost key exits 3, since nothing can be said."""
    verify(home, "--seal")
    file = home / ".cxagent" / "seals.jsonl"
    rewrite(file, lambda _all: [])
    shown = verify(home)
    assert (shown.exit_code, "seals.jsonl" in shown.stdout, "the seals were cut off" in shown.stdout) == (1, True, True)
    file.with_name("seal.key").unlink()
    assert verify(home).exit_code == 3
