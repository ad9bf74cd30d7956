"""Observing the accounts: what the sources and the ledger say of each now becomes its row of the running month.

Looking again in the same month writes the row anew. A source that does not answer costs its facts, which stay unknown,
never zero; an account that no source lists any more has left only once its renewal date has passed. Where many are
missing at once it is the listing that is broken, and nobody has left.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from cxagent.context.standing import trust_balance
from cxagent.domain.account import Account, Answers, Contact
from cxagent.domain.money import Fx, Money
from cxagent.errors import Denied, Transient, Unreachable
from cxagent.ledger import account_months, history, month_events, renewals, tickets
from cxagent.ledger.store import Connection
from cxagent.lifetime.hold_out import held_out
from cxagent.lifetime.supposing import MOST_TERM, believed
from cxagent.playbook import Playbook
from cxagent.sources.seam import Source
from cxagent.trends.series import month_number
from cxagent.value.months import bounds, later, month_of

if TYPE_CHECKING:
    from cxagent.judge import Judge

DAYS_A_MONTH = 365.25 / 12
MOST_MISSING, FEW = 0.2, 2
"""More accounts than this share, and than a few, do not leave at once: what lists them has failed."""
BATCH = 10_000
"""So many accounts are named in one question to the ledger."""
FORGOTTEN_MONTHS = 18
"""An account that nobody has looked at for so long is not missed any more."""
Told = Callable[[int, int], None]


class Observed(NamedTuple):
    """What one look at all accounts brought: how many, which left, and what could not be asked."""

    month: str
    accounts: int
    left: tuple[str, ...]
    gaps: tuple[str, ...]


class _Seen(NamedTuple):
    """What the ledger says of the month, by account."""

    tickets: Mapping[str, int]
    complaints: Mapping[str, int]
    trust: Mapping[str, float]
    before: Mapping[str, Any]
    now: Mapping[str, Any]


def observe(judge: "Judge", sources: Sequence[Source], now: datetime, told: Told = lambda done, of: None) -> Observed:
    """Look at every account that the sources list, and write what is known of it into the running month."""
    month = month_of(now)
    ids, gaps = listed(sources)
    with judge.store.read() as connection:
        ids = list(dict.fromkeys([*ids, *(_on_record(connection, month) if gaps else [])]))
        seen = _seen(connection, judge.playbook, ids, month, now)
    rows, came = list[dict[str, Any]](), list[dict[str, Any]]()
    for done, account_id in enumerate(ids, start=1):
        answers = judge.gather.ask("", account_id)
        account = next((one for one in answers.accounts if one.id == account_id), None)
        if account is not None:
            row = _kept(row_of(account, answers, judge.playbook, now, seen), answers, seen.now.get(account_id))
            rows.append(row)
            came += _renewed(row, seen.before.get(account_id))
        told(done, len(ids))
    gaps += _missing(frozenset(ids), seen.before)
    left = [] if gaps else [*_left(frozenset(ids), seen.before, month)]
    with judge.store.write("value") as connection:
        all_rows = [*rows, *(row for row, _ in left)]
        account_months.put(connection, all_rows)
        renewals.take_back(connection, month, [one["account_id"] for one in rows if _was_gone(one, seen.now)])
        renewals.put(connection, [*_drawn([*came, *(renewal for _, renewal in left)], all_rows, judge.playbook)])
    return Observed(month, len(rows), tuple(row["account_id"] for row, _ in left), tuple(gaps))


def listed(sources: Iterable[Source]) -> tuple[list[str], list[str]]:
    """Return the accounts that the sources list, and a sentence for each that cannot list them, or not now."""
    found, gaps = dict[str, None](), list[str]()
    for source in sources:
        if callable(ids := getattr(source, "account_ids", None)):
            try:
                found |= dict.fromkeys(ids())
            except (Transient, Denied, Unreachable, TimeoutError) as error:
                gaps.append(f"{source.name} did not list its accounts, only those on record are observed: {error}")
        elif (documents := getattr(source, "accounts", None)) is not None:
            found |= dict.fromkeys(one.id for one in (documents() if callable(documents) else documents))
        else:
            gaps.append(f"{source.name} cannot list its accounts: only those on record are observed")
    return list(found), gaps


def _seen(connection: Connection, playbook: Playbook, ids: Sequence[str], month: str, now: datetime) -> _Seen:
    counts, parts = counted(connection, month), [ids[at : at + BATCH] for at in range(0, len(ids), BATCH)]
    events = {key: found for part in parts for key, found in history.trust_events(connection, part).items()}
    return _Seen(
        tickets={account: tickets for account, (tickets, _) in counts.items()},
        complaints={account: complaints for account, (_, complaints) in counts.items()},
        trust={account: float(trust_balance(found, playbook, now)) for account, found in events.items()},
        before=account_months.last_known(connection, month, later(month, -FORGOTTEN_MONTHS)),
        now={row["account_id"]: row for row in account_months.in_month(connection, month)},
    )


def counted(connection: Connection, month: str) -> dict[str, tuple[int, int]]:
    """Return how many tickets of a month ended, and how many of them were complaints, by account."""
    ended = list(month_events.ended(connection, *bounds(month)))
    complaints = Counter(one.account_id for one in ended if "signal_complaint" in (one.ruling.get("reasons") or ()))
    return {account: (count, complaints[account]) for account, count in Counter(t.account_id for t in ended).items()}


def _on_record(connection: Connection, month: str) -> list[str]:
    """Return the accounts that were ever asked about, or were there in an earlier month."""
    before = account_months.last_known(connection, month, later(month, -FORGOTTEN_MONTHS))
    return [*tickets.known_accounts(connection), *before]


def _was_gone(row: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether an earlier look of the month took an account for lost that is there."""
    return row["account_id"] in now and not now[row["account_id"]]["active"]


