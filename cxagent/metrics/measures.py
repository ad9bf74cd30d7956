"""The measures: every sum of a month that a formula may name, with its meaning, unit, source and key.

A measure is additive: the sum over segments is the measure of all. Unknown is None; where a source was read and nothing
happened it is 0. Money is in the playbook's currency.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

Unit = Literal["share", "money", "hours", "count", "months", "score", "days"]
Source = Literal["crm", "billing", "contract", "support", "ledger", "people", "estimate"]
KeyName = Literal["growth", "efficiency", "risk", "trust"]
Nature = Literal["base", "volume", "effort", "outcome"]
"""What a measure counts: whom it is divided by, how much was handled, what that took, or what came of it."""


class Measure(NamedTuple):
    """What one measure means, in which unit, from which source, to which key it belongs, and what it counts."""

    meaning: str
    unit: Unit | Literal["minutes"]
    source: Source
    key: KeyName | None = None
    nature: Nature = "outcome"


def _accounts() -> dict[str, Measure]:
    return {
        "accounts": Measure("accounts that are active at the end of the month", "count", "crm", None, "base"),
        "arr": Measure("revenue a year of the active accounts", "money", "billing", "growth"),
        "arr_before": Measure(
            "revenue a year, at the end of the month before, of those active then", "money", "billing", None, "base"
        ),
        "margin_year": Measure("gross margin a year, in money, before the cost to serve", "money", "billing", "growth"),
        "cost_to_serve_year": Measure("what serving the accounts costs a year", "money", "billing", "efficiency"),
        "expansion": Measure("revenue a year that was added to accounts in the month", "money", "billing", "growth"),
        "contraction": Measure("revenue a year that accounts gave up and stayed", "money", "billing", "growth"),
        "churned_arr": Measure("revenue a year of the accounts that left in the month", "money", "billing", "growth"),
        "started": Measure("accounts that began in the month", "count", "crm", "growth"),
        "left": Measure("accounts that left in the month", "count", "crm", "risk"),
        "renewals_due": Measure("renewal dates that came in the month", "count", "contract", None, "base"),
        "renewed": Measure("renewals among those that were due", "count", "contract", "growth"),
        "clv": Measure("lifetime value of the active accounts where it is known", "money", "estimate", "growth"),
        "clv_known": Measure("active accounts whose lifetime value is known", "count", "estimate", None, "base"),
        "at_risk": Measure("chance of not renewing times what follows, added up", "money", "estimate", "risk"),
        "future_value": Measure("what follows the next renewals, given that they come", "money", "estimate", "growth"),
        "health_sum": Measure("health from 0 to 100, added up where known", "score", "crm", "risk"),
        "health_known": Measure("accounts whose health is known", "count", "crm", None, "base"),
        "unprofitable": Measure("accounts that cost more to serve than their margin", "count", "billing", "growth"),
        "misaligned": Measure("accounts that want what we do not offer", "count", "crm", "growth"),
        "onboarding_sum": Measure("level of onboarding from 0 to 1, added up where known", "score", "crm", "growth"),
        "onboarding_squares": Measure("squares of that level, added up", "score", "crm", "growth"),
        "onboarding_known": Measure("accounts whose onboarding is known", "count", "crm", None, "base"),
        "referrals": Measure("referrals that accounts gave", "count", "crm", "growth"),
        "opportunities": Measure("opportunities that were closed, won or lost", "count", "crm", None, "base"),
        "won": Measure("opportunities that were won", "count", "crm", "efficiency"),
        "owner_changed": Measure("accounts whose owner on our side changed", "count", "crm", "trust"),
        "sponsor_changed": Measure("accounts whose sponsor changed", "count", "crm", "trust"),
        "quiet": Measure("accounts that have gone quiet", "count", "crm", "risk"),
        "disagreeing": Measure("accounts whose contacts want opposite things", "count", "support", "risk"),
        "trust_sum": Measure("stock of trust, added up where known", "score", "estimate", "trust"),
        "trust_known": Measure("accounts whose stock of trust is known", "count", "estimate", None, "base"),
        "promises_made": Measure("promises that were given", "count", "crm", "trust"),
        "promises_due": Measure("promises whose date came", "count", "crm", None, "base"),
        "promises_kept": Measure("promises kept by their date, among those due", "count", "crm", "trust"),
        "promises_late": Measure("promises due that were not kept by their date", "count", "crm", "trust"),
        "consents_asked": Measure(
            "contacts on record who were asked for consent to data use", "count", "crm", None, "base"
        ),
        "consents_given": Measure("contacts whose consent stands", "count", "crm", "trust"),
    }


def _support() -> dict[str, Measure]:
    return {
        "tickets": Measure("tickets that came in", "count", "support", None, "volume"),
        "complaints": Measure("complaints that came in", "count", "support", "risk"),
        "csat_sum": Measure("answers to the survey from 1 to 5, added up", "score", "support", "trust"),
        "csat_count": Measure("answers to the survey", "count", "support", "trust"),
        "csat_asked": Measure("surveys that were sent", "count", "support", None, "base"),
        "sla_breaches": Measure("breaches of a service level", "count", "support", "risk"),
        "outages": Measure(
            "outages that ended in the month, one for each account hit", "count", "support", None, "base"
        ),
        "recovery_hours": Measure("hours until those outages were over, added up", "hours", "support", "risk"),
    }


def _ledger() -> dict[str, Measure]:
    return {
        "decisions": _done("decisions of the machine"),
        "acted": _done("decisions carried out by the machine alone"),
        "drafted": _done("decisions that went to a person as a draft"),
        "handed_over": _done("decisions that went to a person as a case"),
        "resolved_verified": _came("cases whose outcome was seen to hold, by a person or the customer", "efficiency"),
        "reopened": _came("cases that came back after they were closed", "efficiency"),
        "review_minutes": _took("minutes that people spent on reviews"),
        "review_minutes_high": _took("those of them spent on high-value accounts"),
        "minutes_saved": _took("minutes of routine work that were not needed"),
        "minutes_saved_high": _took("minutes so freed that went to high-value accounts"),
        "model_cost": _came("what the model cost", "efficiency", "money"),
        "audited": Measure("decisions that were drawn for an audit and judged", "count", "ledger", None, "base"),
        "agreed": _came("audited decisions that were what the team wanted", "trust"),
        "grave": _came("audited decisions with a grave error", "trust"),
        "repairs": _came("wrongs that were put right with the customer", "trust"),
        "reversals": _came("acts of the machine that were taken back", "trust"),
        "interceptions": _came("proposals that the gate kept back and a person then changed", "risk"),
        "averted_loss": _came("expected loss of what was so kept back; modelled", "risk", "money"),
        "overrides": Measure("decisions of the machine that a person changed", "count", "ledger", None, "base"),
        "overrides_respected": _came("of those, the ones that still stood a month later", "trust"),
    }


def _done(meaning: str) -> Measure:
    return Measure(meaning, "count", "ledger", None, "volume")


def _took(meaning: str) -> Measure:
    return Measure(meaning, "minutes", "ledger", None, "effort")


def _came(meaning: str, key: KeyName, unit: Literal["count", "money"] = "count") -> Measure:
    return Measure(meaning, unit, "ledger", key)


def _people() -> dict[str, Measure]:
    return {
        "people": Measure("colleagues with a month on record", "count", "people", None, "base"),
        "hours": Measure("hours of work with accounts, reviews included", "hours", "people", None, "base"),
        "pulse_sum": Measure("answers to the pulse question from 1 to 5, added up", "score", "people", "trust"),
        "pulse_asked": Measure("colleagues who were asked", "count", "people", None, "base"),
        "pulse_answered": Measure("colleagues who answered", "count", "people", "trust"),
        "recognised": Measure("times that a colleague was credited for an account kept", "count", "people", "trust"),
        "learning_cases": Measure("cases that colleagues set aside to learn from", "count", "people", "trust"),
        "load_sum": Measure(
            "hours of each colleague, reviews included, added up", "hours", "people", "trust", "effort"
        ),
        "load_squares": Measure("squares of those hours, added up", "hours", "people", "trust", "effort"),
    }


MEASURES: Mapping[str, Measure] = {**_accounts(), **_support(), **_ledger(), **_people()}
"""Every measure by name; nothing else can stand in a formula."""
