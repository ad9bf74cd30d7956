"""The pages of a handover: who leaves, their accounts by value, the contact; with forms and links alone."""

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from cxagent import clock, handing_over
from cxagent.agent import Agent
from cxagent.inbox import Inbox
from cxagent.review import app, handover_pages
from cxagent.review.settings import Settings
from cxagent.scaffold import copy_to
from cxagent.testing import TODAY

ROOT = Path(__file__).resolve().parents[1]
LEAVER, DESK, OTHER = "Tobias Wren", "Lena Hartmann", "Oskar Lindqvist"
WHO = {"person": LEAVER, "leaves_on": "2026-12-31", "successor": DESK}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose proof is found once for all tests."""
    made = tmp_path_factory.mktemp("pages") / "project"
    copy_to(made)
    shutil.copytree(ROOT / "tools" / "world" / "accounts", made / "tools" / "world" / "accounts", dirs_exist_ok=True)
    return made


@pytest.fixture
def agent(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Agent]:
    """The agent of the project over an empty ledger, on the sample world's day."""
    monkeypatch.setenv("CXAGENT_DATABASE_URL", f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    for name in [name for name in sys.modules if name.startswith("cxagent_project_")]:
        del sys.modules[name]
    with clock.frozen(TODAY):
        made = Agent.open(home)
        yield made
        made.close()


@pytest.fixture
def browser(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A browser without scripts, signed in as a reviewer."""
    if handover_pages not in app.PAGES:
        monkeypatch.setattr(app, "PAGES", (*app.PAGES, handover_pages))
    made = app.make_app(Inbox(agent), Settings.read("127.0.0.1", 8080, {}))
    with TestClient(made, base_url="http://127.0.0.1:8080", headers={"sec-fetch-site": "same-origin"}) as client:
        signed_in(client, DESK)
        yield client


def signed_in(browser: TestClient, name: str) -> None:
    """Sign in under a name."""
    assert browser.post("/sign-in", data={"person": name}).status_code == 200


def test_asking_who_leaves_writes_nothing(browser: TestClient, agent: Agent) -> None:
    """R72: the list shows the accounts by value with their plans; opening a page opens no handover."""
    page = browser.get("/handovers/leaving", params=WHO).text
    places = [page.find(one) for one in ("USD 322,000", "USD 240,000", "USD 150,000")]
    assert -1 not in places
    assert places == sorted(places)
    assert "Hand over these 3 accounts" in page
    assert "Lena Hartmann, by" in page
    assert handing_over.open_ones(agent) == []


def test_a_handover_goes_from_who_leaves_to_the_contact(browser: TestClient, agent: Agent) -> None:
    """R72: confirm, see them open with a form for the successor alone, record the contact, see it ended."""
    confirmed = browser.post("/handovers/leaving/open", data=WHO)
    assert "3 accounts are handed over" in confirmed.text
    assert "3 open <small>3 for you to close" in confirmed.text
    rows = handing_over.open_ones(agent)
    assert {(row["to_owner"], row["opened_by"]) for row in rows} == {(DESK, DESK)}
    forms = re.findall(r'action="(/handovers/[^"]+/contact)"', confirmed.text)
    assert forms == [f"/handovers/{row['id']}/contact" for row in rows]
    done = browser.post(forms[0], data={"note": "called Ms Berg on 24 November"})
    assert "The contact is on record" in done.text
    assert "Lena Hartmann, 21 Nov 2026:</span> called Ms Berg on 24 November" in done.text
    assert "2 open <small>2 for you to close" in done.text


def test_a_colleague_sees_no_form_and_is_refused(browser: TestClient, agent: Agent) -> None:
    """R72: who may not record a contact reads who may, and a form that they send all the same does nothing."""
    browser.post("/handovers/leaving/open", data=WHO)
    signed_in(browser, OTHER)
    page = browser.get("/handovers").text
    assert "/contact" not in page
    assert "Lena Hartmann records the contact, or somebody above them" in page
    handover_id = handing_over.open_ones(agent)[0]["id"]
    refused = browser.post(f"/handovers/{handover_id}/contact", data={"note": "called Ms Berg on 24 November"})
    assert refused.status_code == 403
    assert len(handing_over.open_ones(agent)) == 3


@pytest.mark.parametrize(
    ("path", "data", "status"),
    [
        pytest.param("/handovers/leaving/open", {**WHO, "leaves_on": "soon"}, 400, id="no day"),
        pytest.param("/handovers/leaving/open", {**WHO, "person": " "}, 400, id="nobody leaves"),
        pytest.param("/handovers/leaving/open", {**WHO, "person": "Customer desk"}, 400, id="a queue leaves"),
        pytest.param("/handovers/leaving/open", {**WHO, "successor": LEAVER}, 400, id="to themselves"),
        pytest.param("/handovers/hov_none/contact", {"note": "called Ms Berg on 24 November"}, 400, id="no handover"),
    ],
)
def test_bad_input_gets_a_page_and_does_nothing(
    browser: TestClient, agent: Agent, path: str, data: dict[str, str], status: int
) -> None:
    """What does not fit gets a clear page, and nothing is written."""
    answer = browser.post(path, data=data)
    assert answer.status_code == status
    assert "That did not fit" in answer.text
    assert handing_over.open_ones(agent) == []


def test_a_name_is_shown_as_text(browser: TestClient) -> None:
    """What somebody typed comes back as text, never as markup."""
    page = browser.get("/handovers/leaving", params={**WHO, "person": "<script>x</script>"}).text
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page
