"""Loading: whatever is wrong with a suite, a cost table or a baseline is said in one sentence before anything runs."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cxagent.errors import BadInput
from cxagent.evaluation.plausible import implausible
from cxagent.evaluation.scores.baseline import load_baseline
from cxagent.evaluation.scores.costs import Costs, ErrorCosts, load_costs
from cxagent.evaluation.suite import load_suite, require_known_roles, require_known_tools
from tests.evaluation.marks import AT, TICKET, account

ROOT = Path(__file__).resolve().parents[2]
FOREIGN = ROOT.parent / "shared" / "data" / "scenarios.jsonl"
PYTHON = re.compile(r"Traceback|\w+Error|\w+Exception|<class|InvalidOperation|decimal\.")
HEAD = '{"schema": "cxagent.report/1", '


def raw(id: str = "a", **more: Any) -> dict[str, Any]:
    """Return a case as it is written."""
    document = {
        "schema": "cxagent.case/1",
        "id": id,
        "asof": AT,
        "ticket": {"id": f"T-{id}", **TICKET},
        "account_id": "A",
        "context": {"accounts": [account("A")]},
        "expect": {"autonomy": "draft"},
    }
    return document | more


def line(id: str = "a", **more: Any) -> str:
    """Return a case as a line of a suite."""
    return json.dumps(raw(id, **more))


def wants(autonomy: str = "draft", **more: Any) -> str:
    """Return a line whose label is this."""
    return line(expect={"autonomy": autonomy, **more})


def bounded(limit: object) -> str:
    """Return a line that wants an argument within a limit."""
    return wants(actions=[{"tool": "issue_credit", "args": {"amount": limit}}])


def listed(text: str) -> str:
    """Return a YAML suite of one case with this text below its tags."""
    return "- " + json.dumps(raw())[:-1] + f', "tags": {text}}}\n'


def nested(depth: int) -> str:
    """Return brackets in brackets."""
    return "[" * depth + "]" * depth


def called(args: str) -> str:
    """Return a line whose proposal calls a tool with these arguments, as written."""
    part = {"intent": "how_to", "stance": "fulfil", "actions": [{"tool": "search", "args": {"q": "ARGS"}}]}
    return line(proposal={"parts": [part], "reply": "Here."}).replace('"ARGS"', args)


def written(folder: Path, name: str, text: str) -> Path:
    """Write a file and return its place."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def refusal(read: Callable[[Path], object], file: Path) -> str:
    """Return the sentence with which a file is refused."""
    with pytest.raises(BadInput) as caught:
        read(file)
    said = str(caught.value)
    assert (caught.value.exit_code, "\n" in said, PYTHON.search(said)) == (2, False, None)
    said.encode()
    return said


def suite_of(file: Path) -> object:
    """Read one suite."""
    return load_suite([file])


SUITES = {
    "a reason nobody knows": (wants(reasons={"all_of": ["overdu"]}), r"1: expect\.reasons\.all_of\.0: .*'overdue'"),
    "a reason never to come": (wants(reasons={"none_of": ["x"]}), r"1: expect\.reasons\.none_of\.0: 'x' "),
    "a reason wanted and not": (
        wants(reasons={"all_of": ["overdue"], "none_of": ["overdue"]}),
        r"expect: reasons: 'overdue' stands under all_of and none_of",
    ),
    "a route wanted and unsafe": (wants(never=["draft"]), r"1: expect: never holds 'draft', .*autonomy or accept"),
    "a route accepted and unsafe": (wants(accept=["act"], never=["act"]), r"1: expect: never holds 'act'"),
    "an infinite weight": (line().replace('"id"', '"weight": 1e999, "id"', 1), "1: 1e999 "),
    "an infinite weight as text": (line(weight="inf"), r"1: weight: .*finite"),
    "a weight beyond all traffic": (line(weight=1e308), r"1: weight: .*1,000,000,000"),
    "a weight below all traffic": (line(weight=1e-300), r"1: weight: "),
    "a negative weight": (line(weight=-1), r"1: weight: "),
    "nothing weighs": (f"{line(weight=0)}\n{line('b', weight=0)}", r"nothing weighs anything"),
    "no number": (line().replace('"id"', '"weight": NaN, "id"', 1), "1: NaN "),
    "an endless integer": (line().replace('"id"', f'"weight": {"9" * 5000}, "id"', 1), "1: .*5,000 characters"),
    "a long integer": (called("9" * 400), "1: .*400 characters"),
    "brackets without end": (called(nested(100_000)), "1: is nested too deeply"),
    "brackets in brackets": (called(nested(200)), "1: is nested too deeply"),
    "half a character": (called(r'"\ud800"'), "1: holds half a character"),
    "half a character as a key": (called(r'{"\uDfff": 1}'), "1: holds half a character"),
    "two labels": (line()[:-1] + ', "expect": {"autonomy": "act"}}', "1: the key 'expect' stands twice"),
    "two keys deep inside": (line().replace('"segment"', '"segment": null, "segment"'), "1: the key 'segment' stands"),
    "a bound beyond all numbers": (bounded({"lte": "-9e999999"}), r"1: expect\.actions\.0\.args\.amount: lte: "),
    "a bound that is none": (bounded({"gte": "plenty"}), r"args\.amount: gte: .*plenty"),
    "a bound of nothing": (bounded({"gte": None}), r"args\.amount: gte: "),
    "a bound that is not finite": (bounded({"lte": "inf"}), r"args\.amount: lte: "),
    "a list that is none": (bounded({"one_of": 5}), r"args\.amount: one_of: "),
    "a bound nobody knows": (bounded({"lte": 5, "lt": 6}), r"args\.amount: lt: "),
    "not a case": ("5", "1: "),
}


