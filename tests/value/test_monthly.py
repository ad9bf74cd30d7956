"""The monthly report: one whole month, all four keys, nothing priced that is not, and by mail once to every leader."""

import email
import re
import socket
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from cxagent import clock
from cxagent.cli import main
from cxagent.errors import BadInput, Unreachable
from cxagent.home import Home
from cxagent.ledger import absences, alarms
from cxagent.metrics.registry import default_registry
from cxagent.notifying.monthly import leaders, prepared, send_monthly, short
from cxagent.value.monthly import Monthly, monthly, plain
from cxagent.value.monthly_page import html
from value.world import NOW, ROOT, before, renewal, row, written

LEADERS = ("Jonas Falk", "Miriam Okafor", "Nadia Crewe", "Priya Nair", "Ruth Adeyemi", "Samuel Costa")
NAME = "reference"
KEYS = ["growth", "efficiency", "risk", "trust"]
MONTHS = 26


def lives() -> Iterator[dict[str, Any]]:
    """Yield a small portfolio: one account that grows, six small ones, two of which leave within the last year."""
    for place in range(6):
        stays = MONTHS - 4 * place if place in (1, 2) else MONTHS
        for count, month in enumerate(before(MONTHS)[:stays], 1):
            known = {"health": 40.0 + count, "complaints": int(count % 3 == 0 and place == 0)}
            yield row(f"S-{place}", month, active=int(count < stays or stays == MONTHS), **known)
    for count, month in enumerate(before(MONTHS)):
        arr = 400_000.0 * 1.02**count
        yield row("E-1", month, segment="enterprise", arr=arr, expansion=arr * 0.02, cost_to_serve=20_000.0)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A ledger that lived through the months, with one alarm that went up today."""
    path = f"sqlite:///{tmp_path_factory.mktemp('monthly') / 'ledger.sqlite'}"
    with pytest.MonkeyPatch.context() as patched, clock.frozen(NOW):
        patched.setenv("CXAGENT_DATABASE_URL", path)
        with Home(ROOT).store.write("value") as connection:
            came = (renewal(f"S-{n % 6}", month, n % 3 > 0) for n, month in enumerate(before(MONTHS)) if n % 5)
            written(connection, lives(), came)
            alarms.raise_(connection, "complaint_rate", "account", "S-0", "complaints come more often")
    return path


@pytest.fixture
def home(url: str, monkeypatch: pytest.MonkeyPatch) -> Home:
    """The reference project on that ledger."""
    monkeypatch.setenv("CXAGENT_DATABASE_URL", url)
    return Home(ROOT)


@pytest.fixture(scope="module")
def found(url: str) -> Monthly:
    """What is told of the last whole month."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CXAGENT_DATABASE_URL", url)
        return told(Home(ROOT))


@pytest.fixture(scope="module")
def page(found: Monthly) -> str:
    """That month as a page."""
    return html(found, NAME)


def told(home: Home, now: datetime = NOW, month: str | None = None) -> Monthly:
    """Return what is told of a month."""
    with home.store.read() as connection:
        return monthly(connection, home.playbook, home.metrics, now, month)


def in_order(text: str, words: Iterable[str]) -> bool:
    """Whether all these words stand in a text, each after the one before."""
    return re.search(".*?".join(re.escape(word) for word in words), text, re.DOTALL) is not None


# ---- what is told ---------------------------------------------------------------------------------------------------


def test_the_four_keys_stand_together_in_every_form(found: Monthly, page: str) -> None:
    """R66, R89: text, mail and page begin with the headlines of all four keys, each with verdict and money or none."""
    assert [of.key for of in found.keys] == KEYS
    titles = [one.title for of in found.keys for one in of.headlines]
    for written_down in (plain(found), short(found), page):
        start = written_down[: re.search("not to be missed", written_down, re.IGNORECASE).start()]  # type: ignore[union-attr]
        assert in_order(start, titles)
        assert in_order(start, ["flat", "not proven", "insufficient history", "unpriced"])
        assert len(re.findall(r"\bunpriced\b", start)) == 3


