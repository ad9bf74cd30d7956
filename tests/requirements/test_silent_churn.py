"""Accounts that look content while their signals fall are flagged well ahead, measured on a simulated market.

The market is invented and its numbers are assumptions; what is measured is the product's own audit over its documents.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import pytest
from simulated_accounts import CHURNING, RIVAL, Lived, Look, Market, market

from cxagent.domain.account import Account
from cxagent.domain.vocabulary import Reason
from requirements.world import Scene

ACCOUNTS = 500
AHEAD = 60
"""How many days before the renewal a flag must come to be of use."""


def flagged(look: Look) -> bool:
    """Whether the product's audit of that day flags silent churn."""
    standing = Scene(Account.model_validate(look.document), at=look.at).audit().standing
    assert standing is not None
    return any(risk.reason == Reason.SILENT_CHURN for risk in standing.risks)


@dataclass(frozen=True)
class Watched:
    """One account with the days left at which it was flagged."""

    lived: Lived
    flags: tuple[int, ...]

    @property
    def content(self) -> bool:
        """Whether the last answers to surveys are all 5, and there are some."""
        return set(self.lived.looks[-1].document["support"]["csat"]) == {5}

    @property
    def fading(self) -> bool:
        """Whether it fades without a word; the market knows, the product does not."""
        return self.lived.fate == "silent"

    @property
    def lead(self) -> int:
        """How many days before the renewal it was first flagged once it faded; 0 for never."""
        return next((left for left in self.flags if self.lived.onset is None or left <= self.lived.onset), 0)


@cache
def watched(what: Market, seed: int) -> tuple[Watched, ...]:
    """Take every monthly look of a market's last year through the product's audit."""
    return tuple(
        Watched(one, tuple(look.days_left for look in one.looks if flagged(look)))
        for one in market(what, ACCOUNTS, seed)
    )


def share(some: Sequence[bool]) -> float:
    """Return the share of what is so."""
    return sum(some) / len(some)


def measured(what: Market, seed: int) -> dict[str, float]:
    """Return the figures over the accounts that look content: how early, how sure, how complete."""
    content = [one for one in watched(what, seed) if one.content]
    early = [one for one in content if any(left >= AHEAD for left in one.flags)]
    fading = [one for one in content if one.fading]
    leads = [one.lead for one in fading if one.lead]
    return {
        "content": len(content),
        "fading": len(fading),
        "precision": share([not one.lived.renewed for one in content if one.flags]),
        "precision early": share([not one.lived.renewed for one in early]),
        "recall of fading": share([one.lead > 0 for one in fading]),
        "recall of fading early": share([one.lead >= AHEAD for one in fading]),
        "recall of all who leave": share([bool(one.flags) for one in content if not one.lived.renewed]),
        "median lead": statistics.median(leads),
        "share of leads early": share([lead >= AHEAD for lead in leads]),
        "renew without a flag": share([one.lived.renewed for one in content if not one.flags]),
    }


# ---- R13 ------------------------------------------------------------------------------------------------------------


def test_content_accounts_that_fade_are_flagged_ahead() -> None:
    """R13: of those that rate 5 of 5 and fade, most are flagged, by the median three months ahead, most by 60 days."""
    found = measured(CHURNING, 1)
    print({name: round(value, 3) for name, value in found.items()})
    assert found["fading"] >= 50
    assert found["median lead"] >= 90 and found["share of leads early"] >= 0.6
    assert found["recall of fading"] >= 0.7 and found["recall of fading early"] >= 0.5
    assert found["precision"] >= 0.5 and found["precision early"] >= 0.5
    assert found["recall of all who leave"] >= 0.6


def test_surveys_alone_say_nothing_where_the_flag_does() -> None:
    """R13: among accounts that all rate 5 of 5 the flagged leave several times as often as the others."""
    content = [one for one in watched(CHURNING, 1) if one.content]
    leave = {
        flag: share([not one.lived.renewed for one in content if bool(one.flags) is flag]) for flag in (True, False)
    }
    assert leave[True] > 4 * leave[False]


def test_it_stays_quiet_where_nobody_fades() -> None:
    """R13: where as many leave without fading, at most a fifth of the accounts are ever flagged, and 4 % of the looks.

    There the flag knows nothing: those that leave are flagged about as often as those that stay.
    """
    every = watched(RIVAL, 2)
    looks = sum(len(one.flags) for one in every) / sum(len(one.lived.looks) for one in every)
    stay, leave = ([bool(one.flags) for one in every if one.lived.renewed is so] for so in (True, False))
    print({"accounts": share([*stay, *leave]), "looks": looks, "stay": share(stay), "leave": share(leave)})
    assert share([*stay, *leave]) <= 0.2 and looks <= 0.04
    assert abs(share(stay) - share(leave)) < 0.12


@pytest.mark.parametrize("fate", ["steady", "seasonal"])
def test_who_renews_is_mostly_left_alone(fate: str) -> None:
    """R13: a season deeper than the threshold is flagged as well: at most two in five of the seasonal accounts."""
    of = [bool(one.flags) for one in watched(CHURNING, 1) if one.lived.fate == fate]
    print({fate: share(of), "of": len(of)})
    assert share(of) <= {"steady": 0.15, "seasonal": 0.4}[fate]


def test_a_flag_cannot_come_before_the_fading() -> None:
    """R13: a flag needs about three months of fading: who fades in the last hundred days is mostly seen too late."""
    delays = [one.lived.onset - one.lead for one in watched(CHURNING, 1) if one.lived.onset and one.lead]
    late = [one.lead >= AHEAD for one in watched(CHURNING, 1) if one.lived.onset and one.lived.onset < AHEAD + 45]
    print({"median delay": statistics.median(delays), "late": len(late), "of them early": sum(late)})
    assert 60 <= statistics.median(delays) <= 110
    assert late and share(late) <= 0.4
