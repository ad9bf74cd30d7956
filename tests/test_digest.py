"""The digest by mail: who is told what, once a day, over a real mail server on loopback."""

import email
import socket
from collections.abc import Iterator
from datetime import date, timedelta
from email.message import EmailMessage
from email.policy import default
from types import SimpleNamespace
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from requirements.desk import Desk, desk_for
from requirements.world import DAY, account, doc, playbook

from cxagent import clock
from cxagent.errors import BadInput, Unreachable
from cxagent.ledger import absences
from cxagent.ledger.store import TABLES
from cxagent.notifying import Mailer, digests, send_digests
from cxagent.playbook import Playbook

LENA, OSKAR, PRIYA = "Lena Hartmann", "Oskar Lindqvist", "Priya Nair"
BASE = "https://inbox.example.com"


class Sink:
    """What a mail server got."""

    def __init__(self) -> None:
        self.got: list[EmailMessage] = []
        self.users: list[str] = []
        self.refuses = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Keep a mail, or refuse it."""
        if self.refuses:
            return "451 later, please"
        self.got.append(email.message_from_bytes(envelope.content, policy=default))  # type: ignore[arg-type]
        return "250 kept"

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        """Let in whoever has the word."""
        self.users.append(data.login.decode())
        return AuthResult(success=data.password == b"p@ss")


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    """A mail server on loopback, and the environment that names it."""
    made = Sink()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = {"authenticator": made.authenticate, "auth_require_tls": False, "ready_timeout": 20}
    control = Controller(made, hostname="127.0.0.1", port=port, **told)
    control.start()
    monkeypatch.setenv("CXAGENT_SMTP_URL", f"smtp://desk:p%40ss@127.0.0.1:{port}")
    monkeypatch.setenv("CXAGENT_MAIL_FROM", "Support desk <desk@vendor.example>")
    monkeypatch.setenv("CXAGENT_PUBLIC_URL", f"{BASE}/")
    yield made
    control.stop()


def people() -> Playbook:
    """Return the playbook with a mail address for everybody but one."""
    told = [one.model_dump() for one in playbook().people]
    for one in told:
        one["email"] = None if one["name"] == OSKAR else f"{one['name'].split()[0].lower()}@vendor.example"
    return playbook({"people": told})


def office(*owners: str) -> tuple[Desk, Any]:
    """Return a desk with one draft for each owner, and the agent of it."""
    accounts = [account("global", {"crm.owner": {"name": one}}, id=f"A-{n}") for n, one in enumerate(owners, 1)]
    desk = desk_for(*accounts)
    for one in accounts:
        desk.take(doc(), account=one)
    judge = SimpleNamespace(playbook=people())
    return desk, SimpleNamespace(store=desk.store, project=SimpleNamespace(steps=SimpleNamespace(judge=judge)))


def send(agent: Any, to: str | None = None, days: int = 0) -> dict[str, str]:
    """Send the digests of a day, and return what became of each person's."""
    now = DAY + timedelta(days=days)
    with clock.frozen(now):
        return {one.person: outcome for one, outcome in send_digests(agent, now, to)}


def test_everybody_is_told_what_waits_for_them_once_a_day(sink: Sink) -> None:
    """A person gets one mail a day with their own drafts; the next day brings the next one."""
    _, agent = office(LENA, LENA, PRIYA)
    assert send(agent) == {LENA: "sent", PRIYA: "sent"}
    assert send(agent) == {LENA: "sent before", PRIYA: "sent before"}
    assert send(agent, days=1) == {LENA: "sent", PRIYA: "sent"}
    assert [(one["To"], one["Subject"]) for one in sink.got[:2]] == [
        ("Lena Hartmann <lena@vendor.example>", "2 drafts wait for you"),
        ("Priya Nair <priya@vendor.example>", "1 draft waits for you"),
    ]
    assert sink.got[0]["From"] == "Support desk <desk@vendor.example>"
    assert set(sink.users) == {"desk"}


