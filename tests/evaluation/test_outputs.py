"""The outputs: one report, told alike to a terminal, a CI system, a forge and a browser, whatever a ticket says."""

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest

from cxagent.domain.money import Money
from cxagent.domain.vocabulary import ACT, HANDOFF
from cxagent.evaluation.outputs import annotations, junit, markdown, page, screen
from cxagent.evaluation.outputs.sentences import beside_others, costliest, harmless, plain, quickly
from cxagent.evaluation.scores.ablation import Twin, ablation
from cxagent.evaluation.scores.baseline import Baseline
from cxagent.evaluation.scores.costs import Costs
from cxagent.evaluation.scores.pace import Pace
from cxagent.evaluation.scores.report import Report, report
from cxagent.evaluation.trial import Ran, Step, Trial
from tests.evaluation.marks import WHO, case, ran, scored, trial

HOSTILE = (
    '</script></style><script>window.ran=1</script>"><img src=x onerror=window.ran=1>\x1b[2J\u202e|`@org/all` {{7*7}}'
)
COSTS = Costs(owner="Head of Support", cost_per_hour="60.00")
CASES = [case(f"c{number:02}", ("act", "draft", "handoff")[number % 3]) for number in range(30)]
BAD = {"c01": "act", "c00": "draft", "c05": "draft", "c07": None}
PLACES = {one.id: f"evals/a,b.jsonl:{line}" for line, one in enumerate(CASES, start=1)}
TOLD = (Step(kind="audit", said="Company A: low", details=("segment smb",)), Step(kind="reply", said="answered"))


def whole(**more: Any) -> Report:
    """Return a report that has every section: unsafe, unmeasured, a baseline, interceptions, ablation, pace."""
    routes = {one.id: BAD.get(one.id, one.expect.autonomy.value) for one in CASES}
    trials = [trial(id, route, trace=TOLD, confidence=0.9, seconds=0.1) for id, route in routes.items()]
    trials[1] = trials[1].model_copy(update={"actions": (Ran(tool="issue_credit", args={}, position="autonomous"),)})
    before = Baseline.model_validate(ran(CASES).model_dump(mode="json"))
    unaware = [trial(one.id, "act") for one in CASES]
    twins = ablation([Twin(id="c02", fact="billing", required=True, before=HANDOFF, after=ACT)])
    pace = Pace(trials=30, seconds=7.4, processes=2, per_second=78.2, bare_per_second=83.4, overhead=0.07)
    given = {"costs": COSTS, "places": PLACES, "baseline": before, "unaware": unaware, "ablation": twins, "pace": pace}
    return report(["evals"], CASES, trials, "agent 2", "playbook 3", **(given | more))


def hostile() -> tuple[Report, list[Any]]:
    """Return a report in which every free text is hostile, and its cases."""
    sender = WHO | {"name": HOSTILE}
    ticket = {"id": "T", "channel": "email", "received_at": "2027-03-09T10:00:00Z", "sender": sender}
    told = case(HOSTILE, "draft", ticket=ticket | {"subject": HOSTILE, "body": HOSTILE}, tags=[HOSTILE])
    told = told.model_copy(update={"expect": told.expect.model_copy(update={"why": HOSTILE})})
    args = {HOSTILE: HOSTILE, "lone": "\ud800"}
    went = Trial(
        id=HOSTILE,
        autonomy=ACT,
        intent=HOSTILE,
        situation=HOSTILE,
        reply=HOSTILE,
        reasons=(HOSTILE,),
        broken=(HOSTILE,),
        error=HOSTILE,
        actions=(Ran(tool=HOSTILE, args=args, position="autonomous"),),
        trace=(Step(kind="trouble", said=HOSTILE, details=(HOSTILE,)),),
    )
    cases = [told, *CASES]
    trials = [went, *(trial(one.id, one.expect.autonomy.value) for one in CASES)]
    return report([HOSTILE], cases, trials, HOSTILE, HOSTILE, places={HOSTILE: HOSTILE + ":3"}), cases


