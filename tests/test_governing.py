"""What a page may do with a playbook: one value in its text, tried out on what was ruled, proven, signed by two."""

import functools
import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from typer.testing import CliRunner

import cxagent.governing
import cxagent.soundness
from cxagent import clock
from cxagent.agent import Agent
from cxagent.cli import app
from cxagent.context import ContextAudit
from cxagent.differences import differences, flat
from cxagent.domain.ticket import Incoming
from cxagent.errors import BadInput, Conflict, Refused
from cxagent.governing import Governing, limits, looser
from cxagent.governing.editing import GOVERNANCE, Signed, changed, plain
from cxagent.governing.limits import typed
from cxagent.governing.restating import restated
from cxagent.governing.trials import Trials
from cxagent.home import DATABASE
from cxagent.ledger import chain, versions
from cxagent.playbook import Playbook, load_playbook, parse_playbook
from cxagent.project import Project
from cxagent.proof import Proof, examine
from cxagent.scaffold import copy_to
from cxagent.testing import TODAY, put

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "graphs" / "playbook.yaml"
TEXT = FILE.read_text(encoding="utf-8")
SIGNED = Signed("2026.11.7", "Priya Nair, approver", "nobody yet", date(2026, 11, 21))
LESS = {"money.per_action.low_clv": "30"}
MORE = {"money.per_action.low_clv": "150"}


@functools.cache
def reference() -> Playbook:
    """Return the reference playbook."""
    return load_playbook(FILE)


def other(changes: Mapping[str, Any]) -> Playbook:
    """Return the reference playbook with dotted places changed."""
    return Playbook.model_validate(put(reference().model_dump(mode="json"), changes))


# ---- one value in the text ------------------------------------------------------------------------------------------


def test_every_limit_can_be_written() -> None:
    """Each line that a page names is changed where it stands, and nothing else: no comment, no order, no other line."""
    known = {one.path: one for one in limits(reference())}
    wanted = {"autonomy": "handoff", "share": "0.25"}
    values = typed(known, {path: wanted.get(one.kind, "7") for path, one in known.items()})
    text = changed(TEXT, values, SIGNED)
    book = parse_playbook(text, "x")
    said = {one.path: one.value for one in limits(book)}
    assert said == {path: values.get(path, known[path].value) for path in known}
    assert (book.version, book.author, book.approver) == SIGNED[:3]
    assert {one.path for one in differences(reference(), book)} == {*values, *GOVERNANCE}
    assert [line.partition("#")[2] for line in text.splitlines()] == [
        line.partition("#")[2] for line in TEXT.splitlines()
    ]


def test_the_columns_stay_in_line() -> None:
    """A longer or a shorter word takes its room from the blanks behind it, and comments stay where they are."""
    text = changed(TEXT, {"ceilings.public_info.mid": "draft", "money.rolling_days": "120"}, SIGNED)
    assert "  public_info:    {low_clv: act,   mid: draft, high: draft,   at_risk: draft}\n" in text
    assert "  rolling_days: 120           # over all contacts" in text


@pytest.mark.parametrize("words", ["Ann, lead", "O'Neil", "yes", "a: b", "- x", "#1", 'say "so"', "Zoë", "", "1.5"])
def test_any_name_is_written_so_that_it_reads_back(words: str) -> None:
    """Whatever a person is called, YAML reads the very same text again, and nothing of it as anything else."""
    import yaml

    assert yaml.safe_load(f"author: {plain(words)}") == {"author": words}