@pytest.mark.parametrize(("text", "said"), SUITES.values(), ids=SUITES)
def test_a_wrong_line_is_refused_in_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    """A label that cannot be met or understood, and a line that cannot be read, are named with file, line and key."""
    assert re.search(rf"suite\.jsonl.*{said}", refusal(suite_of, written(tmp_path, "suite.jsonl", text)))


WHOLE = f"""- schema: cxagent.case/1
  id: a
  account_id: A
  ticket: {json.dumps({"id": "T-a", **TICKET})}
  context: {{accounts: [{{id: A, name: Ada, crm: {{as_of: null}}}}]}}
  expect: {{autonomy: draft}}
"""
YAMLS = {
    "a key twice": ("- id: a\n  id: b\n", r"s\.yaml:2:3: .*'id' stands twice"),
    "a loop": (f"{listed('&a [*a]')}", "nested too deeply|alias|recursive"),
    "a loop of mappings": ("- &a {id: *a}\n", "recursive"),
    "aliases of aliases": (
        "- [&a [x,x,x,x,x,x,x,x,x,x]"
        + "".join(f", &{new} [{','.join([f'*{old}'] * 10)}]" for old, new in zip("abcdefgh", "bcdefghi", strict=True))
        + "]\n",
        r"s\.yaml:1: holds more than",
    ),
    "no day": ("- asof: 2027-13-45\n", r"s\.yaml:1:9: .*'2027-13-45'"),
    "no time zone": ("- asof: 2027-01-01T00:00:00+99:99\n", r"s\.yaml:1:9: .*2027"),
    "a date as a key": ("- id: a\n  2027-01-01: x\n", r"s\.yaml:1: a key or a value is neither text"),
    "a number as a key": ("- id: a\n  expect: {1: x}\n", r"s\.yaml:1: .*expect\.1: "),
    "a list as a key": ("- ? [a]\n  : b\n", r"s\.yaml:1:5: .*key"),
    "not a number": (listed("[.nan]"), r"s\.yaml:1: NaN "),
    "a set": (listed("!!set {a}"), r"s\.yaml:1: a key or a value is neither text"),
    "a loop of pairs": (listed("&a !!pairs [b: *a]"), "nested too deeply|recursive"),
    "a torn stamp": (listed("[!!timestamp never]"), r"s\.yaml:1:\d+: .*'never'"),
    "no boolean": (listed("[!!bool perhaps]"), r"s\.yaml:1:\d+: .*'perhaps'"),
    "an endless integer": (listed(f"[{'9' * 5000}]"), r"s\.yaml:1:\d+: "),
    "an endless integer in base 16": (listed(f"[0x{'f' * 5000}]"), r"s\.yaml:1:\d+: "),
    "half a character": (listed(r'["\ud800"]'), r"s\.yaml:1:\d+: .*half a character"),
    "brackets without end": (listed(nested(5000)), "nested too deeply"),
    "brackets in brackets": (listed(nested(150)), "nested too deeply"),
    "a control character": ("- id: a\x07\n", "not valid YAML"),
    "a day that no month has": ("# ours\n" + WHOLE + "  asof: 2027-02-30\n", r"s\.yaml:8:9: .*'2027-02-30'"),
    "a day that no month has, as text": (WHOLE + "  asof: '2027-02-30T10:00:00Z'\n", r"s\.yaml:7: asof: .*day value"),
    "a key deep inside": (WHOLE + f"  asof: {AT}\n  tag: [x]\n", r"s\.yaml:8: tag: .*did you mean 'tags' for 'tag'\?$"),
    "a key of an account": (
        WHOLE.replace("crm:", "crn:") + f"  asof: {AT}\n",
        r"s\.yaml:5: .*accounts\.0\.crn: .*'crm' for 'crn'",
    ),
    "two keys": (
        WHOLE.replace("crm:", "crn:").replace("autonomy", "autonmy"),
        r"did you mean 'crm' for 'crn', 'autonomy' for 'autonmy'\?$",
    ),
    "an id used twice": (f"- {line()}\n\n- {line()}\n", r"s\.yaml:3: id: 'a' was used at .*s\.yaml:1"),
    "a word": ("word\n", "a YAML suite is a list"),
    "an empty list": ("[]\n", "the suite is empty"),
}


