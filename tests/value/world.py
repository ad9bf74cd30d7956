"""A small world of months: accounts that are written down row by row, closed as loading closes them, and read again."""

import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cxagent.ledger import account_months, renewals
from cxagent.ledger.store import Connection
from cxagent.metrics.registry import default_registry
from cxagent.playbook import Playbook, load_playbook
from cxagent.value.closing import close
from cxagent.value.report import MetricReport, Report, report

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
MONTH = "2026-11"
FULL: dict[str, Any] = {
    **{"segment": "smb", "owner": "Imke Solano", "active": 1, "started": 0, "arr": 6000.0, "margin": 0.8},
    **{"cost_to_serve": 900.0, "expansion": 0.0, "contraction": 0.0, "health": 70.0, "usage": 0.0},
    **{"next_renewal": 2, "months_left": 6.0, "tickets": 2, "complaints": 0, "csat_sum": 4.5, "csat_count": 1},
    **{"csat_asked": 3, "sla_breaches": 0, "outages": 1, "recovery_hours": 2.0, "referrals": 0, "opportunities": 1},
    **{"won": 1, "onboarding": 0.5, "promises_made": 1, "promises_due": 1, "promises_kept": 1, "promises_late": 0},
    **{"consents_asked": 2, "consents_given": 1, "owner_changed": 0, "sponsor_changed": 0, "quiet": 0},
    **{"disagreeing": 0, "misaligned": 0, "trust": 0.2},
}
"""An account of which everything is known."""


def playbook() -> Playbook:
    """Return the playbook of the reference deployment."""
    return load_playbook(ROOT / "graphs" / "playbook.yaml")


def before(months: int, last: str = MONTH) -> list[str]:
    """Return so many months that end with the last one."""
    end = int(last[:4]) * 12 + int(last[5:]) - 1
    return [f"{at // 12:04d}-{at % 12 + 1:02d}" for at in range(end - months + 1, end + 1)]


def row(account_id: str, month: str, **known: Any) -> dict[str, Any]:
    """Return a month of an account of which everything is known but what is given otherwise."""
    return {**FULL, "account_id": account_id, "root_id": account_id, "month": month, **known}


def renewal(account_id: str, month: str, renewed: bool, number: int = 1, **known: Any) -> dict[str, Any]:
    """Return a renewal date that came."""
    told = {"account_id": account_id, "month": month, "segment": "smb", "number": number, "renewed": int(renewed)}
    return {**told, "arr": 6000.0, **known}


def written(connection: Connection, rows: Iterable[dict[str, Any]], came: Iterable[dict[str, Any]] = ()) -> list[str]:
    """Write months and renewals and close every month; return the months."""
    held = list(rows)
    account_months.put(connection, held)
    renewals.put(connection, list(came))
    months = sorted({one["month"] for one in held})
    close(connection, playbook(), months)
    return months


def told(connection: Connection, segment: str | None = None) -> Report:
    """Return the report of today."""
    return report(connection, playbook(), default_registry(), NOW, segment)


def metric(found: Report, name: str) -> MetricReport:
    """Return one metric of a report."""
    return next(one for metrics in found.keys.values() for one in metrics if one.name == name)


def shrinking(months: int = 36, seed: int = 3) -> Iterator[dict[str, Any]]:
    """Yield a portfolio that grows at the top while small accounts leave: revenue rises, and there are ever fewer."""
    chance = random.Random(seed)
    for place in range(40):
        stays = months - chance.randrange(0, 24) if place < 25 else months
        for count, month in enumerate(before(months)[:stays], 1):
            gone = place < 25 and count == stays and stays < months
            yield row(f"S-{place}", month, active=int(not gone), next_renewal=1 + count // 12)
    big = 400_000.0
    for month in before(months):
        grown = big * 1.02
        more = {"expansion": grown - big, "arr": grown, "cost_to_serve": 20_000.0}
        yield row("E-1", month, segment="enterprise", owner="Ines Halloran", **more)
        big = grown
