"""What follows a done call is declared, refused where it contradicts itself, and never more than it says."""

import json
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel
from typer.testing import CliRunner

from cxagent.actions import Call, Checked, Toolbox, action, check_of, checked, undo_of
from cxagent.cli import app
from cxagent.domain.proposal import Action
from cxagent.domain.tool import Tool
from cxagent.errors import BadInput
from cxagent.playbook import load_playbook
from cxagent.project import Project
from cxagent.proposers.model import ModelProposer
from cxagent.scaffold import copy_to
from cxagent.soundness import proof_mark

ROOT = Path(__file__).resolve().parents[1]


def declared(effect: str = "reversible_op", **more: Any) -> Tool:
    """Return the tool `lock_door(door)` under a declaration."""

    @action(**{"effect": effect, "reversible": "yes", **more})
    def lock_door(call: Call, door: str) -> dict[str, str]:
        """Lock a door."""
        return {"door": door}

    tool: Tool = lock_door.tool  # type: ignore[attr-defined]
    return tool


@action(effect="reversible_op", reversible="yes")
def unlock_door(call: Call, door: str) -> None:
    """Unlock a door."""


@action(effect="internal_read", confirms=True)
def try_door(call: Call, door: str) -> dict[str, Any]:
    """Look whether a door is locked."""
    return {"holds": True, "said": f"{door} is locked"}


def boxed(tool: Tool) -> Toolbox:
    """Return a toolbox with the tool and the two that may follow it."""
    box = Toolbox()
    for one in (tool, unlock_door.tool, try_door.tool):  # type: ignore[attr-defined]
        box.add(one)
    return box


def names(tool: str, **args: Any) -> Any:
    """Return what follows a call and is always the same action."""
    return lambda _args, _result: Action(tool=tool, args=args)


# ---- Declarations ----------------------------------------------------------------------------------------------------

CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    ({"undo": names("unlock_door"), "reversible": "no"}, 'lock_door declares an undo and reversible="no"'),
    ({"undo": "unlock_door"}, "the undo of lock_door is 'unlock_door'; it must be a function"),
    ({"check": "try_door"}, "the check of lock_door is 'try_door'; it must be a function"),
    ({"check_after": timedelta(hours=1)}, "lock_door declares check_after, but no check"),
    ({"check": names("try_door"), "check_after": timedelta(hours=-1)}, "the check_after of lock_door is negative"),
    ({"confirms": True}, "lock_door confirms, but it is reversible_op"),
]


@pytest.mark.parametrize(("more", "said"), CONTRADICTIONS)
def test_a_declaration_that_contradicts_itself_is_refused(more: dict[str, Any], said: str) -> None:
    """What is wrong whatever the call is refused, with a sentence, where a project takes the tool in."""
    with pytest.raises(BadInput, match=said):
        Toolbox().add(declared(**more))


@pytest.mark.parametrize("reversible", ["yes", "partial"])
def test_a_declaration_without_contradiction_is_taken_in(reversible: str) -> None:
    """A reversible tool may declare its undo, its check, and when to look."""
    tool = declared(
        reversible=reversible, undo=names("unlock_door"), check=names("try_door"), check_after=timedelta(hours=1)
    )
    assert boxed(tool)["lock_door"] is tool


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A copy of the reference deployment in which a refund declares an undo, though none of its kind comes back."""
    copy_to(tmp_path)
    billing = tmp_path / "tools" / "billing.py"
    text, refund = billing.read_text(encoding="utf-8"), '    kind=("refund",),\n'
    assert refund in text
    billing.write_text(text.replace(refund, f"{refund}    undo=as_before,\n"), encoding="utf-8")
    return tmp_path


REFUSED = 'issue_refund declares an undo and reversible="no"; one of the two is wrong'


def test_a_project_with_a_contradiction_does_not_start(broken: Path) -> None:
    """The tools of a project are refused as soon as they are needed."""
    with pytest.raises(BadInput, match=REFUSED):
        _ = Project(broken).tools


def test_check_tells_the_contradiction(broken: Path) -> None:
    """`cxagent check` shows the sentence in the line of the tools and exits with 1."""
    result = CliRunner().invoke(app, ["check", "--json", "--project", str(broken)])
    lines = json.loads(result.stdout)["checks"]
    assert result.exit_code == 1
    assert [one["said"] for one in lines if one["name"] == "tools"] == [REFUSED]


def test_a_model_is_offered_no_tool_that_only_confirms() -> None:
    """What looks whether an effect held runs after effects and is nothing to propose."""
    box = boxed(declared())
    assert set(box) - set(box.offered) == {"try_door"}


def test_the_model_of_a_project_reads_of_no_tool_that_only_confirms(monkeypatch: pytest.MonkeyPatch) -> None:
    """The instructions of a configured model are those that come of the offered tools alone."""
    model = FakeListChatModel(responses=["nothing"])
    monkeypatch.setitem(sys.modules, "langchain.chat_models", SimpleNamespace(init_chat_model=lambda *_, **__: model))
    project = Project(ROOT)
    project.config = project.config.model_copy(update={"model": "acme:large"})
    versions = [
        ModelProposer(model, project.guidance, tools, name="model acme:large").version
        for tools in (project.tools.offered, project.tools)
    ]
    assert versions[0] != versions[1]
    assert isinstance(project.proposers[0], ModelProposer)
    assert project.proposers[0].version == versions[0]


def test_a_proof_outlives_its_process() -> None:
    """The mark of a proof holds no function's address, which differs in every process: one proof is made once."""
    playbook = load_playbook(ROOT / "graphs" / "playbook.yaml")
    boxes = [boxed(declared(undo=names("unlock_door"), check=names("try_door"))) for _ in range(2)]
    assert boxes[0]["lock_door"].undo is not boxes[1]["lock_door"].undo
    assert proof_mark(playbook, boxes[0]) == proof_mark(playbook, boxes[1])