@pytest.mark.parametrize(("text", "said"), YAMLS.values(), ids=YAMLS)
def test_a_wrong_yaml_is_refused_in_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    """A YAML suite that reads as something else than text, numbers, lists and mappings is refused with its place."""
    assert re.search(said, refusal(suite_of, written(tmp_path, "s.yaml", text)))


def test_a_yaml_suite_may_share_what_its_cases_have_in_common(tmp_path: Path) -> None:
    """Anchors, merge keys and dates without quotes are read; the nearer value counts."""
    text = f"- &a {line('a')}\n- <<: *a\n  id: b\n  asof: 2027-03-09T10:00:00Z\n"
    first, second = load_suite([written(tmp_path, "s.yaml", text)]).cases
    assert (first.id, second.id, second.ticket, second.asof) == ("a", "b", first.ticket, first.asof)


COSTS = "owner: Ada\ncurrency: EUR\nhours_per_review: {hours}\ncost_per_hour: '{hour}'\nerrors: {errors}\n"
ERRORS = "{unsafe: 20, under_escalated: 3, over_review: 1, wrong_content: 1}"
TABLES = {
    "an unsafe act beyond all prices": ({"errors": ERRORS.replace("20", "1e25")}, r"errors\.unsafe: "),
    "a float of it": ({"errors": ERRORS.replace("20", "1.0e+25")}, r"errors\.unsafe: "),
    "an infinite one": ({"errors": ERRORS.replace("20", ".inf")}, r"errors\.unsafe: "),
    "an endless one": ({"errors": ERRORS.replace("20", "9" * 5000)}, r"costs\.yaml:5:\d+: "),
    "a review beyond all prices": ({"errors": ERRORS.replace("3", "1e25")}, r"errors\.under_escalated: "),
    "a review for next to nothing": ({"errors": ERRORS.replace("over_review: 1", "over_review: 1e-300")}, "over_rev"),
    "an endless review": ({"hours": "1e25"}, "hours_per_review: "),
    "an hour beyond all prices": ({"hour": "1" + "0" * 40}, "cost_per_hour: "),
    "brackets without end": ({"errors": nested(5000)}, "nested too deeply"),
    "a loop": ({"errors": "&a {unsafe: *a}"}, "recursive"),
    "a bad date": ({"hours": "2027-13-45"}, r"costs\.yaml:3:19: .*'2027-13-45'"),
}


@pytest.mark.parametrize(("given", "said"), TABLES.values(), ids=TABLES)
def test_a_price_that_nobody_can_mean_is_refused(tmp_path: Path, given: dict[str, str], said: str) -> None:
    """A cost table whose figures no money could hold is refused with its field."""
    text = COSTS.format(**({"hours": "0.25", "hour": "60.00", "errors": ERRORS} | given))
    assert re.search(said, refusal(load_costs, written(tmp_path, "costs.yaml", text)))


def test_the_dearest_table_still_makes_money() -> None:
    """With every figure at its limit the money of a regret can be told."""
    errors = ErrorCosts(unsafe=1_000_000, over_review=0.000001, under_escalated=1_000_000, wrong_content=0)
    dearest = Costs(errors=errors, hours_per_review=1000, cost_per_hour=Decimal(1_000_000))
    told = dearest.money(100 * 2 * errors.unsafe / errors.over_review)
    assert told and told.amount == 2 * 10**23


