"""The command line: every command of the contract, its exit code, its words, and what bad input gets."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from proofs import carry_proofs
from typer.testing import CliRunner, Result

from cxagent import clock, proof
from cxagent.cli import app
from cxagent.cli.screen import plain
from cxagent.domain.tool import Tool
from cxagent.ledger import chain, personal
from cxagent.ledger.store import Store
from cxagent.playbook import Playbook, load_playbook
from cxagent.proof import Proof
from cxagent.soundness import proof_mark

DAY = datetime(2026, 11, 21, 9, 31, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PLAYBOOK = Path(__file__).resolve().parents[1] / "graphs" / "playbook.yaml"
COMMANDS = {
    "init": {"--project"},
    "demo": {"--project", "--json"},
    "check": {"--project", "--json"},
    "run": {"--project", "--json", "--enqueue"},
    "recover": {"--project", "--json", "--as"},
    "worker": {"--project", "--once", "--concurrency"},
    "hold": {"--project", "--json", "--as", "--minutes", "--over", "--release"},
    "notify": {"--project", "--json", "--to", "--dry-run"},
    "grants": {"ROLE"},
    "undo": {"--project", "--json", "--as", "--why"},
    "drafts": {"--project", "--json"},
    "review": {"--project", "--json", "--as", "--reason", "--note", "--reply", "--args"},
    "explain": {"--project", "--json"},
    "verify": {"--project", "--json", "--seal"},
    "stop": {"--project", "--as", "--why", "--release"},
    "eval": {"--project", "--json", "--trials", "--propose", "--schema"},
    "serve": {"--project", "--host", "--port", "--demo"},
    "keys add": {"--project", "--scope", "--for", "--days", "--as"},
    "keys list": {"--project"},
    "keys revoke": {"--project", "--as"},
    "audits draw": {"--project", "--json"},
    "audits due": {"--project", "--json", "--strict"},
    "audits record": {"--project", "--json", "--as", "--wanted", "--agree", "--severity", "--reason"},
    "quality": {"--project", "--json"},
    "quality simulate": {"--true-error", "--cells", "--seed", "--json"},
    "repairs list": {"--project", "--json", "--overdue"},
    "repairs done": {"--project", "--as", "--text"},
    "postmortem": {"--project", "--json", "--since", "--until"},
    "playbook check": {"--project", "--json"},
    "playbook show": {"--project", "--json"},
    "playbook diff": {"--project", "--json"},
}
RESULT = ["ticket_id", "account_id", "intent", "autonomy", "reasons", "decision_id", "draft_id", "status"]
Command = Callable[..., Result]


@pytest.fixture(autouse=True)
def own_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every project keeps its own SQLite file, and texts have room."""
    for name in ("CXAGENT_DATABASE_URL", "CXAGENT_TRACE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "120")


PROOFS: dict[str, Proof] = {}


@pytest.fixture(autouse=True)
def proven_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proof takes seconds and follows from what it is about, so that commands on equal playbooks share one."""
    real = proof.examine

    def examine(book: Playbook, tools: Mapping[str, Tool], today: date, **own: Any) -> Proof:
        mark = f"{proof_mark(book, tools)} {today} {own}"
        if mark not in PROOFS:
            PROOFS[mark] = real(book, tools, today, **own)
        return PROOFS[mark]

    monkeypatch.setattr(proof, "examine", examine)


def command(home: Path) -> Command:
    """Return a runner of commands in one project, each as if in a process of its own."""

    def call(*words: str, stdin: bytes | None = None) -> Result:
        for name in [name for name in sys.modules if name.startswith("cxagent_project_")]:
            del sys.modules[name]
        return CliRunner().invoke(app, [*words, "--project", str(home)], input=stdin)

    return call


def new_project(home: Path) -> Path:
    """Make a project with `cxagent init`."""
    made = CliRunner().invoke(app, ["init", str(home)])
    assert made.exit_code == 0, made.output
    carry_proofs(home)
    return home


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one folder for new projects: a proof that was made there holds for the next one too, and saves seconds."""
    return tmp_path_factory.mktemp("place") / "project"


@pytest.fixture
def home(place: Path) -> Path:
    """A new project."""
    proven = place / ".cxagent" / "proven.json"
    kept = proven.read_bytes() if proven.is_file() else None
    shutil.rmtree(place, ignore_errors=True)
    new_project(place)
    if kept:
        proven.parent.mkdir(exist_ok=True)
        proven.write_bytes(kept)
    return place


@pytest.fixture
def cx(home: Path) -> Command:
    """Run commands in a new project."""
    return command(home)


@pytest.fixture(scope="module")
def toured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """A project in which the demo ran, with what the demo printed; tests only read it."""
    home = new_project(tmp_path_factory.mktemp("toured") / "project")
    return home, command(home)("demo", "--json")


@pytest.fixture
def after_demo(toured: tuple[Path, Result]) -> Command:
    """Run commands that only read in the project in which the demo ran."""
    return command(toured[0])


def rows(text: str) -> list[dict[str, Any]]:
    """Parse lines of JSON."""
    return [json.loads(line) for line in text.splitlines()]


def of(result: Result, ticket_id: str) -> dict[str, Any]:
    """Return the result line of one ticket."""
    return next(row for row in rows(result.stdout) if row["ticket_id"] == ticket_id)


def tickets(home: Path, *ids: str) -> list[str]:
    """Return lines of the sample tickets by id."""
    lines = (home / "tools" / "world" / "tickets.jsonl").read_text().splitlines()
    return [line for wanted in ids for line in lines if json.loads(line)["ticket"]["id"] == wanted]


def written(home: Path, *lines: str | bytes) -> str:
    """Write a file of tickets and return its path."""
    file = home / "in.jsonl"
    file.write_bytes(b"".join((one.encode() if isinstance(one, str) else one) + b"\n" for one in lines))
    return str(file)


# ---- the shape of the command line ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_contract_exists(name: str) -> None:
    """Each command answers `--help` with a sentence and knows the options of the contract."""
    shown = CliRunner().invoke(app, [*name.split(), "--help"])
    assert shown.exit_code == 0
    assert {option for option in COMMANDS[name] if option not in shown.output} == set()


def test_every_command_and_option_says_what_it_is() -> None:
    """No command, argument or option is without a help text."""
    import typer

    mute: list[str] = []

    def look(at: Any, name: str) -> None:
        mute.extend([] if at.help else [name])
        mute.extend(f"{name} {one.name}" for one in at.params if not getattr(one, "help", None))
        for child in getattr(at, "commands", {}).values():
            look(child, f"{name} {child.name}")

    look(typer.main.get_command(app), "cxagent")
    assert mute == []


def test_help_is_quick_because_it_loads_nothing_heavy() -> None:
    """`cxagent --help` imports neither a graph, a database nor a validation library."""
    code = (
        "import sys; from cxagent.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "print([name for name in sys.modules if name in "
        "('langgraph', 'langchain_core', 'sqlmodel', 'sqlalchemy', 'pydantic', 'yaml', 'cxagent.project')])"
    )
    run = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True)
    assert "Usage: cxagent" in run.stdout
    assert run.stdout.splitlines()[-1] == "[]"


def test_version() -> None:
    """`--version` prints one line."""
    assert CliRunner().invoke(app, ["--version"]).output.startswith("cxagent 0.")


@pytest.mark.parametrize(
    "words", [["frob"], ["run"], ["review", "drf_1", "maybe"], ["drafts", "--frob"], ["stop", "everything"]]
)
def test_wrong_usage_exits_2(words: list[str]) -> None:
    """What the command line does not know is wrong usage."""
    assert CliRunner().invoke(app, words).exit_code == 2


@pytest.mark.parametrize("name", ["demo", "check", "drafts", "verify", "run x.jsonl", "explain dec_1", "playbook show"])
def test_a_folder_without_a_project_is_named(tmp_path: Path, name: str) -> None:
    """Outside a project a command says so in one sentence, with exit 2."""
    result = command(tmp_path)(*name.split())
    assert result.exit_code == 2
    assert "is no cxagent project" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "interrupted; the same command goes on from here"),
        (ZeroDivisionError("by zero"), 1, "ZeroDivisionError: by zero (run with CXAGENT_TRACE=1"),
    ],
)
def test_every_end_has_a_sentence(
    cx: Command, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, said: str
) -> None:
    """An interruption exits 130, an unexpected exception 1, each with one sentence and no traceback."""

    def broken(_store: Store) -> None:
        raise error

    monkeypatch.setattr(Store, "migrate", broken)
    result = cx("drafts")
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_reader_that_leaves_is_no_error(toured: tuple[Path, Result]) -> None:
    """`cxagent drafts | head -1` says nothing about a broken pipe."""
    code = "from cxagent.cli import main; main()"
    words = [sys.executable, "-c", code, "drafts", "--project", str(toured[0])]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None and run.stderr is not None
        run.stdout.close()
        assert run.stderr.read() == ""