def test_a_shared_value_is_left_to_an_engineer() -> None:
    """Where the file shares one value between two lines, changing one of them is refused by name."""
    shared = TEXT.replace("  rolling:    {low_clv: 250,", "  rolling:    {low_clv: *one,")
    shared = shared.replace("per_action: {low_clv: 100,", "per_action: {low_clv: &one 100,")
    with pytest.raises(BadInput):
        changed(shared, {"money.rolling.low_clv": "300"}, SIGNED)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("money.per_action.low_clv", "lots", "is no amount"),
        ("money.per_action.low_clv", "-1", "is no amount"),
        ("money.per_action.low_clv", "1,000", "without separators"),
        ("money.per_action.low_clv", "NaN", "is no amount"),
        ("money.per_action.low_clv", "1e999", "no figure that anybody means"),
        ("money.per_action.low_clv", "٣", "is no amount"),
        ("money.rolling_days", "1.5", "whole number"),
        ("at_risk.usage_drop", "40", "between 0 and 1"),
        ("ceilings.public_info.mid", "ACT", "none of act"),
        ("people.0.role", "executive", "an engineer changes the file"),
        ("public_fact_exemption", "true", "an engineer changes the file"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(path: str, value: str, said: str) -> None:
    """A value that a page cannot take gets a sentence that names the line."""
    with pytest.raises(BadInput, match=said):
        typed({one.path: one for one in limits(reference())}, {path: value})


def test_the_same_number_is_no_change() -> None:
    """A form that was sent as it came, or with the same number written otherwise, changes nothing."""
    known = {one.path: one for one in limits(reference())}
    assert typed(known, {path: one.value for path, one in known.items()}) == {}
    assert typed(known, {"at_risk.usage_drop": "0.400", "deadline_hours.mid": "4.0"}) == {}


# ---- what gives more ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"money.per_action.low_clv": 30}, []),
        ({"money.per_action.low_clv": 150}, ["money.per_action.low_clv"]),
        ({"ceilings.public_info.mid": "draft", "money.rolling.low_clv": 300}, ["money.rolling.low_clv"]),
        ({"deadline_hours.mid": 9, "acknowledgement": "Thank you."}, []),
        ({"doubt_ceiling": "0.95"}, ["doubt_ceiling"]),
        ({"people": [{"name": "Ann", "role": "executive"}]}, None),
        ({"intents.add_seats.effect": "reversible_op"}, ["intents.add_seats.effect"]),
    ],
)
def test_what_cannot_be_measured_counts_as_more(changes: dict[str, Any], paths: list[str] | None) -> None:
    """One person may only go to a playbook that gives nothing more on any line; who may sign is such a line too."""
    found = [one.path for one in looser(reference(), other(changes))]
    assert found == paths if paths is not None else found


# ---- on what was ruled ----------------------------------------------------------------------------------------------


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make each proof once: who signed a playbook and when plays no part in it."""
    monkeypatch.setattr(cxagent.governing, "examine", proven)
    monkeypatch.setattr(cxagent.soundness, "examine", proven)


PROOFS: dict[str, Proof] = {}


def proven(book: Playbook, tools: Any, today: Any = None, **rules: Any) -> Proof:
    """Return the proof of a playbook; the real one, made once for the same limits."""
    key = json.dumps({path: str(one) for path, one in flat(book).items() if path not in GOVERNANCE})
    if key not in PROOFS:
        PROOFS[key] = examine(book, tools, today, **rules)
    return PROOFS[key]


SAMPLES = [json.loads(line) for line in (ROOT / "tools" / "world" / "tickets.jsonl").read_text("utf-8").splitlines()]
WHO, SECOND, THIRD = "Priya Nair", "Samuel Costa", "Ruth Adeyemi"


@pytest.fixture
def home(tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the reference deployment with a ledger of its own, on the day of its sample accounts."""
    monkeypatch.delenv(DATABASE, raising=False)
    copy_to(tmp_path / "home")
    with clock.frozen(TODAY):
        yield tmp_path / "home"


@pytest.fixture
def agent(home: Path) -> Iterator[Agent]:
    """The agent of that deployment."""
    agent = Agent.open(home)
    yield agent
    agent.close()


def take(agent: Agent, *ids: str) -> list[dict[str, Any]]:
    """Work some sample tickets, by default all of them, and return their result lines."""
    lines = [one for one in SAMPLES if not ids or one["ticket"]["id"] in ids]
    return [agent.run(Incoming.model_validate(one)) for one in lines]