def test_the_last_whole_month_is_told_as_whole(found: Monthly) -> None:
    """The running month is left out of the figures, and the month that is told counts in every trend."""
    (health,) = (one for one in found.worth.keys["risk"] if one.name == "health")
    assert (found.month, found.title) == ("2026-10", "October 2026")
    assert (health.series[-1].month, health.series[-1].partial) == ("2026-10", False)
    assert health.trend.n == MONTHS - 1
    assert health.latest is not None and health.latest.month == "2026-10"
    assert found.worth.portfolio.month == "2026-10"


def test_what_must_not_be_missed_is_said(found: Monthly, page: str) -> None:
    """R43: revenue that hides what leaves, an alarm, and an account that fades unheard are told by ids alone."""
    for written_down in (plain(found), short(found), page):
        assert "growth elsewhere hides it" in written_down
        assert "alarm since 2026-11-15, complaint rate of S-0: complaints come more often" in written_down


def test_nothing_is_added_up_and_what_is_not_proven_says_so(found: Monthly, page: str) -> None:
    """R88: each outcome in money stands with its rule, range and label; without a hold-out or a record it is none."""
    assert [one.rule for one in found.worth.money] == ["retention", "efficiency", "risk"]
    assert [one.amount for one in found.worth.money] == [None, None, None]
    for one in found.worth.money:
        assert one.label in page and one.label in plain(found)
        assert one.formula.replace("&", "&amp;") in page
    assert "never added up" in page.lower() and "total" not in page.lower()


def test_the_unpriced_cannot_be_switched_off(found: Monthly, page: str) -> None:
    """R89: every metric without a price is named as unpriced in text and page, also one of which nothing is known."""
    without = [one for metrics in found.worth.keys.values() for one in metrics if one.money == "unpriced"]
    assert len(without) > 40
    text = plain(found)
    for one in without:
        assert re.search(rf"{re.escape(one.title)}\b[^\n]*?unpriced", text), one.title
        assert re.search(rf"{re.escape(one.title)}\b.*?unpriced", page, re.DOTALL), one.title
    rows = page.split("<tr>")
    for one in without:
        if not one.headline and one.latest is not None:
            (line,) = (cells for cells in rows if cells.startswith(f'<th scope="row">{one.title}</th>'))
            assert ">unpriced</td>" in line, one.title


def test_nrr_stands_beside_clv_by_segment(found: Monthly, page: str) -> None:
    """R44: each segment has its net revenue retention and its lifetime value with an interval in one row."""
    for one in found.worth.portfolio.segments:
        assert one.nrr is not None
        line = next(part for part in page.split("<tr>") if part.startswith(f'<th scope="row">{one.segment} <small>'))
        clv = [found.say.bare(end) for end in (one.clv.median, one.clv.low, one.clv.high)]
        assert in_order(line, [found.say.figure(one.nrr, "share"), clv[0], f"({clv[1]} to {clv[2]})"])


# ---- the page -------------------------------------------------------------------------------------------------------


def test_a_page_stands_by_itself(found: Monthly) -> None:
    """The page names nothing elsewhere, runs nothing, and its own policy forbids both; foreign words stay words."""
    page = html(found, "<b>&Co")
    remote = ("<script", "src=", "href=", "<link", "@import", "url(", "http:", "https:", "<b>")
    assert not [word for word in remote if word in page]
    assert "default-src 'none'" in page and "&lt;b&gt;&amp;Co" in page
    assert page.count("<html") == 1 and 'name="viewport"' in page and "size: A4" in page


def test_a_chart_says_what_its_table_says(page: str) -> None:
    """R83: two years of months and what is expected stand in chart and table alike; an unknown month is no dot."""
    drawing = page.partition('class="chart course"')[2]
    dots = dict(re.findall(r"<title>(\d{4}-\d\d): ([^<]+)</title>", drawing.partition("</svg>")[0]))
    table = re.findall(r'<th scope="row"[^>]*>(\d{4}-\d\d)</th><td class="n">([^<]+)</td>', drawing)
    cells = dict(table[:27])
    assert sorted(cells) == [*before(24, "2026-10"), "2026-11", "2026-12", "2027-01"]
    assert dots == {month: said for month, said in cells.items() if said != "unknown"}
    assert "unknown" in cells.values() and len(dots) > 10 and dots["2027-01"].endswith("expected")


