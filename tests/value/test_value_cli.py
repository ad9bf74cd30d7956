"""`cxagent value` on the command line: what goes out, in which form, and how a mistake is told."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cxagent import clock
from cxagent.cli import app
from cxagent.ledger.store import Store
from value.world import MONTH, NOW, ROOT, before, renewal, row, written

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a ledger with three years of a few accounts."""
    url = f"sqlite:///{tmp_path_factory.mktemp('value') / 'ledger.sqlite'}"
    store = Store.open(url, durable=False)
    with clock.frozen(NOW), store.write("value") as connection:
        rows = [row(f"A-{n}", month, health=80.0 - place) for n in range(3) for place, month in enumerate(before(26))]
        written(connection, rows, [renewal(f"A-{n}", MONTH, True) for n in range(3)])
    store.close()
    return url


@pytest.fixture
def run(ledger: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Return the command line over that ledger, on its own day and on a wide terminal."""
    monkeypatch.setenv("CXAGENT_DATABASE_URL", ledger)
    monkeypatch.setenv("COLUMNS", "160")

    def ran(*words: str) -> Result:
        return CliRunner().invoke(app, ["value", *words, "--project", str(ROOT)])

    with clock.frozen(NOW):
        yield ran


def test_the_json_has_the_keys_of_the_contract(run: Run) -> None:
    """`--json` prints one object: the four keys with their metrics, each with series, trend and money or `unpriced`."""
    said = json.loads(run("--json").stdout)
    assert list(said["keys"]) == ["growth", "efficiency", "risk", "trust"] and said["as_of"].startswith("2026-11")
    health = next(one for one in said["keys"]["risk"] if one["name"] == "health")
    assert health["trend"]["verdict"] == "eroding" and health["money"] == "unpriced" and health["owner"]
    assert {point["month"] for point in health["series"]} == set(before(26))


def test_the_csv_has_a_row_for_each_metric_and_month(run: Run) -> None:
    """`--csv` prints a header and long rows; an unknown figure is an empty cell."""
    rows = list(csv.DictReader(io.StringIO(run("--csv").stdout)))
    assert {one["key"] for one in rows} == {"growth", "efficiency", "risk", "trust"}
    known = {one["month"]: one["value"] for one in rows if one["metric"] == "health"}
    assert float(known[MONTH]) == 55.0 and all(one["value"] == "" for one in rows if one["metric"] == "model_cost")


def test_the_screen_shows_all_keys_and_the_unpriced_column(run: Run) -> None:
    """The terminal shows four tables with the unpriced column, and what is not proven is said to be."""
    said = run().stdout
    for part in ("Growth: ", "Efficiency: ", "Risk: ", "Trust: ", "unpriced", "not proven", "eroding"):
        assert part in said, part


def test_an_account_a_person_and_a_what_if_are_told(run: Run) -> None:
    """The commands below show worth with its interval, what hangs on a person, and what a rise would be worth."""
    assert "every renewal rate 5 points lower and higher" in run("account", "A-1").stdout
    assert "expected to renew, without" in run("person", "Imke Solano").stdout
    gain = json.loads(run("what-if", "--retention", "2", "--json").stdout)["gain"]
    assert 0 < gain["low"] < gain["median"] < gain["high"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--segment", "tiny"), "--segment: 'tiny' is no segment"),
        (("account", "A-99"), "A-99: no month of this account is on record"),
        (("person", "Nobody"), "Nobody: holds no account"),
        (("what-if", "--retention", "0"), "--retention: 0 points is no question"),
        (("load", "nowhere.csv"), "nowhere.csv: no such file"),
    ],
)
def test_a_mistake_is_a_sentence(run: Run, words: tuple[str, ...], said: str) -> None:
    """Bad input ends with exit code 2 and one sentence that names what and where."""
    found = run(*words)
    assert found.exit_code == 2 and said in found.stderr


def test_history_is_loaded_and_told(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`load` says how many rows of which months there were, and `columns` what a file may hold."""
    monkeypatch.setenv("CXAGENT_DATABASE_URL", f"sqlite:///{tmp_path / 'new.sqlite'}")
    file = tmp_path / "months.csv"
    file.write_text("account_id,month,segment,health\nA-1,2026-10,smb,70\n", encoding="utf-8")
    assert "1 rows of accounts, 2026-10 to 2026-10" in run("load", str(file)).stderr
    assert "renewal_number" in CliRunner().invoke(app, ["value", "columns"]).stdout


def test_the_registry_is_told(run: Run) -> None:
    """`metrics` lists each metric with its definition, formula, owner and price."""
    found = json.loads(run("metrics", "--json").stdout)
    assert all({"definition", "formula", "owner", "price", "key"} <= set(one) for one in found) and len(found) > 40
