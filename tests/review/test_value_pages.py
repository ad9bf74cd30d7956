"""The pages on worth: what they always show, what they refuse to say, and what stands behind each figure."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from requirements.world import ROOT

from cxagent.ledger import alarms, behind
from cxagent.ledger.store import Store
from cxagent.metrics.registry import default_registry
from cxagent.playbook import load_playbook
from review.worth import FADING, POOR, QUIET, Looker, page, put_on_record, room, text

PATHS = ("/value", "/value/metrics", "/value/metrics/retention_rate", "/value/accounts", "/value/people")


@pytest.fixture(scope="module")
def five(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looker]:
    """Look at five years of months."""
    looker = Looker(room(tmp_path_factory.mktemp("five"), 60), "Priya Nair")
    yield looker
    looker.close()


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looker]:
    """Look at a ledger that holds no month."""
    looker = Looker(room(tmp_path_factory.mktemp("empty"), 0), "Piet Aalders")
    yield looker
    looker.close()


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looker]:
    """Look at a single whole month."""
    looker = Looker(room(tmp_path_factory.mktemp("one"), 1, running=False), "Piet Aalders")
    yield looker
    looker.close()


def section(told: str, name: str) -> str:
    """Return the part of a page under one heading, as text."""
    return text(told.partition(f'aria-labelledby="{name}"')[2].partition("</section>")[0])


@pytest.mark.parametrize("path", PATHS)
def test_an_empty_ledger_makes_nothing_up(empty: Looker, path: str) -> None:
    """Without a month every page says what is not known, and no figure, verdict or amount stands on it."""
    told = text(page(empty, path))
    assert not re.search(r"USD \d|\d %|▲|▼", told.replace("10% a year", ""))


@pytest.mark.parametrize("query", ["", "?segment=smb", "?key=trust&hide=unpriced&score=1"])
@pytest.mark.parametrize("months", ["empty", "one", "five"])
def test_four_keys_stand_together(request: pytest.FixtureRequest, months: str, query: str) -> None:
    """R66: all four keys are always there, each with its first metric; no query hides one, and there is no sum."""
    told = page(request.getfixturevalue(months), f"/value{query}")
    keys = re.findall(r'<section class="panel key" aria-labelledby="key-(\w+)"', told)
    assert keys == ["growth", "efficiency", "risk", "trust"]
    assert told.count('<div class="first">') == 4 and "there is no sum of the four" in text(told)


def test_one_month_is_a_snapshot(one: Looker) -> None:
    """R83: below three months every figure says that its history does not suffice, and none has a verdict."""
    told = page(one, "/value")
    assert "a snapshot: 1 of the 3 that a slope needs" in text(told)
    assert told.count('class="turn insufficient"') == told.count('class="turn ')
    assert "snapshot: 1 of" in text(page(one, "/value/metrics/health"))


def test_an_alarm_is_said_first(one: Looker) -> None:
    """A sensor that is up stands in the first section, with why, since when, and a way to the account that it is on."""
    with one.desk.world.store.write("test") as connection:
        raised = alarms.raise_(
            connection, "complaint_rate", "account", FADING, "months with complaints come more often"
        )
    told = page(one, "/value").partition('aria-labelledby="missed"')[2].partition("</section>")[0]
    with one.desk.world.store.write("test") as connection:
        alarms.close(connection, raised, "over")
    assert "Months with complaints come more often" in told and f'href="/value/accounts/{FADING}"' in told
    assert 'href="/value/metrics/complaint_rate"' in told and "Alarm" not in page(one, "/value")


def test_every_metric_has_its_price_beside_it(five: Looker) -> None:
    """R89: each registered metric stands on the page with money or unpriced, and the unpriced are named once more."""
    told = page(five, "/value")
    names = [metric.name for metric in default_registry().metrics]
    keys = told.partition('id="keys"')[2].partition('aria-labelledby="health"')[0]
    assert len(re.findall('class="price"', keys)) >= len(names)
    assert not [name for name in names if f'href="/value/metrics/{name}"' not in keys]
    unpriced = told.partition('id="unpriced"')[2].partition("</article>")[0]
    assert "Decision match rate" in unpriced and "Account health" in unpriced


def test_money_says_what_it_rests_on(five: Looker) -> None:
    """R88: three rules, each with label, formula and inputs; not proven is said, and nothing is added up."""
    told = section(page(five, "/value"), "money")
    for words in ("never added up", "not proven", "no hold-out", "Formula and inputs", "not cause and effect"):
        assert words in told.lower() or words in told
    assert "total" not in told.lower()


def test_growth_that_hides_loss_is_said_first(five: Looker) -> None:
    """R44: where net revenue retention looks fine while small accounts leave, the first section says so."""
    told = page(five, "/value")
    assert "growth elsewhere hides it" in section(told, "missed")
    table = section(told, "portfolio")
    assert "net revenue kept" in table and "smb" in table and "and took" in table


def test_health_stands_with_money_trend_and_causes(five: Looker) -> None:
    """R59: health is drawn with its verdict, value at risk beside it, and what moves renewals."""
    told = section(page(five, "/value"), "health")
    assert "eroding" in told and "Value at risk" in told and "USD" in told
    assert re.search(r"Health × 0\.\d\d", told)


def test_the_price_of_replacing_stands_beside_that_of_checking(five: Looker) -> None:
    """R5: per segment what winning its accounts anew costs, what reviews cost, and the loss that they averted."""
    told = section(page(five, "/value"), "portfolio").partition("beside the price of checking")[2]
    assert "winning its accounts anew" in told and "loss that reviews averted" in told
    assert re.search(r"enterprise USD \S+", told)


def test_the_registry_is_shown(five: Looker) -> None:
    """R86: every metric is listed with its owner, formula, source and price."""
    told = text(page(five, "/value/metrics"))
    for metric in default_registry().metrics:
        assert metric.formula in told.replace("&#39;", "'").replace("&gt;", ">"), metric.name


def test_a_figure_opens_its_accounts(five: Looker) -> None:
    """A retention rate opens the renewals of its month, the quiet share who is quiet, a ledger figure its cases."""
    assert "renewed" in section(page(five, "/value/metrics/retention_rate"), "behind")
    quiet = section(page(five, "/value/metrics/gone_quiet"), "behind")
    assert "have gone quiet" in quiet and QUIET in quiet
    assert '"/quality"' in page(five, "/value/metrics/verified_resolutions")
    told = page(five, "/value/metrics/lifetime_value")
    assert told.count("/value/accounts/A-") <= behind.MOST


def test_a_segment_is_one_of_ours(five: Looker) -> None:
    """A segment narrows figures and accounts; one that there is not is refused, and so is an unregistered metric."""
    small = section(page(five, "/value/metrics/lifetime_value?segment=smb"), "behind")
    assert "smb" in small and "enterprise" not in small
    page(five, "/value?segment=giants", 400)
    page(five, "/value/metrics/vibes", 404)
    page(five, "/value?points=many", 400)
    page(five, "/value?points=99", 400)


def test_csv_and_json_hold_what_the_page_shows(five: Looker) -> None:
    """Both have every month of every metric; the latest month on the page is the one in them."""
    rows = list(csv.DictReader(io.StringIO(page(five, "/value.csv?segment=smb"))))
    found = five.get("/value.json?segment=smb").json()
    told = {
        (metric["name"], at["month"]): "" if at["value"] is None else str(at["value"])
        for metrics in found["keys"].values()
        for metric in metrics
        for at in metric["series"]
    }
    assert {(row["metric"], row["month"]): row["value"] for row in rows} == told and len(told) > 1000
    assert set(found["keys"]) == {"growth", "efficiency", "risk", "trust"}
    health = next(one for one in found["keys"]["risk"] if one["name"] == "health")
    whole = [at["value"] for at in health["series"] if not at["partial"]]
    assert f"{whole[-1]:.2f}" in section(page(five, "/value?segment=smb"), "health")


def test_one_account_with_all_that_its_value_hangs_on(five: Looker) -> None:
    """R45, R85: interval, four levers and the causes; each figure has a verdict, a slope, and money or none."""
    told = page(five, f"/value/accounts/{FADING}")
    for words in ("Every renewal rate 5 points", "A margin a tenth", "Twice the odds", "A discount 2 points"):
        assert words in section(told, "worth")
    assert "with 90 %" in section(told, "worth") and "points of the chance" in section(told, "chance")
    moves = section(told, "moves")
    assert "eroding" in moves and "not a proven cause" in moves and "unpriced" in moves
    assert f'href="/accounts/{FADING}/touches"' in told
    page(five, "/value/accounts/A-9999", 404)


def test_stances_and_promises(five: Looker) -> None:
    """R78, R80: who stands where and how long that holds; promises made, due, kept and late."""
    told = page(five, f"/value/accounts/{FADING}")
    stances, promises = section(told, "people"), section(told, "promises")
    assert "Ada Fern unknown IT for 1 Feb 2027 yes" in stances and "against 1 Jan 2026 older than 180 days" in stances
    assert re.search(r"Made 61 Due 61 Kept \d+ Late 0", promises)
    assert "a fix of the export 15 Feb 2027 late" in promises


def test_who_holds_the_trust_and_what_if_they_leave(five: Looker) -> None:
    """R73, R74: holders with revenue and value; what renews with and without one of them, each with an interval."""
    told = page(five, "/value/people?who=Priya+Nair")
    leaving = section(told, "leaving")
    assert re.search(r"Expected to renew with them USD \S+ \S+ to \S+", leaving)
    assert re.search(r"And without them USD \S+ \S+ to \S+", leaving) and "Assumption" in leaving
    assert leaving.count("enterprise") == 8 and "concentration" in section(told, "map")
    page(five, "/value/people?who=Nobody", 400)


def test_nobody_is_ranked(five: Looker) -> None:
    """R90: colleagues stand in the order of their names, and no column counts how fast they are."""
    told = page(five, "/value/people")
    names = re.findall(r'<th scope="row">([^<]+)</th>', told.partition('id="fare"')[2])
    heads = re.findall(r"<th[^>]*>([^<]+)</th>", told.partition('id="fare"')[2].partition("</thead>")[0])
    assert names == sorted(names) and len(names) == 3
    assert "of them respected" in heads and not re.search("second|minute|speed|handled|per hour", " ".join(heads))


def test_lists_to_look_at_do_nothing(five: Looker) -> None:
    """R70, R71, R81: by profit with review hours, parting only where both hold, fading and quiet; no buttons."""
    told = page(five, "/value/accounts")
    profits = re.findall(r"USD (-?[\d,]+) [\d.]+ h", section(told, "attention"))
    values = [int(one.replace(",", "")) for one in profits]
    assert values == sorted(values, reverse=True) and len(values) == 24
    parting = section(told, "parting")
    assert re.findall(r"A-\d+", parting) == [POOR] and "A person decides" in parting
    assert FADING in section(told, "fading") and QUIET in section(told, "quiet")
    assert "Recall" in section(told, "fading")
    assert "<form" not in told.partition("<main")[2] and "<button" not in told.partition("<main")[2]


def test_whoever_is_not_signed_in_sees_nothing(tmp_path: Path) -> None:
    """Every page and both exports send a stranger to the door."""
    desk = room(tmp_path, 0)
    with desk.client(None) as stranger:
        for path in (*PATHS, "/value.csv", "/value.json", "/value/accounts/A-3"):
            assert stranger.get(path, follow_redirects=False).status_code == 303
    desk.world.close()


def test_every_list_behind_a_figure_is_a_query_that_both_databases_answer(postgres_url: str, tmp_path: Path) -> None:
    """Each measure that accounts carry has a list of at most fifty, the same on SQLite and on PostgreSQL."""
    book, found = load_playbook(ROOT / "graphs" / "playbook.yaml"), []
    for url in (f"sqlite:///{tmp_path / 'one.sqlite'}", postgres_url):
        store = Store.open(url)
        with store.write("test") as connection:
            put_on_record(connection, book, 14, accounts=6)
        with store.read() as connection:
            lists = {name: behind.accounts(connection, name, "2027-03") for name in behind.CARRIED}
            lists["renewals"] = behind.renewals(connection, "2027-02", "smb")
        found.append({name: [row["account_id"] for row in rows] for name, rows in lists.items()})
        store.close()
    assert found[0] == found[1] and sum(map(len, found[0].values())) > 60
