"""What is at stake, and how sure the machine is: as ladders, each to be climbed with the rules that weigh a loss."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial

from cxagent.domain.account import Contact, Onboarding
from cxagent.domain.alarm import Alarm
from cxagent.domain.cell import Cell
from cxagent.domain.vocabulary import ACT
from cxagent.lifetime.stake import Stake, StakePart
from cxagent.proof.ladder import Ladder, ladder
from cxagent.proof.scene import ACCOUNT, AT, INTENT, Change, section, standing
from cxagent.rules.loss import STANCE_DAYS, budget_of
from cxagent.rules.submission import Submission

LOSS = "expected_loss recorded_loss loss_budget"
EVERYWHERE = "request standing"
"""A weighing looks at what is asked for, and at whether its intent counts, which the standing says."""
SOME = Decimal(20_000)


def worth_ladders() -> Iterator[Ladder]:
    """Yield the ladders of value, of health, of records, of the day's loss, and of accounts that are not steady."""
    values = {f"{worth:,}": partial(_carrying, worth=Decimal(worth)) for worth in (0, SOME, 10**7, 10**9)}
    yield ladder("what is at stake", LOSS, EVERYWHERE, **values)
    hazards = {f"{ratio}_times_the_odds": partial(_carrying, hazard=ratio) for ratio in (1.0, 3.0, 3000.0)}
    yield ladder("the odds of leaving", LOSS, EVERYWHERE, **hazards)
    records = {f"{lost}_of_100_lost": partial(_audited, audits=100, lost=lost) for lost in (0.0, 5.0, 100.0)}
    yield ladder("the record of its kind of case", LOSS, EVERYWHERE, **records)
    yield ladder("the loss of the day", "loss_budget", EVERYWHERE, half=_spent(0.5), whole=_spent(1))
    yield from _unsteady()


def _carrying(sub: Submission, worth: Decimal = SOME, hazard: float = 1.0) -> Submission:
    part, nothing = StakePart(amount=worth, said=""), StakePart(amount=None, said="")
    stake = Stake(
        currency=sub.playbook.currency,
        renewal=part,
        expansion=nothing,
        relationship=nothing,
        referral=nothing,
        method="crm",
        hazard_ratio=hazard,
        hazard_said="",
        owner="",
    )
    return standing(sub, at_stake=stake)


def _audited(sub: Submission, audits: int, lost: float) -> Submission:
    crm = sub.audit.account.crm if sub.audit.account else None
    assert crm is not None and crm.segment is not None
    cell = Cell(intent=INTENT, segment=crm.segment, cap=ACT, why="", audits=audits, lost=lost)
    return replace(_carrying(sub), cells=(cell,))


def _spent(share: float) -> Change:
    """Return the change that uses up a share of the day's limit, which is a share of the value itself."""

    def change(sub: Submission) -> Submission:
        carrying = _carrying(sub)
        return replace(carrying, lost_today=budget_of(carrying) * Decimal(share))

    return change


def _unsteady() -> Iterator[Ladder]:
    for scope, key in (("account", ACCOUNT), ("segment", "smb"), ("everything", "")):
        alarm = Alarm.model_validate({"metric": "a metric", "scope": scope, "key": key, "why": "", "since": ""})
        yield ladder(f"an alarm on {scope}", "alarms", up=partial(_alarmed, alarm=alarm))
    yield ladder(
        "onboarding",
        "onboarding",
        on_track=partial(section, name="crm", onboarding=Onboarding(state="on_track")),
        in_trouble=partial(section, name="crm", onboarding=Onboarding(state="in_trouble")),
    )
    yield ladder(
        "the stances of its people",
        "stances_agree",
        one_old=partial(_taking_sides, days=STANCE_DAYS + 1),
        opposed=partial(_taking_sides, days=STANCE_DAYS),
    )


def _alarmed(sub: Submission, alarm: Alarm) -> Submission:
    return replace(sub, alarms=(alarm,))


def _taking_sides(sub: Submission, days: int) -> Submission:
    crm = sub.audit.account.crm if sub.audit.account else None
    held = (crm.contacts if crm else None) or ()
    taken = {"for": AT.date(), "against": AT.date() - timedelta(days=days)}
    sides = [
        Contact.model_validate({"email": stance, "stance": stance, "stance_on": on}) for stance, on in taken.items()
    ]
    return section(sub, "crm", contacts=(*held, *sides))
