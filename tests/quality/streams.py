"""Findings by the hundred for the tests of rates and patterns: whatever is not said is a calm, agreeing audit."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from cxagent.domain.finding import Finding
from cxagent.domain.vocabulary import ACT
from cxagent.ledger import findings
from cxagent.ledger.store import Store

NOW = datetime(2027, 3, 9, 12, tzinfo=UTC)
_NUMBERS = count(1)


def finding(**said: Any) -> Finding:
    """Return one finding; every one is about a decision and an account of its own."""
    number = next(_NUMBERS)
    told = {
        "decision_id": f"dec_{number}",
        "ticket_id": f"tkt_{number}",
        "account_id": f"ACC-{number}",
        "root_id": f"ACC-{number}",
        "intent": "goodwill_credit",
        "segment": "mid_market",
        "version": "v1",
        "origin": "audit",
        "chosen": "uniform",
        "chance": 0.5,
        "would": ACT,
        "went": ACT,
        "wanted": ACT,
        "agrees": True,
        "by": "Jonas Falk",
        "stake": Decimal(20000),
        "decided_at": NOW - timedelta(days=3),
        "at": NOW - timedelta(days=1),
    }
    return Finding.model_validate({**told, **said})


def kept(store: Store, *many: Finding) -> None:
    """Put findings on record, and nothing else."""
    with store.write("findings") as connection:
        for one in many:
            findings.add(connection, one, None)