def _missing(there: frozenset[str], before: Mapping[str, Any]) -> list[str]:
    """Say so where more accounts of the last month are missing than leave at once."""
    latest = max((row["month"] for row in before.values()), default="")
    last = [account_id for account_id, row in before.items() if row["month"] == latest]
    missing = sum(account_id not in there for account_id in last)
    if missing <= max(FEW, MOST_MISSING * len(last)):
        return []
    return [f"{missing:,} of {len(last):,} accounts of {latest} are not listed: taken for a gap, nobody counts as lost"]


def _kept(row: dict[str, Any], answers: Answers, earlier: Mapping[str, Any] | None) -> dict[str, Any]:
    """Where a source fails now, keep what an earlier look of the month had from it."""
    if earlier is None or not answers.faults:
        return row
    found = {name: earlier[name] if value is None else value for name, value in row.items()}
    return found | ({"segment": earlier["segment"]} if row["segment"] == account_months.OTHERS else {})


def row_of(account: Account, answers: Answers, playbook: Playbook, now: datetime, seen: _Seen) -> dict[str, Any]:
    """Return what is known of an account at a moment, as its row of the month."""
    crm, contract, month = account.crm, account.contract, month_of(now)
    before = seen.before.get(account.id)
    owner, sponsor = (crm.owner, crm.exec_sponsor) if crm else (None, None)
    arr = _amount(crm.arr if crm else None, playbook, answers.fx)
    return {
        "account_id": account.id,
        "month": month,
        "root_id": _root(account, answers),
        "segment": crm.segment.value if crm and crm.segment else account_months.OTHERS,
        "owner": owner.name if owner and owner.vacant_since is None else None,
        "active": 1,
        "started": int(bool(contract and contract.start_date and month_of(contract.start_date) == month)),
        "arr": arr,
        "margin": believed(crm.gross_margin if crm else None),
        "cost_to_serve": _amount(crm.cost_to_serve if crm else None, playbook, answers.fx),
        **_growth(arr, before),
        "health": crm.health if crm else None,
        "usage": float(crm.usage_change_90d) if crm and crm.usage_change_90d is not None else None,
        **_term(account, now.date()),
        "tickets": seen.tickets.get(account.id, 0),
        "complaints": seen.complaints.get(account.id, 0),
        **_service(account, month),
        "referrals": None,
        "onboarding": crm.onboarding.level if crm and crm.onboarding else None,
        **_consents(account),
        "owner_changed": _changed(owner, month),
        "sponsor_changed": _changed(sponsor, month),
        "quiet": _quiet(crm.contacts if crm else None, playbook, now.date()),
        "disagreeing": _disagreeing(crm.contacts if crm else None),
        "misaligned": int("misaligned" in (crm.flags or ())) if crm else None,
        "trust": seen.trust.get(account.id, 0.0),
    }


def _amount(money: Money | None, playbook: Playbook, fx: Fx | None) -> float | None:
    """Return money in the playbook's currency; None where there is none, or no rate."""
    if money is None or money.currency == playbook.currency:
        return float(money.amount) if money else None
    there = fx.convert(money, playbook.currency) if fx else None
    return float(there.amount) if there else None


def _root(account: Account, answers: Answers) -> str:
    tree, seen = {one.id: one for one in answers.accounts}, {account.id}
    while account.parent_id and account.parent_id in tree and account.parent_id not in seen:
        account = tree[account.parent_id]
        seen.add(account.id)
    return account.id


