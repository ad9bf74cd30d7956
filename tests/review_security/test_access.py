"""Sessions and keys: who has which, how they end, and who may end whose."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from tenants import ADA, DAY, LENA, PRIYA, QUENTIN, RUTH, VERA, Tenant
from typer.testing import CliRunner

from cxagent import clock
from cxagent.cli import app
from cxagent.errors import BadInput
from cxagent.ledger import api_keys, sessions
from cxagent.ledger.store import Store

RUNNER = CliRunner()
MONTH = DAY + timedelta(days=30)


# ---- sessions -------------------------------------------------------------------------------------------------------


def test_the_database_knows_no_token(tenant: Tenant) -> None:
    """What lies in the cookie is nowhere in the database: who reads one cannot sign in with it."""
    browser = tenant.browser()
    browser.post("/sign-in", data={"person": LENA})
    token = browser.cookies["cxagent_session"]
    assert len(token) >= 43 and token not in repr([tenant.rows(name) for name in ("session", "personal")])
    stolen = tenant.browser()
    stolen.cookies.set("cxagent_session", tenant.rows("session")[0]["id"], domain="127.0.0.1")
    assert stolen.get("/").status_code == 303


@pytest.mark.parametrize(
    ("steps", "holds"),
    [
        ([timedelta(minutes=119)], True),
        ([timedelta(minutes=121)], False),
        ([timedelta(minutes=100 * turn) for turn in range(1, 6)], True),
        ([timedelta(minutes=100 * turn) for turn in range(1, 7)] + [timedelta(hours=10, seconds=1)], False),
    ],
    ids=["used within two hours", "idle for longer", "used all day", "a working day is over"],
)
def test_a_session_ends_when_nobody_uses_it_and_after_a_working_day(
    tenant: Tenant, steps: list[timedelta], holds: bool
) -> None:
    """Two idle hours end a session, and ten hours do whatever was done in them."""
    browser = tenant.browser(LENA)
    for step in steps:
        with clock.frozen(DAY + step):
            answer = browser.get("/people")
    assert (answer.status_code == 200) is holds


def test_a_form_sent_after_the_session_is_over_does_nothing(tenant: Tenant, caplog: pytest.LogCaptureFixture) -> None:
    """A clear page, nothing done, a line in the log."""
    browser, row = tenant.browser(RUTH), tenant.waiting()[0]
    form = {"choice": "reject", "card": row["card_digest"], "reason": "other", "severity": "minor"}
    before = tenant.state()
    with clock.frozen(DAY + sessions.IDLE):
        answer = browser.post(f"/drafts/{row['id']}", data=form)
    assert answer.status_code == 401 and "nothing was done" in answer.text
    assert tenant.state() == before and "without a session" in caplog.text


def test_signing_out_ends_the_session_everywhere(tenant: Tenant) -> None:
    """The token opens nothing any more, also where somebody kept a copy."""
    browser, copy = tenant.browser(LENA), tenant.browser()
    copy.cookies.set("cxagent_session", browser.cookies["cxagent_session"], domain="127.0.0.1")
    assert copy.get("/people").status_code == 200
    browser.post("/sign-out")
    assert copy.get("/people").status_code == 303 and tenant.rows("session")[0]["revoked_by"] == LENA


@pytest.mark.parametrize(
    ("by", "whose", "status"), [(LENA, LENA, 303), (ADA, LENA, 303), (PRIYA, LENA, 403), (QUENTIN, LENA, 403)]
)
def test_who_ends_whose_session(tenant: Tenant, by: str, whose: str, status: int) -> None:
    """One's own anybody, others' an admin alone; the ended one opens nothing from then on."""
    theirs = tenant.browser(whose)
    digest = sessions.digest_of(theirs.cookies["cxagent_session"])
    assert tenant.browser(by).post(f"/access/sessions/{digest}/end").status_code == status
    assert (theirs.get("/people").status_code == 303) is (status == 303)


def test_all_sessions_but_this_one_end_at_once(tenant: Tenant) -> None:
    """Who lost a laptop ends what it still has, and nobody else's."""
    here, there, other = tenant.browser(LENA), tenant.browser(LENA), tenant.browser(PRIYA)
    assert here.post("/access/sessions/end-others").status_code == 303
    assert [one.get("/people").status_code for one in (here, there, other)] == [200, 303, 200]