# ---- Calls -----------------------------------------------------------------------------------------------------------


def lost(args: Any, result: Any) -> Action:
    """Read what the result does not hold."""
    return Action(tool="unlock_door", args={"door": result["room"]})


UNSOUND: list[tuple[str, Any, str]] = [
    ("undo", names("open_door"), "the undo of lock_door names 'open_door', a tool that is not declared"),
    ("check", names("open_door"), "the check of lock_door names 'open_door', a tool that is not declared"),
    ("check", names("unlock_door", door="A"), "the check of lock_door names unlock_door, which is reversible_op"),
    ("undo", names("unlock_door", window="A"), "the undo of lock_door calls unlock_door with unfit arguments: .*door"),
    ("undo", lost, "the undo of lock_door cannot be told: KeyError: 'room'"),
    ("undo", lambda args, result: "unlock_door", "the undo of lock_door returned str, which is no Action"),
]


@pytest.mark.parametrize(("what", "following", "said"), UNSOUND)
def test_what_cannot_follow_is_refused(what: str, following: Any, said: str) -> None:
    """An undo or a check that could not run, or a check that could do more than look, is refused with a sentence."""
    tool = declared(**{what: following})
    follow = {"undo": undo_of, "check": check_of}[what]
    with pytest.raises(BadInput, match=said):
        follow(tool, boxed(tool), {"door": "A"}, {"door": "A"})


def test_what_follows_is_told_the_arguments_and_the_result() -> None:
    """Both are told what was called and what came of it, and return an action for another tool."""
    tool = declared(
        undo=lambda args, result: Action(tool="unlock_door", args={"door": args["door"]}),
        check=lambda args, result: Action(tool="try_door", args={"door": result["number"]}),
    )
    told: tuple[Any, ...] = (tool, boxed(tool), {"door": "A"}, {"number": "7"})
    assert undo_of(*told) == Action(tool="unlock_door", args={"door": "A"})
    assert check_of(*told) == Action(tool="try_door", args={"door": "7"})


@pytest.mark.parametrize("follow", [undo_of, check_of])
@pytest.mark.parametrize("following", [None, lambda args, result: None])
def test_nothing_follows_where_nothing_is_declared_or_told(follow: Any, following: Any) -> None:
    """A tool may declare nothing, and a function may find nothing honest for this one call."""
    tool = declared(undo=following, check=following)
    assert follow(tool, boxed(tool), {"door": "A"}, {"door": "A"}) is None


@pytest.mark.parametrize("holds", [True, False])
def test_the_answer_of_a_check_is_read(holds: bool) -> None:
    """A check says whether the effect holds, a sentence, and whatever else it likes."""
    told = {"holds": holds, "said": "looked", "at": "2026-11-21"}
    assert checked(Action(tool="try_door"), told) == Checked(holds=holds, said="looked")


@pytest.mark.parametrize(
    "answer", [None, "yes", True, {}, {"holds": True}, {"holds": "yes", "said": "x"}, {"holds": 1, "said": "x"}]
)
def test_an_unclear_answer_is_no_yes(answer: Any) -> None:
    """A check that does not plainly say whether the effect holds is refused."""
    with pytest.raises(BadInput, match=r"^try_door did not tell whether the effect holds"):
        checked(Action(tool="try_door"), json.loads(json.dumps(answer)))