def test_a_digest_shows_the_first_five_in_the_queues_order(sink: Sink) -> None:
    """The mail counts all and shows five: account, deadline, stake, why, and a link that opens the card."""
    desk, agent = office(*[LENA] * 7)
    send(agent)
    text = sink.got[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    page = sink.got[0].get_body(("html",)).get_content()  # type: ignore[union-attr]
    ordered = sorted(desk.rows("draft"), key=lambda row: (row["place"], row["id"]))
    for shown in (text, page):
        places = [shown.find(f"{BASE}/drafts/{row['id']}") for row in ordered]
        assert places[:5] == sorted(places[:5])
        assert -1 not in places[:5]
        assert set(places[5:]) == {-1}
    assert "And 2 more" in text
    assert f"{ordered[0]['account_name']}: until Tue 09 Mar 13:00, USD 4,100,000.00 at stake" in text
    assert "on a high-value account" in text


def test_a_mail_decides_nothing_and_loads_nothing(sink: Sink) -> None:
    """All links of a mail open a card or the queue; there is no form, no script, no picture; names are escaped."""
    accounts = [account("global", {"crm.owner": {"name": LENA}, "name": "<b>&Co"})]
    desk = desk_for(*accounts)
    desk.take(doc())
    judge = SimpleNamespace(playbook=people())
    agent: Any = SimpleNamespace(store=desk.store, project=SimpleNamespace(steps=SimpleNamespace(judge=judge)))
    send(agent)
    page = sink.got[0].get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "&lt;b&gt;&amp;Co" in page
    assert not [word for word in ("<b>", "<form", "<script", "<img", "src=", "approve") if word in page]
    assert {part.split('"')[0].rpartition("/")[0] for part in page.split('href="')[1:]} == {f"{BASE}/drafts"}


@pytest.mark.parametrize(
    ("away", "wanted"),
    [
        pytest.param([], {LENA: "sent", PRIYA: "sent"}, id="nobody is away"),
        pytest.param([(LENA, PRIYA)], {PRIYA: "sent"}, id="the stand-in is told"),
        pytest.param([(LENA, None)], {LENA: "not told", PRIYA: "sent"}, id="nobody stands in"),
        pytest.param([(LENA, PRIYA), (PRIYA, None)], {PRIYA: "not told"}, id="the stand-in is away too"),
        pytest.param([(LENA, PRIYA), (PRIYA, LENA)], {LENA: "not told", PRIYA: "not told"}, id="in a circle"),
    ],
)
def test_who_is_away_gets_none(sink: Sink, away: list[tuple[str, str | None]], wanted: dict[str, str]) -> None:
    """People who are away are left alone; who stands in for them is told of their drafts too."""
    desk, agent = office(LENA, PRIYA)
    with desk.store.write() as connection:
        for name, stand_in in away:
            absences.add(connection, name, date(2027, 3, 8), date(2027, 3, 9), stand_in, name)
    assert send(agent) == wanted
    assert len(sink.got) == list(wanted.values()).count("sent")
    if away == [(LENA, PRIYA)]:
        assert sink.got[0]["Subject"] == "2 drafts wait for you"
        assert "for Lena Hartmann" in sink.got[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_who_cannot_be_reached_is_named(sink: Sink) -> None:
    """A colleague without an address is named; drafts of somebody unknown go to the first who may sign them."""
    _, agent = office(OSKAR, "Somebody Else")
    with clock.frozen(DAY):
        told = {one.person: one.gap for one in digests(agent, DAY)}
    assert told == {OSKAR: "has no mail address in the playbook", LENA: None}
    assert send(agent) == {LENA: "sent", OSKAR: "not told"}


def test_a_refused_mail_may_go_out_with_the_next_run(sink: Sink) -> None:
    """A server that refuses is named with its words, and the day's digest is not lost by it."""
    _, agent = office(LENA)
    sink.refuses = True
    with pytest.raises(Unreachable, match="451 later, please"):
        send(agent)
    sink.refuses = False
    assert send(agent) == {LENA: "sent"}
    assert send(agent) == {LENA: "sent before"}


def test_what_is_put_off_or_signed_is_not_told(sink: Sink) -> None:
    """A snoozed draft, and one whose verdict is about to leave, wait for nobody now."""
    desk, agent = office(LENA, LENA, LENA)
    first, second, _ = (row["id"] for row in desk.rows("draft"))
    draft = TABLES["draft"]
    with desk.store.write() as connection:
        later = (DAY + timedelta(hours=3)).isoformat()
        connection.execute(draft.update().where(draft.c.id == first).values(snoozed_until=later))
        connection.execute(draft.update().where(draft.c.id == second).values(signed_by=LENA))
    send(agent)
    assert sink.got[0]["Subject"] == "1 draft waits for you"


def test_only_the_person_named_is_told(sink: Sink) -> None:
    """`--to` picks one person, and a name that nobody has is refused."""
    _, agent = office(LENA, PRIYA)
    assert send(agent, "priya nair") == {PRIYA: "sent"}
    with pytest.raises(BadInput, match="nobody the playbook knows"):
        send(agent, "Nobody Known")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"CXAGENT_SMTP_URL": None}, "CXAGENT_SMTP_URL: must be set", id="no server"),
        pytest.param({"CXAGENT_SMTP_URL": "http://mail.example.com"}, "CXAGENT_SMTP_URL", id="no mail server"),
        pytest.param({"CXAGENT_SMTP_URL": "smtp://mail.example.com:x"}, "port", id="no port"),
        pytest.param({"CXAGENT_MAIL_FROM": "nobody"}, "CXAGENT_MAIL_FROM", id="no sender"),
        pytest.param({"CXAGENT_PUBLIC_URL": None}, "CXAGENT_PUBLIC_URL", id="no address of the inbox"),
        pytest.param({"CXAGENT_PUBLIC_URL": "inbox"}, "CXAGENT_PUBLIC_URL", id="no web address"),
    ],
)
def test_a_setting_that_is_missing_is_named(
    sink: Sink, changes: dict[str, str | None], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the environment lacks is named before anybody's day is used up; a password is never repeated."""
    _, agent = office(LENA)
    with monkeypatch.context() as patched:
        for name, value in changes.items():
            patched.delenv(name) if value is None else patched.setenv(name, value)
        with pytest.raises(BadInput, match=said) as told:
            send(agent)
    assert "p%40ss" not in str(told.value)
    assert send(agent) == {LENA: "sent"}


def test_a_password_is_not_sent_in_the_clear(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond this machine nothing is sent to a server that offers no encryption."""
    mailer = Mailer.of()
    elsewhere = Mailer("127.0.0.1", mailer.port, False, mailer.sender, mailer.user, mailer.password)
    monkeypatch.setattr("cxagent.notifying.mailing.LOOPBACK", ())
    with pytest.raises(Unreachable, match="offers no encryption"):
        elsewhere.send(EmailMessage())
    assert sink.users == []
