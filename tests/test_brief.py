"""What a person gets: by when, who it is, and what the card and the brief hold."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from requirements.world import Scene, account, credit, doc, playbook

from cxagent import brief
from cxagent.playbook import Hours

BERLIN = Hours.model_validate(
    {"timezone": "Europe/Berlin", "days": ["mon", "tue", "wed", "thu", "fri"], "opens": "08:00", "closes": "18:00"}
)
DUBAI = Hours.model_validate({"timezone": "Asia/Dubai", "days": ["sun", "mon"], "opens": "09:00", "closes": "17:30"})


def at(text: str) -> datetime:
    """Return a moment of the clock in Berlin."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2027-03-09T09:00", 4, "2027-03-09T13:00"),
        ("2027-03-09T14:00", 4, "2027-03-09T18:00"),
        ("2027-03-09T17:00", 4, "2027-03-10T11:00"),
        ("2027-03-09T05:00", 2, "2027-03-09T10:00"),
        ("2027-03-09T18:00", 2, "2027-03-10T10:00"),
        ("2027-03-09T22:30", 2, "2027-03-10T10:00"),
        ("2027-03-12T17:00", 2, "2027-03-15T09:00"),
        ("2027-03-13T12:00", 2, "2027-03-15T10:00"),
        ("2027-03-14T23:59", 8, "2027-03-15T16:00"),
        ("2027-03-12T10:00", 28, "2027-03-16T18:00"),
    ],
    ids=[
        *("inside", "to the minute", "over night", "before opening", "at closing", "late"),
        *("over a weekend", "on Saturday", "Sunday night", "over several days"),
    ],
)
def test_only_working_time_counts(start: str, hours: int, due: str) -> None:
    """A deadline runs in business hours: nights and weekends are skipped, however long it is."""
    assert brief.business_time(at(start), timedelta(hours=hours), BERLIN) == at(due)


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2027-03-26T16:00:00+00:00", "2027-03-29T07:00:00+00:00"),
        ("2027-10-29T15:00:00+00:00", "2027-11-01T08:00:00+00:00"),
    ],
    ids=["into summer time", "into winter time"],
)
def test_the_clock_change_moves_no_working_hour(start: str, due: str) -> None:
    """Across a change of the clock two working hours are still two hours on the wall, shown in the caller's zone."""
    found = brief.business_time(datetime.fromisoformat(start), timedelta(hours=2), BERLIN)
    assert found == datetime.fromisoformat(due)
    assert found.tzinfo == UTC


def test_other_weeks_and_other_hours() -> None:
    """A week may begin on Sunday and hours may end at half past: Monday evening goes on next Sunday."""
    start = datetime(2027, 3, 15, 17, 0, tzinfo=ZoneInfo("Asia/Dubai"))
    assert brief.business_time(start, timedelta(hours=1), DUBAI) == start.replace(day=21, hour=9, minute=30)


@pytest.mark.parametrize(("kind", "hours"), [("small", 8), ("mid", 4), ("global", 2)])
def test_more_stake_less_time(kind: str, hours: int) -> None:
    """The deadline of a draft follows the tier, in the playbook's business hours."""
    morning = at("2027-03-09T08:00")
    found = brief.deadline(playbook(), Scene(account(kind)).audit(), morning)
    assert found == morning + timedelta(hours=hours)


def test_an_unknown_sender_counts_as_high() -> None:
    """Where the account is not known the shortest deadline holds."""
    morning = at("2027-03-09T08:00")
    unknown = Scene(account(), sender="x@elsewhere.example").audit()
    assert brief.deadline(playbook(), unknown, morning) == morning + timedelta(hours=2)


@pytest.mark.parametrize(
    ("held", "role", "name"),
    [
        ({"name": "Greta Solano", "since": "2025-01-01"}, "reviewer", "Greta Solano"),
        ({"name": "Greta Solano", "vacant_since": "2027-02-01"}, "approver", "Priya Nair"),
        ({"name": "Pooled", "since": "2025-01-01"}, "approver", "Priya Nair"),
        ({"name": " support desk ", "since": "2025-01-01"}, "finance_lead", "Samuel Costa"),
        (None, "executive", "Miriam Okafor"),
        (None, "reviewer", "Lena Hartmann"),
        (None, "nobody's role", "Lena Hartmann"),
    ],
    ids=["named", "vacant", "pooled", "a desk", "none, executive", "none, reviewer", "none, unknown role"],
)
def test_a_person_takes_over(held: dict[str, str] | None, role: str, name: str) -> None:
    """The account's owner takes over; a vacant seat, a pool or nobody at all is a named person of the needed rank."""
    found = Scene(account(changes={"crm.owner": held})).audit()
    assert brief.owner(playbook(), found, role) == name


def test_up_the_ladder_where_a_rank_is_empty() -> None:
    """Where nobody holds the needed rank, the next one above takes over; where nobody is left, the role is named."""
    people = [{"name": "Lena Hartmann", "role": "reviewer"}, {"name": "Miriam Okafor", "role": "executive"}]
    assert brief.signer(playbook({"people": people}), "approver") == "Miriam Okafor"
    assert brief.signer(playbook({"people": people[:1]}), "approver") == "approver"


def test_the_card_as_text_holds_what_counts() -> None:
    """The text form names who wrote, the stake, the reasons, the reply, the calls and the signature."""
    scene = Scene(account("mid"), credit())
    sub, ruling = scene.submission(), scene.ruling()
    shown = brief.card(scene.ticket, sub.audit, sub.reading, credit(), ruling, scene.at)
    text = brief.describe(shown)
    for part in ("Ada (admin) of Company A-1", "USD 210,000.00", "open since", credit().reply, "issue_credit"):
        assert part in text
    assert "and a second person" not in text


def test_what_is_not_known_is_said() -> None:
    """A card about a stranger says so and names no figure of any account."""
    scene = Scene(account(), doc(), sender="x@elsewhere.example")
    stake = brief.at_stake(scene.audit(), scene.ruling())
    assert (stake["stake"], stake["arr"], stake["clv"], stake["why"]) == ("unknown",) * 3 + (
        "the account is not known",
    )
    assert brief.who(scene.ticket, scene.audit())["account"] is None