def test_an_earlier_month_is_told_as_it_was(home: Home) -> None:
    """A month of long ago ends its series and its accounts there, and knows no alarm that went up later."""
    found = told(home, month="2026-03")
    assert {one.series[-1].month for metrics in found.worth.keys.values() for one in metrics} == {"2026-03"}
    assert found.worth.portfolio.month == "2026-03"
    assert not found.worth.alarms
    seen = [next(r for r in one.worth.retention if r.segment == "smb").observed for one in (found, told(home))]
    assert 0 < seen[0] < seen[1]
    assert plain(told(home, datetime(2027, 3, 1, tzinfo=UTC), "2026-03")) == plain(found)
    assert told(home, datetime(2027, 3, 1, tzinfo=UTC), "2026-10").worth.alarms == ()


@pytest.mark.parametrize("month", ["2026-11", "2031-01", "2026-13", "last", "2019-01"])
def test_a_month_that_cannot_be_told_is_refused(home: Home, month: str) -> None:
    """A month that is not over, is none, or lies before all that is on record is refused by name."""
    with pytest.raises(BadInput, match=month):
        told(home, month=month)


# ---- the mail -------------------------------------------------------------------------------------------------------


class Sink:
    """What a mail server got."""

    def __init__(self) -> None:
        self.got: list[EmailMessage] = []
        self.refuses = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Keep a mail, or refuse it."""
        if self.refuses:
            return "451 later, please"
        self.got.append(email.message_from_bytes(envelope.content, policy=default))  # type: ignore[arg-type]
        return "250 kept"


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    """A mail server on loopback, and the environment that names it."""
    made = Sink()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    control = Controller(made, hostname="127.0.0.1", port=port, ready_timeout=20)
    control.start()
    monkeypatch.setenv("CXAGENT_SMTP_URL", f"smtp://127.0.0.1:{port}")
    monkeypatch.setenv("CXAGENT_MAIL_FROM", "Reports <desk@vendor.example>")
    yield made
    control.stop()


def send(home: Home, now: datetime, to: str | None = None) -> dict[str, str]:
    """Send the letters of the month before, and return what became of each person's."""
    with clock.frozen(now):
        return {one.person: outcome for one, outcome in send_monthly(home, now, to)}


def test_every_leader_is_told_once_a_month(home: Home, sink: Sink) -> None:
    """Owners of metrics and who signs last get one letter a month, however often it runs; a new month is a new one."""
    assert send(home, datetime(2026, 11, 3, tzinfo=UTC)) == dict.fromkeys(LEADERS, "sent")
    assert send(home, datetime(2026, 11, 28, tzinfo=UTC)) == dict.fromkeys(LEADERS, "sent before")
    assert send(home, datetime(2026, 12, 1, tzinfo=UTC)) == dict.fromkeys(LEADERS, "sent")
    assert [str(one["To"]).partition(" <")[0] for one in sink.got] == [*LEADERS, *LEADERS]
    assert [one["Subject"] for one in sink.got[5:7]] == [f"What it is worth: {m} 2026" for m in ("October", "November")]


def test_a_letter_holds_text_a_short_page_and_the_report(home: Home, sink: Sink) -> None:
    """The mail is plain text and a plain table; the report with its charts is a file that opens by itself."""
    now = datetime(2027, 1, 5, tzinfo=UTC)
    assert send(home, now, "samuel costa") == {"Samuel Costa": "sent"}
    (mail,) = sink.got
    bodies = [mail.get_body((kind,)).get_content() for kind in ("plain", "html")]  # type: ignore[union-attr]
    (page,) = mail.iter_attachments()
    assert (page.get_filename(), page.get_content_type()) == ("what-it-is-worth-2026-12.html", "text/html")
    _, found = prepared(home, now)
    assert plain(found).split() == bodies[0].split()[: len(plain(found).split())]
    assert page.get_content().split() == html(found, home.name).split()  # type: ignore[attr-defined]
    assert "<svg" in page.get_content() and "<svg" not in bodies[1]  # type: ignore[attr-defined]
    assert not [word for word in ("http", "<img", "<script", "<style", "@") if word in bodies[1]]