def test_standing_under_the_same_limits_is_the_standing_on_record(agent: Agent) -> None:
    """Restated under the very playbook of its day, every sample ticket's audit deciding facts are as on record."""
    lines = take(agent)
    with agent.store.read() as connection:
        for line in lines:
            entry = chain.entry(connection, line["decision_id"])
            assert entry is not None
            found = ContextAudit.model_validate(entry["personal"]["audit"])
            assert restated(found, agent.project.in_force) == found


def test_a_dry_run_of_the_same_limits_moves_nothing(agent: Agent) -> None:
    """The same limits give every ticket the route on record, and no money or hour more."""
    lines = take(agent)
    run = Governing(agent.project).dry_run(agent.project.in_force)
    routes = [line["autonomy"] for line in lines]
    assert run.before.model_dump() == {name: routes.count(name) for name in ("act", "draft", "handoff")}
    assert (run.tickets, run.looked_at, run.unread) == (len(lines), len(lines), 0)
    assert (run.after, run.moved, run.money_after, run.hours_after) == (
        (run.before, (), run.money_before, run.hours_before)
    )


def test_a_dry_run_names_what_would_move(agent: Agent) -> None:
    """A lower limit brings the one credit that was given alone to a person: route, money, hours, and which it was."""
    take(agent)
    governing = Governing(agent.project)
    run = governing.dry_run(governing.change(LESS, WHO).playbook)
    assert [(one.ticket_id, one.old, one.new, one.gives) for one in run.moved] == [
        ("T-003", "act", "draft", "USD 40.00")
    ]
    assert "the limit alone is USD 30" in run.moved[0].why
    assert (str(run.money_before), str(run.money_after)) == ("USD 40.00", "USD 0.00")
    assert (run.after.draft - run.before.draft, run.minutes) == (1, "6")
    assert "Helena Brandt" in run.minutes_from


def test_a_dry_run_that_is_cut_says_so(agent: Agent) -> None:
    """Of more tickets than it may look at it takes every n-th; those of earlier days are left out."""
    lines = take(agent)
    governing = Governing(agent.project)
    run = governing.dry_run(agent.project.in_force, most=5)
    assert (run.tickets, run.looked_at) == (len(lines), 5)
    with clock.frozen(TODAY + timedelta(days=31)):
        assert governing.dry_run(agent.project.in_force).tickets == 0


def test_an_erased_ticket_is_counted_as_unread(agent: Agent) -> None:
    """Of a ticket whose words were erased nothing is ruled on again, and the figure says how many those were."""
    take(agent, "T-001", "T-003")
    agent.erase(SAMPLES[[one["ticket"]["id"] for one in SAMPLES].index("T-003")]["ticket"]["sender"]["email"])
    run = Governing(agent.project).dry_run(agent.project.in_force)
    assert (run.tickets, run.looked_at, run.unread) == (2, 1, 1)


# ---- two people, and what is in force -------------------------------------------------------------------------------


def put_in_force(project: Project, changes: dict[str, str], note: str = "a reason") -> str:
    """Have one person propose a change and another approve it; return the version's id."""
    governing = Governing(project)
    version = governing.propose(governing.change(changes, WHO), WHO, note)
    governing.approve(version, SECOND)
    return version


def test_the_file_alone_changes_nothing(agent: Agent) -> None:
    """In a project whose ledger knows only the file, the file rules, and the decision log has no line about it."""
    assert agent.project.in_force == agent.project.playbook
    with agent.store.read() as connection:
        assert versions.newest(connection) == 1
        assert connection.execute(chain.LOG.select()).all() == []


def test_a_running_agent_goes_over_before_the_next_ticket(agent: Agent) -> None:
    """What acted alone is a draft once the limit was lowered, in the same process and without a restart."""
    (first,) = take(agent, "T-003")
    assert first["autonomy"] == "act"
    put_in_force(agent.project, LESS)
    again = json.loads(json.dumps(SAMPLES[2]).replace("T-003", "T-903"))
    assert again["ticket"]["id"] == "T-903"
    line = agent.run(Incoming.model_validate(again))
    assert (line["autonomy"], "money_per_action" in line["reasons"]) == ("draft", True)
    with agent.store.read() as connection:
        assert chain.body(connection, line["decision_id"])["playbook"] == "2026.11.2"


