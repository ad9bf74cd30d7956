"""Grounds: right for the right reason, and whether the context auditor saw what is amiss in the frozen facts.

A case says what is amiss in three places: its faults, the reason codes that its label demands or excludes, and tags
such as `stale:billing`, `missing:contract.renewal_date` or `conflicting:billing.seats`. Nothing else counts: where a
case is silent, a finding is neither right nor wrong.
"""

from collections.abc import Iterable

from cxagent.domain.value import Text, Value
from cxagent.domain.vocabulary import Reason
from cxagent.evaluation.case import Case
from cxagent.evaluation.frame import cluster_of
from cxagent.evaluation.grading import Graded, reasons_hold
from cxagent.evaluation.trial import Trial
from cxagent.intervals import Rate, Seen, rate_of

KINDS: dict[str, str] = {
    "stale": Reason.FACT_STALE.value,
    "missing": Reason.FACT_MISSING.value,
    "conflicting": Reason.FACT_CONFLICT.value,
    "denied": Reason.FACT_DENIED.value,
    "failed": Reason.SOURCE_FAILED.value,
}
WHOLE = "audit:whole"
"""A tag: the tags of this case name everything that is amiss, so that any other finding is invented."""


class RightReason(Value):
    """Of the trials with the wanted route whose label speaks of reasons, how many gave them."""

    rate: Rate
    of: int
    wrong_reason: tuple[Text, ...]


class Auditor(Value):
    """The context auditor against what the cases say is amiss: how much was found, how much of the found is so."""

    said: int
    found: int
    precision: Rate | None
    recall: Rate | None
    overlooked: tuple[Text, ...]
    invented: tuple[Text, ...]


def right_reason(measured: Iterable[Graded]) -> RightReason:
    """Measure the reasons where the route is right; a right route for a wrong reason is luck."""
    held = [
        (one, reasons_hold(one.case, one.trial))
        for one in measured
        if one.trial.autonomy == one.case.expect.autonomy and _speaks(one.case)
    ]
    return RightReason(
        rate=rate_of(Seen(cluster_of(one.case), holds) for one, holds in held),
        of=len(held),
        wrong_reason=tuple(dict.fromkeys(one.case.id for one, holds in held if not holds)),
    )


def _speaks(case: Case) -> bool:
    return bool(case.expect.reasons.all_of or case.expect.reasons.none_of)


def unlooked_for(measured: Iterable[Graded]) -> dict[str, tuple[str, ...]]:
    """Return by case the required facts that were missing and capped it, where the case does not say that any is.

    Such a case can be right by accident: whatever it was written to show, the missing fact alone led there.
    """
    found: dict[str, tuple[str, ...]] = {}
    for one in measured:
        facts = tuple(item.partition(":")[2] for item in one.trial.audit or () if item.startswith("missing:"))
        if facts and Reason.FACT_MISSING in one.trial.reasons and "missing" not in _said(one.case, one.trial)[0]:
            found.setdefault(one.case.id, facts)
    return found


def auditor(measured: Iterable[Graded]) -> Auditor:
    """Compare, trial by trial, what the case says is amiss with what the auditor found."""
    recalled: list[Seen] = []
    precise: list[Seen] = []
    overlooked: dict[str, None] = {}
    invented: dict[str, None] = {}
    for one in measured:
        cluster, found = cluster_of(one.case), _found(one.trial)
        amiss, fine = _said(one.case, one.trial)
        judged = amiss | fine | (found if WHOLE in one.case.tags else set())
        recalled += [Seen(cluster, item in found) for item in sorted(amiss)]
        precise += [Seen(cluster, item in amiss) for item in sorted(found & judged)]
        overlooked |= dict.fromkeys(f"{one.case.id}: {item}" for item in sorted(amiss - found))
        invented |= dict.fromkeys(f"{one.case.id}: {item}" for item in sorted((found & judged) - amiss))
    return Auditor(
        said=len(recalled),
        found=len(precise),
        precision=rate_of(precise) if precise else None,
        recall=rate_of(recalled) if recalled else None,
        overlooked=tuple(overlooked),
        invented=tuple(invented),
    )


def _said(case: Case, trial: Trial) -> tuple[set[str], set[str]]:
    """Return what the case says is amiss and what it says is fine; single facts only where the trial noted them."""
    wanted, unwanted = set(case.expect.reasons.all_of), set(case.expect.reasons.none_of)
    amiss = {kind for kind, code in KINDS.items() if code in wanted}
    amiss |= {"denied" if fault.error == "denied" else "failed" for fault in case.faults}
    named = {tag for tag in case.tags if tag.partition(":")[0] in KINDS and ":" in tag}
    amiss |= {tag.partition(":")[0] for tag in named}
    if trial.audit is not None:
        amiss |= named
    fine = {kind for kind, code in KINDS.items() if code in unwanted}
    return amiss, fine - amiss


def _found(trial: Trial) -> set[str]:
    """Return the kinds that ruling or auditor named, and each single finding that was noted."""
    facts = {item for item in trial.audit or () if item.partition(":")[0] in KINDS}
    kinds = {item.partition(":")[0] for item in facts}
    return facts | kinds | {kind for kind, code in KINDS.items() if code in trial.reasons}