def test_a_refused_letter_may_go_out_with_the_next_run(home: Home, sink: Sink) -> None:
    """A server that refuses is named with its words, and the month of nobody is lost by it."""
    now, sink.refuses = datetime(2027, 2, 2, tzinfo=UTC), True
    with pytest.raises(Unreachable, match="451 later, please"):
        send(home, now)
    sink.refuses = False
    assert send(home, now, LEADERS[0]) == {LEADERS[0]: "sent"}


def test_a_month_that_cannot_be_told_claims_nothing(home: Home, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the server is not named nobody's month is used up."""
    now = datetime(2027, 3, 2, tzinfo=UTC)
    with monkeypatch.context() as patched:
        patched.delenv("CXAGENT_SMTP_URL")
        with pytest.raises(BadInput, match="CXAGENT_SMTP_URL: must be set"):
            send(home, now)
    assert send(home, now, LEADERS[0]) == {LEADERS[0]: "sent"}


def test_who_is_away_is_told_when_back(home: Home, sink: Sink) -> None:
    """A leader who is away is left alone and gets the month with a later run."""
    with home.store.write() as connection:
        absences.add(connection, "Priya Nair", date(2027, 4, 1), date(2027, 4, 9), None, "Priya Nair")
    assert send(home, datetime(2027, 4, 2, 12, tzinfo=UTC), "Priya Nair") == {"Priya Nair": "not told"}
    assert send(home, datetime(2027, 4, 10, 12, tzinfo=UTC), "Priya Nair") == {"Priya Nair": "sent"}


def test_only_who_leads_is_told(home: Home) -> None:
    """Who owns no metric and does not sign last is refused by name; who has no address is named with that gap."""
    with pytest.raises(BadInput, match="'Lena Hartmann' owns no metric"):
        prepared(home, NOW, "Lena Hartmann")
    people = [one.model_copy(update={"email": None}) for one in home.playbook.people]
    home.playbook = home.playbook.model_copy(update={"people": tuple(people)})
    assert [one.name for one in leaders(home.playbook, home.metrics)] == list(LEADERS)
    found, _ = prepared(home, NOW)
    assert {one.gap for one in found} == {"has no mail address in the playbook"}
    by_role = [one.name for one in leaders(home.playbook, default_registry())]
    assert by_role == ["Miriam Okafor", "Ruth Adeyemi"]


# ---- the commands ---------------------------------------------------------------------------------------------------


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """Run `cxagent value` in the reference project at that time; return its exit code."""
    monkeypatch.setattr(sys, "argv", ["cxagent", "value", *words, "--project", str(ROOT)])
    with clock.frozen(NOW), pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_the_command_writes_the_page(
    home: Home, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`value report` writes a file or prints the page; a wrong month or place is one sentence and exit code 2."""
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "report") == 0
    assert run(monkeypatch, "report", "--month", "2026-10", "--to", "-") == 0
    assert capsys.readouterr().out == (tmp_path / "value-2026-10.html").read_text() == page
    assert run(monkeypatch, "report", "--month", "2026-11") == 2
    assert run(monkeypatch, "report", "--to", "nowhere/page.html") == 2
    assert "nowhere/page.html: cannot be written" in capsys.readouterr().err


def test_a_dry_run_sends_nothing(
    home: Home, sink: Sink, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`value mail --dry-run` shows who would get what; nothing goes out and no month is claimed."""
    assert run(monkeypatch, "mail", "--dry-run") == 0
    shown_ = capsys.readouterr().out
    assert in_order(shown_, [*LEADERS, "Subject: What it is worth: October 2026", "THE FOUR KEYS"])
    assert sink.got == []
    assert run(monkeypatch, "mail", "--dry-run", "--json", "--to", "Ruth Adeyemi") == 0
    assert '"person": "Ruth Adeyemi"' in capsys.readouterr().out