def parsed(found: Report) -> Element:
    """Return the suite of the JUnit file."""
    suite = fromstring(junit.junit(found)).find("testsuite")
    assert suite is not None
    return suite


def shown(found: Report) -> list[str]:
    """Return the screen as lines."""
    return [line.plain for line in screen.lines(found)]


# ---- JUnit ----------------------------------------------------------------------------------------------------------


def test_junit_counts_are_those_of_its_tests() -> None:
    """A CI system adds up what it reads: every failure and error is counted, each test is there once."""
    suite = parsed(whole())
    names = [(one.get("classname"), one.get("name")) for one in suite.iter("testcase")]
    assert len(names) == len(set(names)) == int(suite.get("tests", 0)) == 31
    assert int(suite.get("failures", 0)) == len(suite.findall("testcase/failure")) == 3
    assert int(suite.get("errors", 0)) == len(suite.findall("testcase/error")) == 1
    assert fromstring(junit.junit(whole())).get("failures") == "3"


@pytest.mark.parametrize(
    ("id", "found"),
    [
        ("c01", "failure unsafe"),
        ("c05", "failure under_escalated"),
        ("c07", "error not_measured"),
        ("c00", "passed, more human than needed"),
        ("c03", "passed"),
    ],
)
def test_junit_tells_danger_from_cost(id: str, found: str) -> None:
    """Unsafe and under-escalated fail, unmeasured is an error, over-review passes and says what it cost."""
    test = next(one for one in parsed(whole()).iter("testcase") if one.get("name") == id)
    trouble = [child for child in test if child.tag in ("failure", "error")]
    said = test.findtext("system-out", "")
    if trouble:
        assert [f"{child.tag} {child.get('type')}" for child in trouble] == [found]
        assert "audit: Company A: low" in (trouble[0].text or "") or id == "c07"
    else:
        assert ("passed, more human than needed" if "more human than needed" in said else "passed") == found


def test_junit_names_file_and_line() -> None:
    """A failing trial leads to its line in the suite."""
    test = next(one for one in parsed(whole()).iter("testcase") if one.get("name") == "c01")
    assert (test.get("classname"), test.get("file"), test.get("line")) == ("evals/a,b.jsonl", "evals/a,b.jsonl", "2")


@pytest.mark.parametrize(
    ("routes", "tag"),
    [({}, None), ({"c00": "draft", **{f"c{n:02}": "draft" for n in range(0, 30, 3)}}, "failure"), (None, "error")],
)
def test_no_red_run_looks_green_in_junit(routes: dict[str, str | None] | None, tag: str | None) -> None:
    """A run below its gate fails in JUnit although every trial only cost time; one without measures is an error."""
    given = dict.fromkeys((one.id for one in CASES), None) if routes is None else routes
    found = ran(CASES, given)
    test = parsed(found).find("testcase")
    assert test is not None
    assert [child.tag for child in test] == ([tag] if tag else [])
    assert {None: "pass", "failure": "fail", "error": "not_measured"}[tag] == found.verdict


def test_junit_properties_carry_the_verdict_and_how_sure_it_is() -> None:
    """Verdict, interval and the bound of the unsafe are properties of the suite."""
    held = {one.get("name"): one.get("value") for one in parsed(whole()).iter("property")}
    found = whole()
    assert held["verdict"] == "fail"
    assert held["unsafe_upper_bound"] == f"{found.unsafe.upper:.1%}"
    assert held["decision_quality_interval"] == f"{found.decision_quality.low:.1%} to {found.decision_quality.high:.1%}"


def test_no_ticket_breaks_the_xml() -> None:
    """What XML cannot hold is replaced, and everything else is read as it was written."""
    found = hostile()[0]
    text = junit.junit(found)
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", text)
    held = {one.get("name"): one.get("value") for one in parsed(found).iter("property")}
    assert held["agent_version"] == HOSTILE.replace("\x1b", "\ufffd")