def test_an_unreachable_database_exits_3(cx: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A database that cannot be opened exits 3 and names it."""
    (tmp_path / "folder.sqlite").mkdir()
    monkeypatch.setenv("CXAGENT_DATABASE_URL", f"sqlite:///{tmp_path}/folder.sqlite")
    result = cx("drafts")
    assert result.exit_code == 3
    assert "folder.sqlite" in result.stderr


# ---- init, check ----------------------------------------------------------------------------------------------------


def test_init_overwrites_nothing(home: Path) -> None:
    """A second `init` into the same folder is refused by name."""
    result = CliRunner().invoke(app, ["init", str(home)])
    assert result.exit_code == 2
    assert "already holds" in result.stderr


def test_a_new_project_is_healthy(cx: Command) -> None:
    """`check` of a new project finds no error, and looking creates no database."""
    result = cx("check", "--json")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["ok"]) == (0, True), told
    assert {"graph", "playbook", "playbook proof", "tools", "guidance", "source", "database", "proposer", "demo"} <= {
        one["name"] for one in told["checks"]
    }
    assert all(one.keys() == {"name", "status", "said"} for one in told["checks"])


def break_account(home: Path) -> None:
    """Write money as a float into an account document."""
    file = home / "tools/world/accounts/ACC-101.json"
    document = json.loads(file.read_text())
    document["crm"]["arr"]["amount"] = 10.5
    file.write_text(json.dumps(document, indent=1))


def edit(path: str, old: str, new: str) -> Callable[[Path], None]:
    """Return what replaces a text in a file of a project."""

    def change(home: Path) -> None:
        text = (home / path).read_text()
        assert old in text
        (home / path).write_text(text.replace(old, new, 1))

    return change


SICK = {
    "sources": (break_account, "ACC-101.json:", "crm.arr.amount: write the number as a decimal string"),
    "graph": (
        edit("graphs/support.py", 'add_edge("propose", "risk_gate")', 'add_edge("propose", "act")'),
        "act can be reached without risk_gate",
    ),
    "guidance": (lambda home: (home / "graphs/guidance/rca_request.md").unlink(), "no guidance for rca_request"),
    "demo": (edit("tools/world/tickets.jsonl", '"chat"', '"fax"'), "tickets.jsonl:", "ticket.channel: "),
    "exchange rates": (edit("tools/world/fx.json", "1.16", "-1"), "fx.json", "EURUSD"),
    "proposer": (edit("graphs/project.yaml", "model: null", "model: 'no-such-vendor:x'"), "no-such-vendor"),
}


def test_check_names_everything_that_is_wrong(home: Path, cx: Command) -> None:
    """Each thing that must hold is an error with its own sentence when it does not, and the exit code is 1."""
    for spoil, *_ in SICK.values():
        spoil(home)
    result = cx("check", "--json")
    told = json.loads(result.stdout)
    wrong = {one["name"]: one["said"] for one in told["checks"] if one["status"] == "error"}
    assert (result.exit_code, told["ok"], wrong.keys()) == (1, False, SICK.keys())
    assert [(name, word) for name, (_, *said) in SICK.items() for word in said if word not in wrong[name]] == []


def test_check_names_a_playbook_that_nobody_approved(home: Path, cx: Command) -> None:
    """A playbook that cannot be loaded is an error, and the rest of the project is looked at all the same."""
    approver = "approver: Jonas Weiss, Customer Success Operations #"
    edit("graphs/playbook.yaml", "approver: Miriam Okafor", approver)(home)
    told = {one["name"]: one for one in json.loads(cx("check", "--json").stdout)["checks"]}
    assert "author and approver are the same person" in told["playbook"]["said"]
    assert told["source"]["status"] == "ok"


def test_check_exits_3_where_the_database_cannot_be_reached(
    cx: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What could not be reached is not the same as wrong."""
    (tmp_path / "folder.sqlite").mkdir()
    monkeypatch.setenv("CXAGENT_DATABASE_URL", f"sqlite:///{tmp_path}/folder.sqlite")
    result = cx("check", "--json")
    assert result.exit_code == 3
    (wrong,) = (one for one in json.loads(result.stdout)["checks"] if one["status"] == "error")
    assert (wrong["name"], "folder.sqlite" in wrong["said"]) == ("database", True)


# ---- demo -----------------------------------------------------------------------------------------------------------


def test_the_demo_shows_all_three_routes(toured: tuple[Path, Result]) -> None:
    """`demo --json` prints result lines with exactly the keys of the contract, and each route occurs."""
    _, result = toured
    found = rows(result.stdout)
    assert (result.exit_code, result.stderr) == (0, "")
    assert {row["autonomy"] for row in found} == {"act", "draft", "handoff"}
    assert all(list(row) == RESULT for row in found)


def test_the_same_refusal_takes_two_routes(toured: tuple[Path, Result]) -> None:
    """The same words from two accounts: the calm one is answered alone, the one in its renewal window waits."""
    calm, window = of(toured[1], "T-001"), of(toured[1], "T-002")
    assert (calm["autonomy"], calm["reasons"], calm["draft_id"]) == ("act", [], None)
    assert (window["autonomy"], window["reasons"], window["status"]) == ("draft", ["renewal_window"], "waiting")


def test_the_demo_can_be_repeated(home: Path, cx: Command) -> None:
    """A second demo has new ids, still shows all three routes, and names the next command."""
    assert cx("demo", "--json").exit_code == 0
    again = cx("demo")
    assert again.exit_code == 0
    assert all(f"{route}: " in again.stdout for route in ("act", "draft"))
    assert all(word in again.stdout for word in ("the same correct refusal", "cxagent drafts", "cxagent explain dec_"))
    third = rows(cx("demo", "--json").stdout)
    assert {row["ticket_id"].partition(".")[2] for row in third} == {"3"}
    assert {row["autonomy"] for row in third} == {"act", "draft", "handoff"}


def test_a_demo_that_was_broken_off_is_finished(home: Path, cx: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an interruption the demo goes on with the same ids."""
    with interrupted_after(monkeypatch, 5):
        assert cx("demo", "--json").exit_code == 130
    ids = [row["ticket_id"] for row in rows(cx("demo", "--json").stdout)]
    assert len(ids) == len(tickets(home, *ids)) > 20


# ---- run ------------------------------------------------------------------------------------------------------------


def test_good_lines_go_on_beside_bad_ones(home: Path, cx: Command) -> None:
    """Refused lines are named with file, line and field, the others run, and the exit code is 2."""
    good = tickets(home, "T-008", "T-017")
    twice = good[0].replace("report", "chart")
    naive = good[0].replace("T-008", "T-9").replace("08:25:00Z", "08:25:00")
    file = written(home, good[0], "{oops", "Grüße".encode("latin-1"), twice, naive, b"\x00", good[1], b"x" * 10_000_001)
    result = cx("run", file, "--json")
    assert result.exit_code == 2
    assert [(row["ticket_id"], list(row)) for row in rows(result.stdout)] == [("T-008", RESULT), ("T-017", RESULT)]
    said = result.stderr.splitlines()
    assert [line.partition(": ")[0] for line in said[:-1]] == [f"{file}:{number}" for number in (2, 3, 4, 5, 6, 8)]
    assert "ticket.id: 'T-008' stands twice" in said[2]
    assert "ticket.received_at: Input should have timezone" in said[3]
    assert said[-1].endswith("6 refused")


def test_tickets_may_come_from_a_pipe(home: Path, cx: Command) -> None:
    """`run -` reads standard input, prints a readable line for each ticket, and names what it refuses `stdin`."""
    raw = "\n".join([*tickets(home, "T-001"), "{"])
    result = cx("run", "-", stdin=raw.encode())
    assert result.exit_code == 2
    assert len(result.stdout.splitlines()) == 1
    assert all(word in result.stdout for word in ("Tallowmere Ceramics", "T-001"))
    assert "stdin:2: is not JSON" in result.stderr


@pytest.mark.parametrize(
    ("name", "said"),
    [("gone.jsonl", "No such file"), ("graphs", "Is a directory"), ("empty.jsonl", "holds no tickets")],
)
def test_an_input_that_cannot_be_read_exits_2(home: Path, cx: Command, name: str, said: str) -> None:
    """A missing file, a folder and an empty file are wrong input, named."""
    (home / "empty.jsonl").touch()
    result = cx("run", str(home / name))
    assert (result.exit_code, result.stdout) == (2, "")
    assert name in result.stderr and said in result.stderr


def test_a_fault_of_the_project_is_told_once(home: Path, cx: Command) -> None:
    """A wrong account document stops the run with one sentence, not with one for every ticket."""
    break_account(home)
    result = cx("run", written(home, *tickets(home, "T-001", "T-002")))
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "crm.arr.amount: write the number as a decimal string" in result.stderr


def test_running_a_file_again_returns_what_is_recorded(home: Path, cx: Command) -> None:
    """The same file gives the same result lines; the same id with other words is refused by place and field."""
    good = tickets(home, "T-001", "T-017")
    first = cx("run", written(home, *good), "--json")
    assert first.stdout == cx("run", written(home, *good), "--json").stdout
    other = cx("run", written(home, good[0].replace("dashboard", "folder"), good[1]), "--json")
    assert (other.exit_code, len(rows(other.stdout))) == (2, 1)
    assert "in.jsonl:1: ticket.id: the ticket id 'T-001' was used before with another content" in other.stderr


def test_one_ticket_that_breaks_off_does_not_stop_the_others(
    home: Path, cx: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception inside one ticket is said, counted, and exits 1; the next ticket runs."""
    from cxagent.judge import Judge

    look = Judge.look

    def broken(self: Judge, ticket: Any, *rest: Any, **more: Any) -> Any:
        if ticket.id == "T-001":
            raise ZeroDivisionError("by zero")
        return look(self, ticket, *rest, **more)

    monkeypatch.setattr(Judge, "look", broken)
    result = cx("run", written(home, *tickets(home, "T-001", "T-017")), "--json")
    assert (result.exit_code, [row["ticket_id"] for row in rows(result.stdout)]) == (1, ["T-017"])
    assert "in.jsonl:1: ticket T-001 broke off: ZeroDivisionError: by zero" in result.stderr


@contextlib.contextmanager
def interrupted_after(monkeypatch: pytest.MonkeyPatch, writes: int) -> Iterator[None]:
    """Press Ctrl-C right after the given number of transactions was written."""
    write, left = Store.write, iter(range(writes, 0, -1))

    @contextlib.contextmanager
    def watched(self: Store, about: str | None = None) -> Iterator[Any]:
        with write(self, about) as connection:
            yield connection
        if next(left, 0) == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Store, "write", watched)
        yield


@pytest.mark.parametrize("writes", range(1, 8))
def test_an_interrupted_run_resumes(home: Path, cx: Command, monkeypatch: pytest.MonkeyPatch, writes: int) -> None:
    """Ctrl-C after any transaction exits 130; the same file again gives every result once, and a draft to approve."""
    file = written(home, *tickets(home, "T-003", "T-002", "T-017"))
    with clock.frozen(DAY), interrupted_after(monkeypatch, writes):
        assert cx("run", file, "--json").exit_code == 130
    with clock.frozen(DAY + MINUTE):
        resumed = cx("run", file, "--json")
        found = rows(resumed.stdout)
        approved = cx("review", found[1]["draft_id"], "approve", "--json")
    assert [row["status"] for row in found] == ["done", "waiting", "handed_off"]
    effects = [
        one["tool"] for one in json.loads(cx("explain", "T-003", "--json").stdout)["then"] if one["what"] == "effect"
    ]
    assert effects == ["issue_credit"]
    assert (approved.exit_code, cx("verify").exit_code) == (0, 0), approved.output


# ---- drafts, review, explain, verify --------------------------------------------------------------------------------


def test_drafts_are_sorted_by_time_and_stake(after_demo: Command) -> None:
    """`drafts --json` gives one object a line with the keys of the contract, the least time first."""
    found = rows(after_demo("drafts", "--json").stdout)
    assert [row["deadline"] for row in found] == sorted(row["deadline"] for row in found)
    assert list(found[0]) == [
        *("draft_id", "ticket_id", "account_id", "account", "deadline", "required_role", "four_eyes", "stake"),
        *("assignee", "held_by", "why", "reply", "actions"),
    ]
    shown = after_demo("drafts").stdout
    assert all(row["draft_id"] in shown and row["account"] in shown for row in found)
    assert f"cxagent review {found[0]['draft_id']} approve" in shown


def test_no_drafts_is_a_sentence(cx: Command) -> None:
    """With nothing to do there is a sentence for people and no line for programs."""
    assert cx("drafts").stdout == "Nothing waits for a reviewer.\n"
    assert cx("drafts", "--json").stdout == ""


@pytest.fixture
def waiting(home: Path, cx: Command) -> str:
    """A credit of USD 40 to a mid account that waits for a reviewer."""
    with clock.frozen(DAY):
        result = cx("run", written(home, *tickets(home, "T-006")), "--json")
    return str(rows(result.stdout)[0]["draft_id"])


def review(cx: Command, *words: str) -> Result:
    """Review on the day of the sample world."""
    with clock.frozen(DAY + MINUTE):
        return cx("review", *words)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["approve", "--as", "Nobody"], 2, "nobody the playbook knows"),
        (["approve", "--reply", "Hello"], 2, "--reply: goes with edit or respond"),
        (["reject", "--args", "{}"], 2, "--args: goes with edit"),
        (["edit"], 2, "an edit needs --reply or --args"),
        (["respond"], 2, "to respond, give the text with --reply"),
        (["edit", "--args", "{"], 2, "--args: is not JSON"),
        (["edit", "--args", '{"amount": NaN}'], 2, "--args: is not JSON: NaN is no number"),
        (["edit", "--args", "7"], 2, "--args: is neither a list of actions nor an object"),
        (["edit", "--args", '[{"tol": "x"}]'], 2, "--args: 0: tool: Field required"),
        (["reject", "--reason", "mood"], 2, "reasons are wrong_facts"),
        (["edit", "--args", '{"amount": "900"}'], 1, "not within your authority"),
    ],
)
def test_a_refused_review_leaves_the_draft(cx: Command, waiting: str, words: list[str], code: int, said: str) -> None:
    """What a person may not do, or did not say clearly, is a sentence; the draft still waits."""
    result = review(cx, waiting, *words)
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr
    assert [row["draft_id"] for row in rows(cx("drafts", "--json").stdout)] == [waiting]


