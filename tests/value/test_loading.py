"""Loading history: every wrong cell is named with its place, and nothing of a file that holds one is kept."""

from pathlib import Path

import pytest

from cxagent import clock
from cxagent.errors import BadInput
from cxagent.ledger import account_months, renewals
from cxagent.ledger.store import MemoryStore, Store
from cxagent.value import history
from cxagent.value.loading import columns
from value.world import NOW, playbook

HEAD = "account_id,month,segment,arr,margin,months_left,health"
GOOD = "A-1,2026-01,smb,6000,0.8,6,70"


def load(store: Store, text: str, folder: Path, people: str | None = None) -> str:
    """Load a file of that text, and one of colleagues."""
    file, others = folder / "months.csv", folder / "people.csv"
    file.write_text(text, encoding="utf-8")
    if people is not None:
        others.write_text(people, encoding="utf-8")
    with clock.frozen(NOW), store.write("value") as connection:
        return history.load(connection, playbook(), file, others if people is not None else None).said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "months.csv:1: has no column account_id"),
        (HEAD, "months.csv: holds no rows"),
        (f"{HEAD},helth\n", "months.csv:1: 'helth' is no column of these files; did you mean health?"),
        (f"{HEAD},health\n", "months.csv:1: names the column health twice"),
        (f"{HEAD}\n{GOOD}\nA-1,2026-13,smb,1,0.5,6,70", "months.csv:3: month: '2026-13' is no month"),
        (f"{HEAD}\nA-1,2026-01,giant,1,0.5,6,70", "months.csv:2: segment: 'giant' is none of"),
        (f"{HEAD}\nA-1,2026-01,smb,lots,0.5,6,70", "months.csv:2: arr: 'lots' is no number"),
        (f"{HEAD}\nA-1,2026-01,smb,nan,0.5,6,70", "months.csv:2: arr: nan is no number"),
        (f"{HEAD}\nA-1,2026-01,smb,1,80,6,70", "months.csv:2: margin: 80 lies outside 0 to 1"),
        (f"{HEAD}\nA-1,2026-01,smb,1,0.5,6,170", "months.csv:2: health: 170 lies outside 0 to 100"),
        (f"{HEAD}\nA-1,2026-01,smb,1,0.5,6", "months.csv:2: has 6 cells, the header has 7"),
        (f"{HEAD}\n,2026-01,smb,1,0.5,6,70", "months.csv:2: account_id: is empty"),
        (f"{HEAD},active\n{GOOD},2", "months.csv:2: active: 2 is neither 0 nor 1"),
        (f"{HEAD},tickets\n{GOOD},1.5", "months.csv:2: tickets: 1.5 is no whole number"),
        (f"{HEAD},currency\n{GOOD},EUR", "months.csv:2: currency: EUR is not the playbook's, USD"),
        (f"{HEAD},renewed\n{GOOD},1", "months.csv:2: renewed needs 0 or 1, and renewal_number"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, said: str, tmp_path: Path) -> None:
    """A wrong header or cell is told with file, line and column, and no row of the file is kept."""
    store = MemoryStore()
    with pytest.raises(BadInput) as wrong:
        load(store, text, tmp_path)
    assert said in str(wrong.value)
    with store.read() as connection:
        assert account_months.months(connection) == []
        assert list(account_months.in_month(connection, "2026-01")) == []


def test_a_file_can_be_loaded_again(database_url: str, tmp_path: Path) -> None:
    """The same month written anew goes over what was there; nothing is counted twice."""
    store = Store.open(database_url)
    load(store, f"{HEAD}\n{GOOD}\n", tmp_path)
    said = load(store, f"{HEAD}\n{GOOD.replace('6000', '9000')}\n", tmp_path, "person,month,pulse\nImke,2026-01,4\n")
    assert "1 rows of accounts and 1 of colleagues, 2026-01 to 2026-01" in said
    with store.read() as connection:
        found = {one.measure: one.value for one in account_months.measured(connection)}
        (kept,) = account_months.in_month(connection, "2026-01")
    assert found["arr"] == 9000 and found["accounts"] == 1 and kept["clv"] > 0
    store.close()


def test_renewals_know_what_was_known_before_them(tmp_path: Path) -> None:
    """A renewal keeps the health of three months before, and nothing of what came after that."""
    lines = [f"A-1,2026-0{month},smb,6000,0.8,6,{90 - 10 * month},," for month in range(1, 6)]
    text = "\n".join([f"{HEAD},renewal_number,renewed", *lines, "A-1,2026-06,smb,6000,0.8,12,10,1,0"])
    store = MemoryStore()
    load(store, text, tmp_path)
    with store.read() as connection:
        (one,) = renewals.of_month(connection, "2026-06")
    assert (one.number, one.renewed, one.health_before) == (1, 0, 60)


def test_an_unknown_cell_is_unknown_and_not_zero(tmp_path: Path) -> None:
    """An account without revenue on file has no value and adds nothing to the sums of revenue."""
    store = MemoryStore()
    load(store, f"{HEAD}\nA-1,2026-01,smb,,0.8,6,\n", tmp_path)
    with store.read() as connection:
        found = {one.measure for one in account_months.measured(connection)}
        (kept,) = account_months.in_month(connection, "2026-01")
    assert "arr" not in found and "clv" not in found and kept["clv"] is None


def test_every_column_has_a_meaning() -> None:
    """What a file may hold can be asked for, each column with a sentence."""
    assert all(meaning for meaning in columns().values()) and "renewed" in columns()