BASELINES = {
    "brackets without end": (nested(100_000), "is nested too deeply"),
    "brackets in brackets": (HEAD + f'"suite": {nested(200)}, "results": []}}', "is nested too deeply"),
    "an endless integer": (HEAD + f'"results": [{{"trial": {"9" * 5000}}}]}}', "5,000 characters"),
    "a key twice": (HEAD + '"results": [], "results": []}', "the key 'results' stands twice"),
    "half a character": (HEAD + r'"suite": ["\ud800"], "results": []}', "holds half a character"),
    "another form": ('{"schema": "cxagent.case/1", "results": []}', r"schema: .*cxagent\.report/1"),
    "a later form": ('{"schema": "cxagent.report/2", "results": []}', r"schema: .*cxagent\.report/1"),
    "broken in its second line": ('{"results":\n [', r":2:\d+: not valid JSON"),
}


@pytest.mark.parametrize(("text", "said"), BASELINES.values(), ids=BASELINES)
def test_a_wrong_baseline_is_refused_in_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    """A baseline that cannot be read, or is of another form, is refused where it is given."""
    assert re.search(rf"base\.json.*{said}", refusal(load_baseline, written(tmp_path, "base.json", text)))


def test_a_frozen_baseline_says_its_form() -> None:
    """The baseline that is shipped with the suites names its schema, and is read."""
    frozen = ROOT / "evals" / "baseline.json"
    assert json.loads(frozen.read_text(encoding="utf-8"))["schema"] == load_baseline(frozen).schema_


def test_a_folder_means_every_suite_below_it(tmp_path: Path) -> None:
    """Folders in folders and endings in capitals are read in order; tables, cassettes and hidden folders are not."""
    for name in ("b.JSONL", "a/deep/er/c.jsonl", "z/d.Yml", ".git/hidden.jsonl"):
        text = line(name.replace("/", "-"))
        written(tmp_path, name, f"--- [{text}]" if name.endswith("Yml") else text)
    for name in ("costs.yaml", "a/config.YAML"):
        written(tmp_path, name, "owner: Ada\n")
    written(tmp_path, "answers.jsonl", '{"schema": "cxagent.answer/1"}\n')
    assert [one.id for one in load_suite([tmp_path]).cases] == ["a-deep-er-c.jsonl", "b.JSONL", "z-d.Yml"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("b.jsonl", ""),
        ("b.yaml", "[]"),
        ("b.yaml", "- [\n"),
        ("b.yaml", "word"),
        ("b.jsonl", '{"schema": "cxagent.case/2"}'),
        ("b.jsonl", '{"args": {"schema": "cxagent.run/1"}}'),
        ("b/c.jsonl", "{"),
    ],
)
def test_a_folder_skips_no_suite_without_a_word(tmp_path: Path, name: str, text: str) -> None:
    """What may be a suite and holds no case is refused, although other suites of its folder do."""
    written(tmp_path, "a.jsonl", line())
    assert (tmp_path / name).as_posix() in refusal(suite_of, written(tmp_path, name, text).parents[name.count("/")])


def test_every_path_holds_a_case(tmp_path: Path) -> None:
    """A folder without any suite is refused by name, although another one has some."""
    written(tmp_path, "full/a.jsonl", line())
    (tmp_path / "bare").mkdir()
    with pytest.raises(BadInput, match="bare: the suite is empty"):
        load_suite([tmp_path / "full", tmp_path / "bare"])


EDITED = {"verdict": "edit", "edit": {"actions": [{"tool": "issue_credti"}]}}
REVIEWED = {"verdict": "approve", "then": {"actions": [{"tool": "issue_credti"}]}}
NAMES = [
    ({"expect": {"autonomy": "draft", "forbid": ["issue_credit", "issue_credti"]}}, r"expect\.forbid\.1"),
    ({"expect": {"autonomy": "act", "actions": [{"tool": "issue_credti"}]}}, r"expect\.actions\.0\.tool"),
    ({"operator": [{"verdict": "approve"}, EDITED]}, r"operator\.1\.edit\.actions\.0\.tool"),
    ({"operator": [REVIEWED]}, r"operator\.0\.then\.actions\.0\.tool"),
]