@pytest.mark.parametrize(
    "args", ['{"amount": 25.50}', '{"tool": "issue_credit", "args": ALL}', '[{"tool": "issue_credit", "args": ALL}]']
)
def test_edited_arguments_come_in_three_forms(cx: Command, waiting: str, args: str) -> None:
    """The changed arguments alone, one action, or the list of actions: the effect carries what the person wrote."""
    proposed = rows(cx("drafts", "--json").stdout)[0]["actions"][0]["args"]
    text = args.replace("ALL", json.dumps({**proposed, "amount": "25.50"}))
    reply = "We have added a credit of USD 25.50 to your account."
    result = review(cx, waiting, "edit", "--args", text, "--reply", reply, "--json")
    assert result.exit_code == 0, result.stderr
    assert rows(result.stdout)[0]["status"] == "done"
    told = json.loads(cx("explain", rows(result.stdout)[0]["ticket_id"], "--json").stdout)
    assert told["proposal"]["parts"][0]["actions"][0]["args"]["amount"] == "25.50"


def test_the_second_reviewer_is_told_who_was_first(cx: Command, waiting: str) -> None:
    """One draft has one verdict; the loser gets a sentence and exit 1."""
    assert review(cx, waiting, "reject", "--as", "priya nair", "--reason", "tone_or_brand", "--json").exit_code == 0
    late = review(cx, waiting, "approve")
    assert (late.exit_code, late.stderr) == (1, "cxagent: Priya Nair was first: reject at 2026-11-21T09:32:00Z\n")


