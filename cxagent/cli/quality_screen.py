"""What `cxagent quality` shows on a terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cxagent.cli import screen
from cxagent.domain.cell import Level

if TYPE_CHECKING:
    from cxagent.quality.patterns import Pattern
    from cxagent.quality.rates import Matched
    from cxagent.quality.report import CellReport, Quality

SHOWN = 15


def show(found: "Quality", told: "Sequence[Pattern]") -> None:
    """Print the report: the rates, what stands out, the cells, and what changed."""
    page = screen.page()
    page.print(screen.styled("Would people have decided the same?", "bold"))
    page.print(screen.pairs(_rates(found)))
    _sliced(found.segments, "By segment")
    _sliced(found.intents, "By intent")
    _stands_out(told)
    _cells(found.cells)
    _waiting(found)
    _changes(found)


def _rates(found: "Quality") -> list[tuple[str, str]]:
    unsafe, people = found.unsafe, found.reviewers
    grave = f"{unsafe.count} of {unsafe.of} audited; at most {unsafe.upper:.1%} (one-sided 95 % bound)"
    caught = (
        f"{people.caught} of {people.planted}, at least {people.caught_at_least or 0:.0%}: the ladder counts with this"
    )
    pairs = f"{people.agreement or 0:.0%} agree" + (f", AC1 {people.ac1:.2f}" if people.ac1 is not None else "")
    return [
        ("decision match rate", _share(found.match_rate)),
        ("", found.match_rate.method),
        ("drafts sent as they were", _share(found.drafts_as_they_were)),
        ("grave errors alone", grave if unsafe.of else "nothing that went alone was audited yet"),
        ("planted drafts caught", caught if people.planted else "none in a quarter: no cell can go up"),
        ("two people, one decision", f"{pairs} ({people.pairs} pairs)" if people.pairs else "not measured yet"),
    ]


def _share(one: "Matched") -> str:
    if one.value is None:
        return "not measured"
    return f"{one.value:.1%}  [{one.low:.1%}, {one.high:.1%}]  {one.agreed} of {one.n}"


def _sliced(rows: "Sequence[Matched]", title: str) -> None:
    if not rows:
        return
    table = screen.table("", "same decision", "95 % interval", "agreed of audited", title=title)
    for one in sorted(rows, key=lambda row: row.low)[:SHOWN]:
        value = f"{one.value:.1%}" if one.value is not None else "not measured"
        table.add_row(
            screen.styled(_words(one.name)), value, f"{one.low:.1%} to {one.high:.1%}", f"{one.agreed} of {one.n}"
        )
    screen.page().print(table)
    if len(rows) > SHOWN:
        screen.page().print(screen.styled(f"  the {SHOWN} lowest of {len(rows)}; all of them with --json", "dim"))


def _stands_out(told: "Sequence[Pattern]") -> None:
    if not told:
        return
    page = screen.page()
    page.print(screen.styled("Where people disagree more than elsewhere", "bold"))
    for one in told:
        page.print(screen.styled(f"  {one.said}"))
        change = ", ".join(f"{path} to {value}" for path, value in one.change.items())
        page.print(screen.styled(f"    {'a change that would help: ' + change if change else one.advice}", "dim"))


def _cells(cells: "Sequence[CellReport]") -> None:
    page = screen.page()
    if not cells:
        page.print("\nNo cell has a record yet: each stands where the playbook lets it begin.")
        return
    table = screen.table(
        "intent", "segment", "level", "audited", "grave", "loss allowed", "needs about", "why", title="Cells"
    )
    for one in cells:
        level = one.level.word + (" (stopped)" if one.halted else "")
        table.add_row(
            *(screen.styled(_words(text)) for text in (one.intent, one.segment, level)),
            f"{one.agreed} of {one.blind}",
            str(one.grave),
            f"{one.theta:.2%}",
            _needed(one),
            screen.styled(one.reason),
        )
    page.print(table)


def _needed(one: "CellReport") -> str:
    if one.beyond_reach:
        return "out of reach"
    if one.needed is None:
        return "at the top" if one.level == Level.ALONE else "no honest number"
    return f"{one.needed:,} more"


def _waiting(found: "Quality") -> None:
    page = screen.page()
    for row in found.promotions:
        yes = f"{row['first_by']} said yes, a second person must agree" if row["first_by"] else "waits for two people"
        page.print(
            screen.styled(f"earned: {_words(row['intent'])} × {_words(row['segment'])}: {yes} ({row['id']})", "green")
        )
    for row in found.incidents:
        page.print(
            screen.styled(
                f"stopped: {_words(row['intent'])} × {_words(row['segment'])} since {row['at'][:10]} ({row['id']})",
                "red",
            )
        )


def _changes(found: "Quality") -> None:
    if not found.changes:
        return
    table = screen.table("date", "cell", "from", "to", "why", title="What tightened and what loosened")
    for row in found.changes[:SHOWN]:
        cell = f"{_words(row['intent'])} × {_words(row['segment'])}"
        table.add_row(
            *(screen.styled(text) for text in (row["at"][:10], cell, row["before"], row["after"], row["why"]))
        )
    screen.page().print(table)


def _words(name: str) -> str:
    return name.replace("_", " ")