def test_trials_of_a_case_are_tests_of_their_own() -> None:
    """A reader that ignores a second test of the same name still sees every trial."""
    cases = CASES[:2]
    trials = [trial(one.id, one.expect.autonomy.value, number) for one in cases for number in (1, 2)]
    names = [one.get("name") for one in parsed(scored(cases, trials, tries=2)).iter("testcase")]
    assert names == ["verdict of the run", "c00 (trial 1)", "c00 (trial 2)", "c01 (trial 1)", "c01 (trial 2)"]


# ---- Markdown and annotations ---------------------------------------------------------------------------------------


def test_markdown_says_the_verdict_first_and_names_what_is_unsafe() -> None:
    """The summary begins with the verdict, and has figures, unsafe acts, changes and the costliest by name."""
    text = markdown.markdown(whole())
    assert text.startswith("## ❌ Fail: 30 cases, each tried once\n\n- 1 unsafe: c01\n")
    assert "- `c01`, smb, unknown: ran `issue_credit`." in text
    assert "- Newly wrong (3): `c00`, `c01`, `c05`" in text
    assert "| `c01` | **unsafe** | draft | act | 20 |" in text
    assert text.index("Decided as wanted") < text.index("unsafe act") < text.index("<details>")


def test_every_row_of_a_markdown_table_has_as_many_cells_as_its_head() -> None:
    """No text of a ticket makes a cell of its own."""
    width = 0
    for line in markdown.markdown(hostile()[0]).splitlines():
        if not line.startswith("|"):
            width = 0
            continue
        cells = len(re.findall(r"(?<!\\)\|", line)) - 1
        width = width or cells
        assert cells == width, line


@pytest.mark.parametrize("live", ["<script", "<img", "@org", "\x1b", "\u202e"])
def test_a_ticket_brings_nothing_to_life_in_markdown(live: str) -> None:
    """HTML, mentions and control codes of a ticket are text or gone."""
    assert live not in markdown.markdown(hostile()[0])


def test_annotations_are_the_dearest_with_place_and_level() -> None:
    """The dangerous come first as errors, needless care is a warning, and what cost nothing is not there."""
    lines = annotations.annotations(whole()).splitlines()
    assert [line.partition("::")[2].partition(",line")[0] for line in lines] == [
        *["error file=evals/a%2Cb.jsonl"] * 2,
        "warning file=evals/a%2Cb.jsonl",
    ]
    assert [re.findall(r"line=(\d+),title=([a-z ]+)%3A (\w+)::", line)[0] for line in lines] == [
        ("2", "unsafe", "c01"),
        ("6", "under escalated", "c05"),
        ("1", "over review", "c00"),
    ]
    assert len(annotations.annotations(whole(), 1).splitlines()) == 1
    assert annotations.annotations(ran(CASES)) == ""


def test_a_ticket_cannot_write_a_workflow_command() -> None:
    """A new line in a text does not end the command, and a colon or comma does not end a property."""
    evil = "x\n::set-output name=a::b\r\n%0A, title=y: z"
    told = case("c", "draft").model_copy(update={"id": evil})
    found = report(["s"], [told], [trial(evil, "act")], "a", "p", places={evil: "e.jsonl:1"})
    (line,) = annotations.annotations(found).splitlines()
    head, message = re.fullmatch(r"::error (.*?)::(.*)", line).groups()  # type: ignore[union-attr]
    assert head.startswith("file=e.jsonl,line=1,title=unsafe%3A x %3A%3Aset-output name=a%3A%3Ab %250A%2C title=y%3A z")
    assert "%0AIt costs 20 needless reviews." in message


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("evals/a.jsonl:12", ("evals/a.jsonl", 12)),
        ("C:\\a.jsonl:3", ("C:\\a.jsonl", 3)),
        ("a.jsonl", ("a.jsonl", None)),
        (None, (None, None)),
    ],
)
def test_a_place_is_a_file_and_perhaps_a_line(where: str | None, found: tuple[str | None, int | None]) -> None:
    """Only a number after the last colon is a line."""
    assert annotations.place(where) == found