def test_changed_facts_open_the_draft_anew(home: Path, cx: Command, waiting: str) -> None:
    """What was approved on other facts is not sent: the person is told, and under which id it waits now."""
    edit("tools/world/accounts/ACC-201.json", '"health": 81', '"health": 80')(home)
    result = review(cx, waiting, "approve")
    (again,) = rows(cx("drafts", "--json").stdout)
    assert again["draft_id"] != waiting
    assert f"it waits again as {again['draft_id']}" in result.stderr


def test_a_draft_of_the_demo_is_decided_on_its_own_day(home: Path, cx: Command) -> None:
    """Long after the demo its drafts can still be approved: the sample world stands still."""
    draft = of(cx("demo", "--json"), "T-002")["draft_id"]
    with clock.frozen(DAY + timedelta(days=400)):
        result = cx("review", draft, "approve", "--json")
    assert rows(result.stdout)[0]["status"] == "done"
    assert "sample world's day" in result.stderr


def test_explain_tells_facts_caps_and_what_then(toured: tuple[Path, Result], after_demo: Command) -> None:
    """Facts come with source and age, caps in words, the counterfactual, and what happened then."""
    line = of(toured[1], "T-002")
    shown = after_demo("explain", line["decision_id"]).stdout
    words = ("renewal_window", "the renewal window were closed", "health", "crm", "0 d", "present")
    assert [word for word in words if word not in shown] == []
    assert f"cxagent review {line['draft_id']} approve" in shown
    told = json.loads(after_demo("explain", of(toured[1], "T-001")["decision_id"], "--json").stdout)
    assert [one["what"] for one in told["then"]] == ["effect", "reply", "outcome"]
    handed = after_demo("explain", "T-013").stdout
    assert "owns it, until" in handed and "no system confirms" in handed