def test_a_session_ends_with_its_person(tenant: Tenant, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever left the playbook is signed out at the next click, for good."""
    with tenant.store.write() as connection:
        token = sessions.start(connection, "Somebody Who Left", None)
    browser = tenant.browser()
    browser.cookies.set("cxagent_session", token, domain="127.0.0.1")
    assert browser.get("/").status_code == 303
    assert tenant.rows("session")[0]["revoked_by"] == "left the playbook" and "Somebody Who Left" in caplog.text


@pytest.mark.parametrize(
    ("who", "sees", "hidden"),
    [
        (LENA, ["Your sessions"], ["Sessions of others", "Keys of the API", "Who looked at what"]),
        (QUENTIN, ["Your sessions", "Who looked at what"], ["Sessions of others", "Keys of the API"]),
        (ADA, ["Your sessions", "Sessions of others", "Keys of the API", "Who looked at what"], []),
    ],
)
def test_the_page_shows_what_a_role_may_see(tenant: Tenant, who: str, sees: list[str], hidden: list[str]) -> None:
    """Everybody sees their own sessions, an admin all of them and the keys."""
    text = tenant.browser(who).get("/access").text
    assert all(one in text for one in sees) and not any(one in text for one in hidden)


# ---- keys -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def ledger(database_url: str) -> Iterator[Store]:
    """Return an empty ledger, on each of the two databases."""
    store = Store.open(database_url, durable=False)
    yield store
    store.close()


def made(ledger: Store, *scopes: str, person: str | None = None, until: object = MONTH) -> str:
    """Make a key and return what opens with it."""
    with ledger.write() as connection:
        return api_keys.make(connection, "helpdesk", frozenset(scopes), person, until, ADA)[1]  # type: ignore[arg-type]


def found(ledger: Store, text: str, later: timedelta = timedelta(0)) -> api_keys.Key | None:
    """Return the key that a text opens with."""
    with ledger.read() as connection:
        return api_keys.find(connection, text, DAY + later)


def test_a_key_opens_until_it_ends(ledger: Store) -> None:
    """The text of a key, and no other, opens what its scopes say until its day; the database holds a digest alone."""
    text = made(ledger, "drafts:decide", "drafts:read", person=LENA)
    key = found(ledger, text)
    assert key is not None and re.fullmatch(r"cxa_[0-9a-f]{16}_[\w-]{43}", text)
    assert (key.name, key.person, key.may("drafts:read"), key.may("tickets:write")) == ("helpdesk", LENA, True, False)
    with ledger.read() as connection:
        row = connection.execute(api_keys.API_KEY.select()).mappings().one()
    assert text.rpartition("_")[2] not in repr(dict(row))
    assert found(ledger, text, timedelta(days=30)) is None
    assert found(ledger, text, timedelta(days=30, seconds=-1)) is not None
    with ledger.write() as connection:
        assert api_keys.revoke(connection, key.id, ADA) and not api_keys.revoke(connection, key.id, ADA)
    assert found(ledger, text) is None


@pytest.mark.parametrize(
    "spoiled",
    [
        lambda text: "",
        lambda text: text[:-1],
        lambda text: text + "A",
        lambda text: text.upper(),
        lambda text: text.replace("cxa_", "cxb_"),
        lambda text: f"cxa_{'0' * 16}_{text[-43:]}",
        lambda text: f"{text[:21]}{'A' * 43}",
        lambda text: text + "\n",
        lambda text: "cxa_' OR 1=1 --_" + text[-43:],
        lambda text: "\x00ü" * 40,
    ],
)
def test_what_is_not_quite_a_key_opens_nothing(ledger: Store, spoiled: Callable[[str], str]) -> None:
    """Another id, another secret, another form."""
    assert found(ledger, spoiled(made(ledger, "tickets:write"))) is None


@pytest.mark.parametrize(
    ("scopes", "person", "until", "where"),
    [
        (("everything",), None, MONTH, "scopes"),
        ((), None, MONTH, "scopes"),
        (("drafts:decide",), None, MONTH, "person"),
        (("tickets:write",), None, DAY, "until"),
        (("tickets:write",), None, DAY + timedelta(days=367), "until"),
    ],
)
def test_a_key_that_would_open_too_much_is_not_made(
    ledger: Store, scopes: tuple[str, ...], person: str | None, until: object, where: str
) -> None:
    """Unknown scopes, none, deciding in nobody's name, no end, or one beyond a year."""
    with pytest.raises(BadInput) as refused:
        made(ledger, *scopes, person=person, until=until)
    assert refused.value.where == where


def test_the_last_use_is_noted_once_a_minute(ledger: Store) -> None:
    """A busy system does not write at every request."""
    text = made(ledger, "tickets:write")
    key = found(ledger, text)
    assert key is not None
    with ledger.write() as connection:
        noted = [api_keys.used(connection, key.id, DAY + timedelta(seconds=after)) for after in (0, 59, 61, 100)]
        stale = [api_keys.stale(connection, key.id, DAY + timedelta(seconds=after)) for after in (100, 122)]
    assert (noted, stale) == ([True, False, True, False], [False, True])


def test_an_admin_makes_a_key_and_sees_it_once(tenant: Tenant) -> None:
    """The page shows what opens a single time; from then on there is a name, a use and a button to revoke."""
    admin = tenant.browser(ADA)
    form = {"name": "helpdesk", "scope": ["drafts:read", "decisions:read"], "person": PRIYA, "days": "30"}
    text = re.findall(r"cxa_[0-9a-f]{16}_[\w-]{43}", admin.post("/access/keys", data=form).text)[0]
    with_key = {"authorization": f"Bearer {text}"}
    assert tenant.browser().get("/api/v1/drafts", headers=with_key).status_code == 200
    page = admin.get("/access").text
    assert "helpdesk" in page and text[-43:] not in page
    key_id = text.split("_")[1]
    assert admin.post(f"/access/keys/{key_id}/revoke").status_code == 303
    assert tenant.browser().get("/api/v1/drafts", headers=with_key).status_code == 401


def test_an_admin_borrows_nobodys_authority(tenant: Tenant) -> None:
    """A key that decides is not made in another person's name, and none comes of the attempt."""
    admin, before = tenant.browser(ADA), tenant.state()
    form = {"name": "mine", "scope": ["drafts:read", "drafts:decide"], "person": RUTH, "days": "30"}
    assert admin.post("/access/keys", data=form).status_code == 403
    assert tenant.state() == before


@pytest.mark.parametrize("who", [LENA, RUTH, VERA, QUENTIN])
def test_nobody_else_makes_or_revokes_keys(tenant: Tenant, who: str) -> None:
    """Not even an executive: keys are the admin's."""
    key, browser = tenant.key("tickets:write"), tenant.browser(who)
    before = tenant.state()
    form = {"name": "mine", "scope": "tickets:write", "days": "30"}
    assert browser.post("/access/keys", data=form).status_code == 403
    assert browser.post(f"/access/keys/{key.split('_')[1]}/revoke").status_code == 403
    assert tenant.state() == before


@pytest.mark.parametrize(
    "wrong",
    [{"days": "0"}, {"days": "367"}, {"days": "a month"}, {"scope": "all"}, {"name": ""}, {"person": "Nobody Known"}],
    ids=str,
)
def test_a_form_that_does_not_fit_makes_no_key(tenant: Tenant, wrong: dict[str, str]) -> None:
    """Each field is checked again on the server, and nothing is done."""
    form = {"name": "helpdesk", "scope": "tickets:write", "days": "30", **wrong}
    assert tenant.browser(ADA).post("/access/keys", data=form).status_code in (400, 403)
    assert tenant.rows("api_key") == []


def test_the_terminal_makes_lists_and_revokes_keys(tenant: Tenant) -> None:
    """`cxagent keys` prints what opens once, to standard output alone, and never again."""
    there = ["--project", str(tenant.home)]
    add = ["keys", "add", "helpdesk", "--scope", "tickets:write", "--as", ADA, *there]
    text = RUNNER.invoke(app, add).stdout.strip()
    assert re.fullmatch(r"cxa_[0-9a-f]{16}_[\w-]{43}", text)
    listed = RUNNER.invoke(app, ["keys", "list", "--json", *there]).stdout
    assert "helpdesk" in listed and text[-43:] not in listed and "digest" not in listed
    assert RUNNER.invoke(app, ["keys", "revoke", text.split("_")[1], "--as", ADA, *there]).exit_code == 0
    assert RUNNER.invoke(app, ["keys", "revoke", text.split("_")[1], "--as", ADA, *there]).exit_code == 1
    assert [row["revoked_by"] for row in tenant.rows("api_key")] == [ADA]


@pytest.mark.parametrize(
    "wrong", [["--scope", "all"], ["--scope", "drafts:decide"], ["--scope", "tickets:write", "--as", "Nobody"]], ids=str
)
def test_the_terminal_refuses_what_the_page_refuses(tenant: Tenant, wrong: list[str]) -> None:
    """Exit 2 with a sentence, and no key."""
    by = [] if "--as" in wrong else ["--as", ADA]
    done = RUNNER.invoke(app, ["keys", "add", "helpdesk", *wrong, *by, "--project", str(tenant.home)])
    assert done.exit_code == 2 and tenant.rows("api_key") == []
