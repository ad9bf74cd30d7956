"""RavenStack, public tables that others left inconsistent: one mapping reads them, checks count their faults."""

from pathlib import Path

import pytest

from cxagent.domain.account import Account
from cxagent.sources import FilesSource, Gather

DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "ravenstack"
MAPPING = Path(__file__).parent / "data" / "ravenstack.yaml"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the RavenStack tables are not here")


@pytest.fixture(scope="module")
def ravenstack() -> FilesSource:
    """The tables, read once."""
    return FilesSource(DATA, mapping=MAPPING)


def test_every_account_becomes_a_valid_document(ravenstack: FilesSource) -> None:
    """All 500 accounts load through one mapping file, no line is lost, and each document reads back as itself."""
    accounts = ravenstack.accounts()
    assert len(accounts) == 500
    assert ravenstack.rejected == ()
    assert all(Account.model_validate_json(account.model_dump_json()) == account for account in accounts)


def test_the_checks_flag_what_contradicts_itself(ravenstack: FilesSource) -> None:
    """The mapped checks count exactly the contradictions that the tables hold."""
    assert ravenstack.totals() == {
        "open subscriptions on several tiers": 496,
        "subscription names another tier than its account": 3365,
        "churned account with an open subscription": 110,
        "churn event of an account that is not flagged churned": 465,
        "ticket from before sign-up": 1077,
    }


def test_an_account_brings_its_contradictions_along(ravenstack: FilesSource) -> None:
    """Asking about one account returns each failed check with both values and their lines."""
    answers = Gather([ravenstack]).ask("nobody@example.com", "A-43a9e3")
    found = {mismatch.check: mismatch for mismatch in answers.mismatches}
    tiers = found["subscription names another tier than its account"]
    assert tiers.left == "subscriptions.plan_tier: Pro (first of 4, at ravenstack_subscriptions.csv:521)"
    assert tiers.right == "accounts.plan_tier: Basic (at ravenstack_accounts.csv:3)"
    assert tiers.material
    assert not found["ticket from before sign-up"].material


def test_day_first_dates_are_read_as_such(ravenstack: FilesSource) -> None:
    """The 17-08-2023 of the table is the seventeenth of August, and no age is invented."""
    account = ravenstack.account("A-43a9e3")
    assert account is not None and account.contract is not None
    assert str(account.contract.start_date) == "2023-08-17"
    assert account.contract.as_of is None