def test_explain_finds_a_decision_by_draft_and_ticket(toured: tuple[Path, Result], after_demo: Command) -> None:
    """A draft, a ticket and the decision itself lead to the same explanation; anything else exits 2."""
    line = of(toured[1], "T-002")
    shown = {after_demo("explain", line[key], "--json").stdout for key in ("decision_id", "draft_id", "ticket_id")}
    assert len(shown) == 1
    assert after_demo("explain", "dec_nothing").exit_code == 2


def test_explain_says_what_was_erased(home: Path, cx: Command) -> None:
    """After an erasure the ruling and its reasons are still told, and the log is still whole."""
    with clock.frozen(DAY):
        cx("run", written(home, *tickets(home, "T-013")))
    with Store(f"sqlite:///{home}/.cxagent/cxagent.sqlite").write() as connection:
        assert personal.erase(connection, ["T-013"])
    shown = cx("explain", "T-013").stdout
    assert "was erased" in shown and "signal_forged_authority" in shown
    assert "vice president" not in cx("explain", "T-013", "--json").stdout
    assert cx("verify").exit_code == 0


def test_verify_tells_where_the_log_was_touched(home: Path, cx: Command) -> None:
    """A whole log exits 0, an altered line exits 1 and is named, and without a log nothing can be said: 3."""
    assert cx("verify").exit_code == 3
    cx("run", written(home, *tickets(home, "T-017")))
    whole = json.loads(cx("verify", "--json").stdout)
    assert (whole["whole"], whole["touched"]) == (True, [])
    store = Store(f"sqlite:///{home}/.cxagent/cxagent.sqlite")
    with store.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER decision_log_no_update")
        connection.execute(chain.LOG.update().where(chain.LOG.c.seq == 1).values(ticket_id="T-0"))
    result = cx("verify", "--json")
    assert result.exit_code == 1
    assert [one["what"] for one in json.loads(result.stdout)["touched"]] == ["altered"]
    assert "altered" in cx("verify").stdout