def test_another_process_goes_over_too(home: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project that opened before the change notices it, and one that opens later begins under it."""
    monkeypatch.setenv(DATABASE, database_url)
    agent, twin = Agent.open(home), Project(home)
    assert twin.in_force.version == "2026.11.1"
    put_in_force(agent.project, LESS)
    late = Project(home)
    assert [one.in_force.version for one in (twin, late)] == ["2026.11.2", "2026.11.2"]
    assert twin.in_force == agent.project.in_force
    agent.close()
    for one in (twin, late):
        one.store.close()


def test_one_playbook_holds_for_one_piece_of_work(agent: Agent) -> None:
    """Inside `one_playbook` nothing changes under a run's feet, and the next one has the new limits."""
    with agent.project.one_playbook():
        put_in_force(agent.project, LESS)
        assert agent.project.in_force.version == "2026.11.1"
    assert agent.project.in_force.version == "2026.11.2"


def test_a_draft_approved_under_the_old_playbook_is_judged_again(agent: Agent) -> None:
    """A draft that waits while a limit changes is not carried out under the old one: it is ruled on anew."""
    (line,) = take(agent, "T-002")
    assert line["autonomy"] == "draft"
    book = agent.project.in_force
    put_in_force(agent.project, LESS)
    after = agent.review(line["draft_id"], "approve", THIRD)
    assert after["status"] in ("waiting", "done", "handed_off")
    with agent.store.read() as connection:
        table = versions.TABLES["authorization"]
        minted = {row.playbook_digest for row in connection.execute(table.select())}
    assert book.digest not in minted
    assert minted <= {agent.project.in_force.digest}


@pytest.mark.parametrize("how", ["forged", "unsound"])
def test_what_is_forged_or_unsound_is_never_worked_under(
    agent: Agent, how: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A row that no line of the log vouches for, or a text that is not proven, leaves the last good one in force."""
    rise = {"ceilings.public_info.high": "act", "ceilings.public_info.mid": "draft"}
    text = changed(TEXT, rise if how == "unsound" else MORE, SIGNED)
    book = parse_playbook(text, "x")
    with agent.store.write(versions.PLAYBOOK) as connection:
        versions.deploy(connection, text, book.digest, "a", "b")
        if how == "forged":
            table = versions.VERSION
            looser_text = changed(TEXT, {"money.per_action.low_clv": "200"}, SIGNED)
            forged = {"text": looser_text, "digest": parse_playbook(looser_text, "x").digest}
            connection.execute(table.update().where(table.c.digest == book.digest).values(**forged))
    assert agent.project.in_force.version == "2026.11.1"
    assert agent.project.in_force.version == "2026.11.1"
    assert len(caplog.records) == 1


def test_a_new_file_comes_into_force_and_an_older_one_does_not(home: Path, agent: Agent) -> None:
    """A file with new content rules from the next opening on; one whose content is known rules no second time."""
    file = home / "graphs" / "playbook.yaml"
    assert agent.project.in_force.version == "2026.11.1"
    file.write_text(TEXT.replace("version: 2026.11.1", "version: 2026.11.9").replace("{low_clv: 100,", "{low_clv: 60,"))
    assert Project(home).in_force.version == "2026.11.9"
    assert agent.project.in_force.version == "2026.11.9"
    file.write_text(TEXT)
    assert Project(home).in_force.version == "2026.11.9"


def test_an_unsound_file_is_not_registered(home: Path, agent: Agent) -> None:
    """A file that is not proven never replaces the playbook in force: its project is not opened."""
    assert agent.project.in_force.version == "2026.11.1"
    broken = "public_info:    {low_clv: draft, mid: act, "
    (home / "graphs" / "playbook.yaml").write_text(TEXT.replace("public_info:    {low_clv: act,   mid: act, ", broken))
    with pytest.raises(BadInput, match=r"ceilings\.public_info"):
        _ = Project(home).bench
    with agent.store.read() as connection:
        assert versions.newest(connection) == 1


def test_who_may_change_the_playbook(agent: Agent) -> None:
    """A reviewer, a stranger and the author are refused; nothing without a reason, a change or a proof is proposed."""
    governing = Governing(agent.project)
    change = governing.change(LESS, WHO)
    for who in ("Lena Hartmann", "Nobody Known"):
        for act in (governing.change, governing.propose):
            with pytest.raises(Refused):
                act(LESS, who) if act == governing.change else governing.propose(change, who, "why")
    with pytest.raises(BadInput, match="why"):
        governing.propose(change, WHO, "  ")
    with pytest.raises(BadInput, match="nothing was changed"):
        governing.change({"money.per_action.low_clv": "100.0"}, WHO)
    with pytest.raises(BadInput, match=r"money\.per_action"):
        governing.propose(governing.change({"money.per_action.mid": "500"}, WHO), WHO, "why")
    version = governing.propose(change, WHO, "why")
    for who in ("Lena Hartmann", WHO, "priya  nair"):
        with pytest.raises(Refused):
            governing.approve(version, who)
    assert governing.version().number == 1


def test_a_form_over_an_older_playbook_is_a_conflict(agent: Agent) -> None:
    """A form that was opened before another change came into force does not undo it silently."""
    governing = Governing(agent.project)
    opened = governing.version().digest
    put_in_force(agent.project, LESS)
    with pytest.raises(Conflict, match="another playbook came into force"):
        governing.change(MORE, WHO, opened)


def test_the_brake_needs_one_person_and_the_way_up_two(agent: Agent) -> None:
    """Back to less is one click of one person; back to more is a proposal that another one must approve."""
    governing = Governing(agent.project)
    put_in_force(agent.project, MORE)
    first = governing.versions()[-1]
    assert governing.roll_back(first.id, WHO).activation == 3
    assert agent.project.in_force == agent.project.playbook
    more = governing.versions()[0]
    back = governing.roll_back(more.id, WHO, "it was fine")
    assert (back.activation, [one.path for one in back.looser]) == (None, ["money.per_action.low_clv"])
    assert agent.project.in_force == agent.project.playbook
    assert back.proposal is not None
    with pytest.raises(Refused):
        governing.approve(back.proposal, WHO)
    governing.approve(back.proposal, SECOND)
    assert [(one.path, one.new) for one in differences(agent.project.playbook, agent.project.in_force)][-1] == (
        ("money.per_action.low_clv", "150")
    )
    assert chain.verify(agent.store)[1] == ()


def test_the_terminal_shows_what_is_in_force(home: Path, agent: Agent) -> None:
    """`playbook show` prints the file, with `--in-force` what rules; both at once is refused."""
    put_in_force(agent.project, LESS)

    def shown(*more: str) -> Any:
        return CliRunner().invoke(app, ["playbook", "show", "--json", "--project", str(home), *more])

    versions_ = [json.loads(shown(*more).stdout)["version"] for more in ((), ("--in-force",))]
    assert versions_ == ["2026.11.1", "2026.11.2"]
    assert shown("graphs/playbook.yaml", "--in-force").exit_code != 0


def test_a_trial_that_takes_long_goes_on_by_itself(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who looks too early is told so; a trial is made once, a later look finds it, and one that failed is made anew."""
    take(agent, "T-003")
    governing, go, begun = Governing(agent.project), Event(), []

    def slowly(book: Playbook) -> Proof:
        begun.append(book)
        go.wait(30)
        if len(begun) == 1:
            raise BadInput("the tools went away")
        return proven(book, agent.project.tools)

    monkeypatch.setattr(governing, "proof", slowly)
    trials, book = Trials(governing), governing.change(LESS, WHO).playbook
    assert [trials.of(book, 0.01), trials.of(book, 0.01)] == [None, None]
    go.set()
    with pytest.raises(BadInput):
        trials.of(book, 30)
    found = trials.of(book, 30)
    assert found is not None
    assert (found.proof.sound, len(found.dry_run.moved), len(begun)) == (True, 1, 2)
    assert trials.of(book, 0.01) is found