def _growth(arr: float | None, before: Mapping[str, Any] | None) -> dict[str, float | None]:
    if arr is None or before is None or before["arr"] is None:
        return {"expansion": None, "contraction": None}
    return {"expansion": max(0.0, arr - before["arr"]), "contraction": max(0.0, before["arr"] - arr)}


def _term(account: Account, today: date) -> dict[str, float | int | None]:
    contract = account.contract
    if contract is None or contract.renewal_date is None:
        return {"months_left": None, "next_renewal": None}
    months = max(0.0, (contract.renewal_date - today).days / DAYS_A_MONTH)
    if months > MOST_TERM:
        return {"months_left": None, "next_renewal": None}
    if contract.start_date is None:
        return {"months_left": months, "next_renewal": None}
    years = round((contract.renewal_date - contract.start_date).days / 365.25)
    return {"months_left": months, "next_renewal": max(1, years)}


def _service(account: Account, month: str) -> dict[str, float | int | None]:
    support = account.support
    ratings, promises = (support.csat, support.promises) if support else (None, None)
    due = [one for one in promises or () if one.due and month_of(one.due) == month]
    return {
        "csat_sum": float(sum(ratings)) if ratings else None,
        "csat_count": len(ratings) if ratings else None,
        "sla_breaches": support.sla_breaches_30d if support else None,
        "promises_due": len(due) if promises is not None else None,
        "promises_kept": sum(one.kept is True for one in due) if promises is not None else None,
        "promises_late": sum(one.kept is False for one in due) if promises is not None else None,
    }


def _consents(account: Account) -> dict[str, int | None]:
    consents = account.crm.consents if account.crm else None
    if consents is None:
        return {"consents_asked": None, "consents_given": None}
    return {"consents_asked": len(consents), "consents_given": sum(one.status == "granted" for one in consents)}


def _changed(person: Any, month: str) -> int | None:
    if person is None:
        return None
    moments = [day for day in (person.since, person.vacant_since) if day is not None]
    return int(any(month_of(day) == month for day in moments)) if moments else None


def _quiet(contacts: Sequence[Contact] | None, playbook: Playbook, today: date) -> int | None:
    """Whether nobody of the account was seen for as long as counts as silence; None where nobody's day is known."""
    days = [one.last_seen_on for one in contacts or () if one.last_seen_on and one.left_on is None]
    if not days:
        return None
    return int(today - max(days) >= timedelta(days=playbook.at_risk.champion_unseen_days))


def _disagreeing(contacts: Sequence[Contact] | None) -> int | None:
    stances = {one.stance for one in contacts or () if one.stance and one.left_on is None}
    return int({"for", "against"} <= stances) if stances else None


def _renewed(row: Mapping[str, Any], before: Mapping[str, Any] | None) -> Iterator[dict[str, Any]]:
    """Yield the renewal that happened since the month before: the next one has a higher number now."""
    if before and before["next_renewal"] and row["next_renewal"] and row["next_renewal"] > before["next_renewal"]:
        yield {
            **{name: row[name] for name in ("account_id", "month", "segment")},
            "number": before["next_renewal"],
            "renewed": 1,
            "arr": before["arr"],
            "arr_after": row["arr"],
        }


def _drawn(
    came: Iterable[dict[str, Any]], rows: Sequence[Mapping[str, Any]], playbook: Playbook
) -> Iterator[dict[str, Any]]:
    """Yield renewals with whether chance kept their group from the machine; unknown where nobody drew."""
    roots, share = {row["account_id"]: row["root_id"] for row in rows}, playbook.value.hold_out
    for one in came:
        yield {**one, "held_out": int(held_out(roots[one["account_id"]], share)) if share else None}


def _left(
    listed_now: frozenset[str], before: Mapping[str, Any], month: str
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield what is written of accounts that no source lists any more and whose renewal date has passed.

    One that is listed and could not be read is there: a source that fails loses nobody.
    """
    for account_id, row in before.items():
        if account_id in listed_now or row["months_left"] is None or row["next_renewal"] is None:
            continue
        if row["months_left"] - (month_number(month) - month_number(row["month"])) < 1:
            gone = {name: row[name] for name in ("account_id", "root_id", "segment", "owner", "arr", "margin")}
            renewal = {name: row[name] for name in ("account_id", "segment", "arr")}
            number = {"month": month, "number": row["next_renewal"], "renewed": 0, "arr_after": 0.0}
            yield {**gone, "month": month, "active": 0, "started": 0}, {**renewal, **number}