# ---- stop -----------------------------------------------------------------------------------------------------------


def test_a_stop_holds_before_the_next_ticket(home: Path, cx: Command) -> None:
    """Anybody may stop; tickets then go to a person until somebody whom the playbook knows releases it."""
    assert cx("stop", "all", "--as", "the night watch", "--why", "strange credits").exit_code == 0
    assert "the night watch stopped all: strange credits" in cx("check").stdout
    lines = tickets(home, "T-008", "T-001")
    with clock.frozen(DAY):
        (stopped,) = rows(cx("run", written(home, lines[0]), "--json").stdout)
    assert (stopped["autonomy"], "kill_switch" in stopped["reasons"]) == ("handoff", True)
    assert cx("stop", "all", "--release", "--as", "the night watch").exit_code == 2
    assert cx("stop", "all", "--release", "--as", "Lena Hartmann").exit_code == 0
    with clock.frozen(DAY):
        assert rows(cx("run", written(home, lines[1]), "--json").stdout)[0]["autonomy"] == "act"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["all"], 2, "--as: say who you are"),
        (["all", "--as", "me"], 2, "--why: say why"),
        (["all", "x", "--as", "me", "--why", "y"], 2, "KEY: `all` stops everything"),
        (["tool", "--as", "me", "--why", "y"], 2, "KEY: name the tool"),
        (["tool", "issue_credits", "--as", "me", "--why", "y"], 2, "there is no tool 'issue_credits'"),
        (["channel", "fax", "--as", "me", "--why", "y"], 2, "there is no channel 'fax'"),
        (["tool", "issue_credit", "--release", "--as", "Lena Hartmann"], 1, "is not stopped"),
    ],
)
def test_a_stop_that_would_stop_nothing_is_refused(cx: Command, words: list[str], code: int, said: str) -> None:
    """A misspelt switch must not pass for a pulled one."""
    result = cx("stop", *words)
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr


def test_a_stop_works_without_a_sound_playbook(home: Path, cx: Command) -> None:
    """The switch for everything needs nothing but the database."""
    (home / "graphs/playbook.yaml").write_text("{broken")
    assert cx("stop", "all", "--as", "me", "--why", "the playbook is broken").exit_code == 0


# ---- playbook -------------------------------------------------------------------------------------------------------


def test_playbook_check_proves_or_names_what_it_found(home: Path, cx: Command) -> None:
    """The reference playbook is sound; one that gives a high account more than a mid one is not, and exits 1."""
    sound = json.loads(cx("playbook", "check", "--json").stdout)
    assert (sound["sound"], [one for one in sound["findings"] if one["level"] == "error"]) == (True, [])
    assert sound["cells"] > 1000
    edit(
        "graphs/playbook.yaml",
        "mid: draft, high: draft,   at_risk: handoff}",
        "mid: draft, high: act, at_risk: handoff}",
    )(home)
    result = cx("playbook", "check")
    assert result.exit_code == 1
    assert "error: ceilings.financial" in result.stdout


def test_playbook_show_is_readable_and_json_is_whole(home: Path, cx: Command) -> None:
    """`show` prints tables with every signal and ceiling, `show --json` the whole playbook."""
    shown = cx("playbook", "show").stdout
    assert [
        word for word in ("legal_security", "forged_authority", "Miriam Okafor", "20,000") if word not in shown
    ] == []
    assert json.loads(cx("playbook", "show", "--json").stdout)["version"] == load_playbook(PLAYBOOK).version