# ---- the screen -----------------------------------------------------------------------------------------------------


def test_the_screen_is_one_screen() -> None:
    """A full report fits 80 columns and some 40 lines, the verdict first, each figure labelled once."""
    lines = shown(whole())
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith(" FAIL   30 cases, each tried once")
    labels = ["Decided as wanted", "Unsafe alone", "Needless reviews", "Errors cost", "Since the baseline"]
    labels += ["The audit stopped", "With a fact less", "Pace", "Grades", "The costliest"]
    assert [line[:20].strip() for line in lines if line[:20].strip() in labels] == labels


def test_no_text_is_wider_than_the_screen() -> None:
    """A long name is cut, and a wide script counts by the columns that it takes."""
    long = case("\u9577\u3044\u540d\u524d" * 30, "draft")
    lines = [*screen.lines(ran([long, *CASES], {long.id: "act"})), *screen.lines(hostile()[0])]
    assert max(line.cell_len for line in lines) == 80


def test_the_screen_leaves_out_what_a_run_does_not_have() -> None:
    """Without baseline, audit twins and pace their lines are absent, and nothing dear means no list."""
    text = "\n".join(shown(ran(CASES)))
    assert not re.search("baseline|audit|fact less|Pace|costliest", text)


def test_the_screen_claims_nothing_where_nothing_was_measured() -> None:
    """An outage shows no rate at all."""
    text = "\n".join(shown(ran(CASES, dict.fromkeys((one.id for one in CASES), None))))
    assert "nothing was measured" in text
    assert "%" not in text


def test_show_prints_the_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """What is printed is what the lines say."""
    screen.show(whole())
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [one.rstrip() for one in shown(whole())]


def test_no_ticket_steers_the_terminal() -> None:
    """Control and direction codes of a ticket do not reach the terminal."""
    text = "\n".join(shown(hostile()[0]))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert plain("a\x1b[2J\u202eb\nc") == "a b c"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("\x1b[1;31mred\x1b[0m \x9b2Kgone", "red gone"),
        ("\x1b]0;title\x07a \x1b]8;;https://x\x1b\\link\x1b]8;;\x1b\\", "a link"),
        ("\x1b]0;never ended, and still read", "]0;never ended, and still read"),
        ("\x1b(Bsets", "sets"),
        (":\x1b[m:error::x", "::error::x"),
    ],
)
def test_escape_sequences_are_gone_and_what_they_stood_among_is_read(text: str, told: str) -> None:
    """A whole sequence goes; one without an end takes nothing of the text with it."""
    assert plain(text) == told


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("::error::x", ": :error::x"),
        ("      ::add-mask::a", "      : :add-mask::a"),
        ("\u3000::x", "\u3000: :x"),
        ("  ##[error]x", "  # #[error]x"),
        ("a ###[group]b ##vso[task.complete]", "a ## #[group]b # #vso[task.complete]"),
        ("evals/a::b, issue #4 [x], ## title", "evals/a::b, issue #4 [x], ## title"),
    ],
)
def test_a_line_that_a_runner_obeys_is_broken(line: str, told: str) -> None:
    """Only what begins a command changes, and it can still be read."""
    assert harmless(line) == told


@pytest.mark.parametrize("evil", ["::error::owned", "\x1b[0m::error::owned", "##[error]owned", "##vso[x]owned"])
def test_no_case_commands_the_runner_from_the_screen(evil: str) -> None:
    """Whatever a text of a case begins with, and wherever the screen wraps it, no line of it is a command."""
    cases = [case(evil, "draft", expect={"why": evil}), *CASES]
    dull = [case(f"{'w' * width} {evil}", "draft", expect={"why": evil}) for width in range(30, 70)]
    for found in (ran(cases, {evil: "act"}), ran([*dull, *cases], {one.id: "act" for one in dull})):
        lines = shown(found)
        assert any("owned" in line for line in lines)
        assert not [line for line in lines if line.lstrip().startswith("::") or re.search(r"##\w*\[", line)]


