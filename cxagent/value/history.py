"""History that is loaded, and the running month that is observed: each is kept, valued and added up in one go."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cxagent.ledger import account_months
from cxagent.ledger.store import Connection
from cxagent.playbook import Playbook
from cxagent.value import loading
from cxagent.value.closing import close
from cxagent.value.observing import Observed, counted, observe
from cxagent.value.sensors import Raised

if TYPE_CHECKING:
    from cxagent.project import Project

Told = Callable[[str, int, int | None], None]


class Loaded(NamedTuple):
    """What came of loading history: a sentence, and the alarms that are newly up."""

    said: str
    alarms: tuple[Raised, ...]


def _silent(step: str, done: int, of: int | None) -> None:
    """Tell nobody."""


def load(
    connection: Connection, playbook: Playbook, accounts: Path, people: Path | None, told: Told = _silent
) -> Loaded:
    """Load months of accounts, and of colleagues where there is a file, and close every month that they touch."""
    count, months = loading.load(connection, accounts, playbook.currency, lambda rows: told("reading", rows, None))
    colleagues, theirs = loading.load_people(connection, people) if people else (0, [])
    alarms = close(connection, playbook, sorted({*months, *theirs}), lambda done, of: told("valuing months", done, of))
    also = f" and {colleagues:,} of colleagues" if people else ""
    return Loaded(f"{count:,} rows of accounts{also}, {months[0]} to {months[-1]}, valued and added up", tuple(alarms))


def look(project: "Project", now: datetime, told: Told = _silent) -> Observed:
    """Observe every account that the sources list now, and close the running month.

    The first look of a month closes the one before once more: what happened after its last look belongs to it.
    """
    judge = project.bench.judge
    with judge.store.read() as connection:
        months = account_months.months(connection)
    found = observe(judge, project.sources, now, lambda done, of: told("looking at accounts", done, of))
    late = [] if found.month in months else [month for month in months[-1:] if month < found.month]
    with judge.store.write("value") as connection:
        for month in late:
            account_months.count_more(connection, month, counted(connection, month))
        close(connection, judge.playbook, [*late, found.month])
    return found