@pytest.mark.parametrize(("more", "key"), NAMES)
def test_a_label_names_no_tool_that_nobody_has(tmp_path: Path, more: dict[str, Any], key: str) -> None:
    """A label or a reviewer that names an unknown tool is refused with place, key and the nearest name."""
    suite = load_suite([written(tmp_path, "s.jsonl", "\n" + line(**more))])
    with pytest.raises(BadInput, match=rf"s\.jsonl:2: {key}: .*'issue_credti'.*'issue_credit'"):
        require_known_tools(suite, {"issue_credit", "search"})
    require_known_tools(suite, ["issue_credit", "issue_credti"])


AHEAD = "2027-03-09T10:00:01Z"
KEPT = {"intent": "how_to", "segment": "smb"}
ODD: dict[str, tuple[dict[str, Any], str]] = {
    "received too late": ({"ticket": {"id": "T", **TICKET, "received_at": AHEAD}}, "ticket.received_at is 2027-03-09 "),
    "a fact of tomorrow": (
        {"context": {"accounts": [account("A"), account("B") | {"support": {"as_of": AHEAD}}]}},
        "context.accounts.1.support.as_of is ",
    ),
    "money of tomorrow": (
        {
            "context": {
                "accounts": [
                    account("A")
                    | {
                        "billing": {
                            "as_of": AT,
                            "credits": [{"amount": {"amount": "1.00", "currency": "USD"}, "granted_at": AHEAD}],
                        }
                    }
                ]
            }
        },
        "context.accounts.0.billing.credits.0.granted_at is ",
    ),
    "a verdict of tomorrow": ({"reviews": [KEPT | {"outcome": "agree", "at": AHEAD}]}, "reviews.0.at is "),
    "a latitude of tomorrow": (
        {"latitude": [KEPT | {"cap": "draft", "since": AHEAD, "why": "x"}]},
        "latitude.0.since is ",
    ),
    "an intent nobody has": (
        {"proposal": {"parts": [{"intent": "howto", "stance": "inform"}], "reply": "Here."}},
        "proposal.parts.0.intent: the playbook has no intent 'howto'; did you mean 'how_to'?",
    ),
}


@pytest.mark.parametrize(("more", "said"), ODD.values(), ids=ODD)
def test_what_hardly_anybody_means_is_named_and_runs(tmp_path: Path, more: dict[str, Any], said: str) -> None:
    """A fact from the future and an intent that nobody knows are told with place and id; a plain case is not."""
    suite = load_suite([written(tmp_path, "s.jsonl", f"{line('plain')}\n{line('odd', **more)}\n")])
    (told,) = implausible(suite, {"how_to"})
    assert told.startswith(f"{tmp_path / 's.jsonl'}:2: odd: {said}")


def test_a_proposal_may_name_what_nobody_has(tmp_path: Path) -> None:
    """What a proposal asks for is for the gate to judge."""
    require_known_tools(load_suite([written(tmp_path, "s.jsonl", called('"x"'))]), ())


def test_a_reviewer_has_a_role_that_the_playbook_knows(tmp_path: Path) -> None:
    """A scripted reviewer whom nobody could be is refused before anything runs."""
    steps = [{"verdict": "approve"}, {"verdict": "reject", "role": "aprover"}]
    suite = load_suite([written(tmp_path, "s.jsonl", line(operator=steps))])
    with pytest.raises(BadInput, match=r"s\.jsonl:1: operator\.1\.role: .*'aprover'.*'approver'"):
        require_known_roles(suite, {"reviewer", "approver"})
    require_known_roles(suite, ("reviewer", "aprover"))


@cache
def names() -> tuple[frozenset[str], frozenset[str]]:
    """Return the tools and the roles of the reference project."""
    from cxagent.project import Project

    project = Project.load(ROOT)
    return frozenset(project.tools), frozenset(one.role for one in project.playbook.people)


@pytest.mark.parametrize(("path", "least"), [(ROOT / "evals", 869), (FOREIGN, 500)], ids=["ours", "from outside"])
def test_the_suites_that_are_there_name_nothing_unknown(path: Path, least: int) -> None:
    """Every case of the reference suites, and of a suite from outside, is read and names known tools and roles."""
    if not path.exists():
        pytest.skip("the suite from outside is not beside this checkout")
    suite, (tools, roles) = load_suite([path]), names()
    assert len(suite.cases) >= least
    require_known_tools(suite, tools)
    require_known_roles(suite, roles)