def test_playbook_diff_prints_lines_of_meaning(home: Path, cx: Command) -> None:
    """Comments and order are no difference; a changed number is one line with old, new and direction."""
    edit("graphs/playbook.yaml", "# The Financial Playbook", "# A playbook")(home)
    reference = str(PLAYBOOK)
    assert cx("playbook", "diff", reference, "graphs/playbook.yaml").stdout == "The two playbooks say the same.\n"
    edit("graphs/playbook.yaml", "four_eyes_from: 5000", "four_eyes_from: 9000")(home)
    assert rows(cx("playbook", "diff", reference, "graphs/playbook.yaml", "--json").stdout)[0] == [
        {"path": "four_eyes_from", "old": "5000", "new": "9000", "direction": "loosens"}
    ]
    assert "1 lines differ: 1 loosens" in cx("playbook", "diff", reference, "graphs/playbook.yaml").stdout


def test_a_wrong_playbook_names_file_and_field(home: Path, cx: Command) -> None:
    """A playbook that cannot be read exits 2 with file and field."""
    edit("graphs/playbook.yaml", "currency: USD", "currency: dollars")(home)
    result = cx("playbook", "show")
    assert result.exit_code == 2
    assert "playbook.yaml: currency: " in result.stderr


# ---- the screen -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["a\x1b[31mb", "a\x07b", "a\u202eb", "a\u200bb", "a\x9b2Jb", "a\rb"])
def test_a_text_cannot_steer_the_terminal(text: str) -> None:
    """Control and direction characters of a customer's text become spaces."""
    assert plain(text).startswith("a ") and plain(text).endswith("b") and plain(text).isprintable()


def test_brackets_in_a_message_are_text(home: Path, cx: Command) -> None:
    """Markup in a subject is shown as it is, and is no style."""
    edit("tools/world/tickets.jsonl", '"subject": "Cancel our subscription"', '"subject": "[red]Hi[/red]"')(home)
    assert "[red]Hi[/red]" in cx("demo").stdout


@pytest.mark.skipif(os.name == "nt", reason="there is no pseudo-terminal here")
def test_a_bar_only_on_a_terminal(home: Path, cx: Command) -> None:
    """On a terminal `run` draws on standard error; in a pipe it does not."""
    import pty

    file = written(home, *tickets(home, "T-008", "T-017"))
    words = [
        sys.executable,
        "-c",
        "from cxagent.cli import main; main()",
        "run",
        file,
        "--json",
        "--project",
        str(home),
    ]
    ours, theirs = pty.openpty()
    run = subprocess.run(
        words, stdout=subprocess.PIPE, stderr=theirs, text=True, check=True, env={**os.environ, "TERM": "xterm"}
    )
    os.close(theirs)
    drawn = os.read(ours, 100_000).decode()
    os.close(ours)
    assert "tickets" in drawn
    assert len(rows(run.stdout)) == 2
    again = cx("run", file, "--json")
    assert (again.exit_code, again.stderr) == (0, "")
