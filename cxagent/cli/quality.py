"""`cxagent quality`: how well the machine decides; `quality simulate`: the ladder against a simulated agent."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cxagent.cli.options import HERE, AsJson, Home
from cxagent.cli.screen import page, print_json, styled, table, talk

if TYPE_CHECKING:
    from collections.abc import Callable

    from cxagent.quality.simulate import Setting
    from cxagent.quality.simulated import Simulated, Spread

OTHERS = "What else is assumed"

group = typer.Typer(help="How well the machine decides, and what it may therefore do alone.")


def register(parent: typer.Typer) -> None:
    """Add the group of commands."""
    parent.add_typer(group, name="quality")


@group.callback(invoke_without_command=True)
def quality(context: typer.Context, project: Home = HERE, json: AsJson = False) -> None:
    """Print how well the machine decides: match rate, cells, and what tightened or loosened."""
    if context.invoked_subcommand is not None:
        return
    from cxagent import clock
    from cxagent.cli.quality_screen import show
    from cxagent.fingerprint import agent_version
    from cxagent.home import Home as Folder
    from cxagent.quality.patterns import patterns
    from cxagent.quality.report import as_contract, report

    folder, now = Folder(project), clock.now()
    with folder.store.read() as connection:
        book = folder.playbook_on_record(connection)
        found = report(connection, book, agent_version(folder, playbook=book), now)
        told = patterns(connection, book, now)
    if json:
        print_json({**as_contract(found), "patterns": [one.model_dump(mode="json") for one in told]})
    else:
        show(found, told)


def _share(option: str, said: str, panel: str | None = None) -> Any:
    return typer.Option(option, metavar="P", help=said, rich_help_panel=panel)


def _count(option: str, said: str, panel: str | None = None) -> Any:
    return typer.Option(option, metavar="N", help=said, rich_help_panel=panel)


TrueError = Annotated[float, _share("--true-error", "How often the agent is really wrong: 0.05 is 5 %.")]
Cells = Annotated[int, _count("--cells", "How many cells are simulated.")]
Seed = Annotated[int, _count("--seed", "The seed of all chance; the same seed gives the same figures.")]
Theta = Annotated[float, _share("--theta", "The loss that a cell may have when it acts alone.")]
Alpha = Annotated[float, _share("--alpha", "The risk that a cell that is worse is ever promoted.")]
Reviews = Annotated[int, _count("--reviews", "How many reviews a cell gets.")]
Delay = Annotated[float, _count("--delay", "After how many decisions a verdict comes, on average.", OTHERS)]
ErrorDelay = Annotated[
    float | None, _count("--error-delay", "The same for verdicts that disagree; by default as for all.", OTHERS)
]
Sensitivity = Annotated[float, _share("--sensitivity", "The share of errors that reviewers see.", OTHERS)]
Planted = Annotated[
    int, _count("--planted", "How many planted errors show what reviewers see, where they do not see all.", OTHERS)
]
Critical = Annotated[float, _share("--critical-share", "The share of errors that stop a cell at once.", OTHERS)]
ShiftTo = Annotated[float | None, _share("--shift-to", "The true error rate after the shift.", OTHERS)]
ShiftAfter = Annotated[int | None, _count("--shift-after", "After how many decisions the rate shifts.", OTHERS)]


@group.command()
def simulate(
    true_error: TrueError,
    cells: Cells = 200,
    seed: Seed = 1,
    theta: Theta = 0.05,
    alpha: Alpha = 0.05,
    reviews: Reviews = 2000,
    delay: Delay = 0.0,
    error_delay: ErrorDelay = None,
    sensitivity: Sensitivity = 1.0,
    planted: Planted = 40,
    critical_share: Critical = 0.0,
    shift_to: ShiftTo = None,
    shift_after: ShiftAfter = None,
    project: Home = HERE,  # every command takes it; nothing of a project is read here
    json: AsJson = False,
) -> None:
    """Set the ladder against a simulated agent whose true error rate you choose, beside the rule "last 20 fine".

    Every cell begins at drafts. The real test promotes it and the real detector demotes it; people confirm at once.
    """
    from cxagent.quality.simulate import Setting

    of = {"theta": theta, "alpha": alpha, "reviews": reviews, "delay": delay, "error_delay": error_delay}
    people = {"sensitivity": sensitivity, "planted": planted, "critical_share": critical_share}
    shift = {"shift_to": shift_to, "shift_after": shift_after}
    setting = Setting(true_error=true_error, cells=cells, seed=seed, **of, **people, **shift)  # type: ignore[arg-type]
    found = _simulated(setting)
    if json:
        print_json(found.model_dump(mode="json"))
    else:
        _show(setting, found)


def _simulated(setting: "Setting") -> "Simulated":
    from cxagent.quality.simulate import Life, lives
    from cxagent.quality.simulated import simulated

    done: list[Life] = []
    with _progress(setting.cells) as advance:
        for life in lives(setting):
            done.append(life)
            advance()
    return simulated(setting, done)


@contextmanager
def _progress(cells: int) -> "Iterator[Callable[[], None]]":
    """Show a bar on a terminal; yield what moves it by one cell."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, redirect_stdout=False) as bar:
        task = bar.add_task("cells", total=cells)
        yield lambda: bar.advance(task)


def _show(setting: "Setting", found: "Simulated") -> None:
    shown = table("", "ladder", "last 20 fine", title=_title(setting))
    low, high = found.promoted_share_between
    ours, theirs = f"{found.promoted_share:.1%} (95 %: {low:.1%} to {high:.1%})", f"{found.promoted_share_naive:.1%}"
    since = "the promotion" if setting.shift_to is None else "the shift"
    rows = (
        ("cells ever promoted", ours, theirs),
        (
            "reviews until then, median and 90 % of them",
            _spread(found.reviews_to_promote),
            _spread(found.reviews_to_promote_naive),
        ),
        (
            f"cells demoted after {since}",
            _percent(found.demoted_share),
            _percent(found.demoted_share_naive),
        ),
        (
            f"reviews from {since} until then",
            _spread(found.reviews_to_demote),
            _spread(found.reviews_to_demote_naive),
        ),
    )
    for row in rows:
        shown.add_row(*map(styled, row))
    if setting.critical_share:
        shown.add_row(*map(styled, ("cells ever stopped by a critical error", f"{found.stopped_share:.1%}", "never")))
    page().print(shown)
    page().print(styled(found.meaning))
    talk("Simulated: this says how the rules behave, and nothing about your customers.")


def _title(setting: "Setting") -> str:
    moves = f", {setting.shift_to:.1%} after {setting.shift_after:,} decisions" if setting.shift_to is not None else ""
    return (
        f"{setting.cells:,} cells, {setting.reviews:,} reviews each, truly wrong in {setting.true_error:.1%}{moves}; "
        f"allowed {setting.theta:.1%} at a risk of {setting.alpha:.1%}, seed {setting.seed}"
    )


def _spread(of: "Spread") -> str:
    return "none" if of.median is None else f"{of.median:,} / {of.p90:,}"


def _percent(share: float | None) -> str:
    return "there were none to demote" if share is None else f"{share:.1%}"