def test_a_trial_that_broke_off_was_not_done_alone() -> None:
    """An exception in the graph is unsafe, and every output says that it broke off; what went alone is told apart."""
    crashed = Trial(id="c01", autonomy=None, error="ZeroDivisionError: x")
    trials = [crashed, *(trial(one.id, "act") for one in CASES if one.id != "c01")]
    found = report(["s"], CASES, trials, "a", "p")
    text = "\n".join(shown(found))
    assert "30 that went without a person or broke off; 1 broke off;" in " ".join(text.split())
    assert "unsafe, broke off: c01, wanted draft, got none" in text
    summary = markdown.markdown(found)
    assert "- `c01`, smb, unknown: broke off (ZeroDivisionError: x)." in summary
    assert "- `c02`, smb, unknown: went alone." in summary
    assert "1 broke off |" in summary and "done alone where nobody wanted it, or broke off" in summary
    said = {one.get("name"): one for one in parsed(found).iter("testcase")}
    assert (said["c01"][0].get("message") or "").startswith("unsafe, broke off: wanted draft, got no route")
    assert (said["c02"][0].get("message") or "").startswith("unsafe, done alone where nobody wanted it: ")
    assert "or broke off; 1 broke off." in page.page(found, CASES)
    assert "broke off" not in "\n".join(shown(whole())) + markdown.markdown(whole()) + page.page(whole(), CASES)


def test_every_output_counts_what_was_not_compared() -> None:
    """How many cases the comparison does not speak for, why, and which of them are wrong, is said beside its result."""
    before = Baseline.model_validate(ran(CASES).model_dump(mode="json"))
    now = [*CASES[:27], case("c27", "draft", label_version=2), case("c28", "act"), case("new")]
    found = ran(now, {"c27": "handoff"}, baseline=before.model_copy(update={"suite": ("another",)}))
    assert found.verdict == "pass"
    told = "27 compared, 1 new, 1 with another label, 1 changed, 1 gone"
    for text in ("\n".join(shown(found)), markdown.markdown(found), page.page(found, now), junit.junit(found)):
        assert told in " ".join(text.split())
        assert "ot compared, and wrong" in text and "c27" in text
    assert "- Not compared, and wrong (1): `c27`" in markdown.markdown(found)
    for text in ("\n".join(shown(whole())), markdown.markdown(whole()), page.page(whole(), CASES)):
        assert "29 compared, 1 not measured" in text  # a verdict for another reason does not say it
    assert found.comparison is not None
    assert found.comparison.model_dump(mode="json")["left_out"] == {
        **{"new": 1, "label_changed": 1, "case_changed": 1},
        **{"no_hash": 0, "not_measured": 0, "gone": 1},
    }


