"""Observing accounts: the sources as they are now become the running month, and no failing source loses anybody."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from cxagent import clock
from cxagent.domain.account import Account, Fault
from cxagent.domain.vocabulary import SourceName
from cxagent.ledger import account_months, renewals
from cxagent.project import Extensions, Project
from cxagent.sources.seam import HeldSource
from cxagent.value import history

ROOT = Path(__file__).resolve().parents[2]
OCTOBER, NOVEMBER = (datetime(2026, month, 9, 12, tzinfo=UTC) for month in (10, 11))


def document(account_id: str = "A-1", renewal: str = "2026-11-05", arr: str = "6000.00", **crm: Any) -> Account:
    """Return an account in its second term, of which the sources know the usual things."""
    as_of = "2026-10-01T00:00:00Z"
    told = {"as_of": as_of, "segment": "smb", "arr": {"amount": arr, "currency": "USD"}, "gross_margin": "0.8"}
    signed = {"as_of": as_of, "start_date": f"{int(renewal[:4]) - 2}{renewal[4:]}", "renewal_date": renewal}
    return Account.model_validate(
        {"id": account_id, "name": account_id, "crm": {**told, "health": 70, **crm}, "contract": signed}
    )


class World:
    """A project over sources that change from look to look."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CXAGENT_DATABASE_URL", f"sqlite:///{folder / 'ledger.sqlite'}")
        self.store = Project(ROOT).store

    def look(self, accounts: Iterable[Account], at: datetime, source: Any = None) -> Any:
        """Observe these accounts at a moment."""
        project = Project(ROOT, Extensions(sources=(source or HeldSource(accounts),)))
        with clock.frozen(at):
            return history.look(project, at)

    def months(self, account_id: str = "A-1") -> dict[str, Any]:
        """Return what is on record of an account, by month."""
        with self.store.read() as connection:
            return {row.month: row for row in account_months.of_account(connection, account_id)}

    def renewed(self, month: str) -> list[tuple[str, int, int]]:
        """Return the renewals of a month: account, number, whether renewed."""
        with self.store.read() as connection:
            return [(row.account_id, row.number, row.renewed) for row in renewals.of_month(connection, month)]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Return a project with an empty ledger."""
    return World(tmp_path, monkeypatch)


def test_what_the_sources_say_becomes_the_month(world: World) -> None:
    """An account's row holds what its sources say, valued at once; looking again writes it anew."""
    world.look([document()], OCTOBER)
    world.look([document(arr="9000.00")], OCTOBER)
    (row,) = world.months().values()
    assert (row.segment, row.arr, row.health, row.next_renewal) == ("smb", 9000, 70, 2)
    assert row.clv > 0 and row.expansion is None and row.cost_to_serve is None


def test_a_higher_number_of_the_next_renewal_is_a_renewal(world: World) -> None:
    """A signed renewal shows as the next one: it is noted once, with the revenue before and after."""
    world.look([document()], OCTOBER)
    for _ in range(2):
        world.look([document(renewal="2027-11-05", arr="7000.00")], NOVEMBER)
    assert world.renewed("2026-11") == []  # the second term began a year later too: the document says so
    late = document(renewal="2027-11-05", arr="7000.00")
    assert late.contract is not None
    begun = late.contract.model_copy(update={"start_date": date(2024, 11, 5)})
    late = late.model_copy(update={"contract": begun})
    for _ in range(2):
        world.look([late], NOVEMBER)
    assert world.renewed("2026-11") == [("A-1", 2, 1)]
    assert world.months()["2026-11"].expansion == 1000


def test_who_is_no_longer_listed_has_left_after_the_renewal_date(world: World) -> None:
    """An account that vanishes is lost once its renewal date has passed, also when nobody looked for months."""
    world.look([document("A-1"), document("A-2", renewal="2027-06-05")], OCTOBER)
    told = world.look([], NOVEMBER)
    assert told.left == ("A-1",) and world.renewed("2026-11") == [("A-1", 2, 0)]
    assert world.months()["2026-11"].active == 0 and "2026-11" not in world.months("A-2")
    later = world.look([], datetime(2027, 7, 9, tzinfo=UTC))
    assert later.left == ("A-2",) and world.renewed("2027-07") == [("A-2", 2, 0)]


def test_a_source_that_fails_loses_nobody(world: World) -> None:
    """Where a source lists its accounts and cannot tell of them, none of them counts as lost."""
    world.look([document()], OCTOBER)

    class Failing(HeldSource):
        """Lists its accounts and does not answer for any."""

        def account(self, account_id: str) -> Account | None:
            """Fail."""
            raise TimeoutError

    told = world.look([], NOVEMBER, Failing([document()]))
    assert told.left == () and world.renewed("2026-11") == []


def test_a_failing_look_takes_nothing_back(world: World) -> None:
    """What an earlier look of the month found stays where a later one gets no answer for that section."""
    world.look([document()], OCTOBER)
    fault = Fault(source=SourceName.CRM, error="timeout")
    world.look([], OCTOBER, HeldSource([document(arr="9000.00")], [fault]))
    assert world.months()["2026-10"].arr == 6000 and world.months()["2026-10"].segment == "smb"


def test_a_source_that_cannot_list_is_told(world: World) -> None:
    """Where a source answers only for one account at a time, those on record are observed, and it is said."""

    class Mute:
        """Answers for accounts, and lists none."""

        instant, name = True, "one by one"
        sections = HeldSource.sections

        def accounts_of(self, email: str) -> tuple[str, ...]:
            """Know nobody."""
            return ()

        def account(self, account_id: str) -> Account | None:
            """Know one account."""
            return document() if account_id == "A-1" else None

        def family(self, account_id: str) -> tuple[str, ...]:
            """Know no family."""
            return ()

        def mismatches(self, account_id: str) -> tuple[()]:
            """Know no contradiction."""
            return ()

        def health(self) -> str:
            """Be well."""
            return "well"

    told = world.look([], OCTOBER, Mute())
    assert told.accounts == 0 and "cannot list its accounts" in told.gaps[0]