def test_the_first_of_what_is_newly_wrong_is_named_on_the_screen() -> None:
    """Who reads a log sees at once which cases broke, the unsafe first, and how many there are more."""
    before = Baseline.model_validate(ran(CASES).model_dump(mode="json"))
    routes = dict.fromkeys(("c00", "c03", "c06", "c09"), "draft") | {"c28": "act"}
    text = " ".join("\n".join(shown(ran(CASES, routes, baseline=before))).split())
    assert "0 newly right, 5 newly wrong: c28, c00, c03 and 2 more" in text
    assert "0 newly right, 0 newly wrong 30 compared" in " ".join("\n".join(shown(ran(CASES, baseline=before))).split())


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({}, True),
        ({"expect": {"reasons": {"all_of": ["fact_missing"]}}}, False),
        ({"tags": ["missing:crm.health"]}, False),
    ],
)
def test_a_case_that_a_missing_fact_capped_unlooked_for_is_named_with_the_facts(
    more: dict[str, Any], named: bool
) -> None:
    """Its route may be right by accident; a label or a tag that says so makes it a case about missing facts."""
    cases = [case("gap", "draft", **more), case("gap-too", "draft", **more), *CASES]
    lacks = {"reasons": ("fact_missing",), "audit": ("missing:crm.health", "missing:support.open_tickets", "stale:crm")}
    trials = [trial("gap", "draft", **lacks), trial("gap-too", "draft", **lacks)]
    trials += [trial(one.id, one.expect.autonomy.value) for one in CASES]
    found, said = report(["s"], cases, trials, "a", "p"), "gap, gap-too without crm.health, support.open_tickets"
    assert set(found.facts_missing) == ({"gap", "gap-too"} if named else set())
    for text in ("\n".join(shown(found)), markdown.markdown(found).replace("\\_", "_"), page.page(found, cases)):
        assert (said in " ".join(text.split())) is named


def test_one_case_is_one_case() -> None:
    """A count of one has its noun in the singular."""
    assert ran(CASES[:1]).because == ("1 case was measured, and 10 are needed",)
    assert ran(CASES[:1], {"c00": None}).because == ("0 of 1 trial was measured",)
    assert " 1 case, each tried once" in shown(ran(CASES[:1]))[0]


def test_the_price_range_reads_as_a_sentence() -> None:
    """The verdict on costs names its policy, its range and where the table stands."""
    stakes = whole().stakes
    assert stakes is not None
    for low, high, said in (
        (0.0, None, "whatever an unsafe act costs"),
        (4.0, None, "while an unsafe act costs more than 4 needless reviews"),
        (0.5, 9.0, "while an unsafe act costs less than 9 needless reviews"),
        (4.0, 9.0, "while an unsafe act costs between 4 and 9 needless reviews"),
    ):
        told = stakes.model_copy(update={"cheapest": "agent", "stands_from": low, "stands_to": high})
        assert beside_others(told) == f"This agent is the cheapest {said} (counted as 20)"


def test_pace_without_enough_trials_claims_no_rate() -> None:
    """Too few trials have a time and no rate."""
    few = Pace(trials=3, seconds=1.0, processes=2, per_second=None, bare_per_second=None, overhead=None)
    assert quickly(few) == "3 trials in 1.0 s"
    assert quickly(whole().pace or few).endswith("78 a second with 2 processes; the graph alone would do 83")


def test_the_costliest_are_sorted_by_cost_and_then_danger() -> None:
    """The dearest come first; what cost nothing is not there, nor is what was not measured."""
    assert [(one.id, one.cost) for one in costliest(whole())] == [("c01", 20.0), ("c05", 3.0), ("c00", 1.0)]


# ---- the page -------------------------------------------------------------------------------------------------------


def test_the_page_stands_alone() -> None:
    """One file, whose policy names its own style and script by hash and lets nothing else run or load."""
    text = page.page(whole(), CASES)
    assert not re.search(r"(src|href)=\"(?!#|data:,)", text)
    assert not re.search(r"\son\w+=|\sstyle=|eval\(|https?://", text)
    policy = re.findall(r'Content-Security-Policy" content="([^"]+)"', text)[0].replace("&#39;", "'")
    assert policy.startswith("default-src 'none'; ")
    for name in ("style", "script"):
        inside = re.findall(f"<{name}>(.*?)</{name}>", text, re.DOTALL)[0]
        digest = b64encode(sha256(inside.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}';" in policy


def test_the_page_shows_every_case_and_section() -> None:
    """Each case is there with its trace, and each section that the run has."""
    text = page.page(whole(), CASES)
    assert text.count('<details class="case"') == len(CASES)
    assert text.count("Company A: low") == len(CASES)
    for id in ("figures", "costliest", "costs", "baseline", "audit", "slices", "checks", "cases"):
        assert f'<section class="figures" id="{id}"' in text or f'<section id="{id}"' in text


def test_the_page_leaves_out_what_a_run_does_not_have() -> None:
    """Sections without data are absent, and so are the links to them."""
    text = page.page(ran(CASES), CASES)
    for id in ("costliest", "baseline", "audit"):
        assert f'id="{id}"' not in text
        assert f'href="#{id}"' not in text


def test_a_hostile_ticket_stays_text() -> None:
    """No tag of a ticket becomes a tag of the page, and no template of it is evaluated."""
    text = page.page(*hostile())
    assert text.count("<script") == text.count("</script") == 1
    assert text.count("<style") == text.count("</style") == 1
    assert "<img" not in text
    assert "{{7*7}}" in text
    assert text.encode("utf-8")


def test_links_lead_to_cases_that_are_there() -> None:
    """Every anchor is unique, and every link inside the page has its target."""
    alike = [case("a b"), case("a/b"), case("a_b")]
    for text in (page.page(whole(), CASES), page.page(ran(alike, {"a b": None}), alike)):
        ids = re.findall(r'\bid="([^"]+)"', text)
        assert len(ids) == len(set(ids))
        assert set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)


def test_a_trial_like_an_earlier_one_is_told_once() -> None:
    """Five equal trials are one story and four short references."""
    one = CASES[0]
    trials = [trial(one.id, "act", number, trace=TOLD) for number in range(1, 6)]
    text = page.page(scored([one], trials, tries=5), [one])
    assert text.count("Went the same way as trial 1") == 4
    assert text.count("Company A: low") == 1


def test_a_policy_that_dwarfs_all_others_is_drawn_cut_short() -> None:
    """The longest bar is cut where it would hide the rest, and only there."""
    cut = page._bars({"agent": 0.5, "always_draft": 1.0, "always_act": 12.0})
    assert [(one.policy, round(one.length), one.cut) for one in cut] == [
        ("agent", 36, False),
        ("always_draft", 71, False),
        ("always_act", 100, True),
    ]
    assert not any(one.cut for one in page._bars({"agent": 0.5, "always_draft": 1.0, "always_act": 2.0}))


def test_slices_come_with_the_surest_trouble_first() -> None:
    """Unsafe slices lead, then those whose whole interval lies low."""
    cases = [case(f"s{n}", segment="smb") for n in range(9)] + [
        case(f"e{n}", "draft", segment="enterprise") for n in "12"
    ]
    routes = {f"s{n}": "handoff" for n in range(9)} | {"e1": "act"}
    held = page._slices(ran(cases, routes).slices)["segment"]
    assert [one.name for one in held] == ["enterprise", "smb"]
    assert [one.name for one in page._slices(ran(cases, {"s1": "draft"}).slices)["segment"]] == ["smb", "enterprise"]


def test_six_hundred_cases_stay_light() -> None:
    """A page over 600 cases with stories is far below 5 MB."""
    cases = [case(f"n{number}") for number in range(600)]
    trials = [trial(one.id, "act", trace=TOLD, reply="Done. " * 20) for one in cases]
    assert len(page.page(scored(cases, trials), cases).encode()) < 2_500_000


def test_the_files_of_the_page_are_packaged() -> None:
    """Every file that a template names lies beside it, where the wheel takes it from."""
    folder = Path(page.__file__).parent
    named = set(re.findall(r'include "([^"]+)"', (folder / "page.html").read_text(encoding="utf-8")))
    assert named and all((folder / name).is_file() for name in (named | {"page.css", "page.js"}))


def test_money_reads_the_same_everywhere() -> None:
    """The price of needless reviews is the same words on the screen, in Markdown and on the page."""
    told = str(Money(amount="15.00", currency="USD"))
    found = whole()
    for text in ("\n".join(shown(found)), markdown.markdown(found), page.page(found, CASES)):
        assert told in text
