"""What is learned from mishandled cases: messages that resemble them are looked at by a person for a while."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from cxagent.latitude.similar import HALF_LIVES
from cxagent.latitude.terms import Learning
from cxagent.ledger import lessons
from cxagent.ledger.findings import Key
from cxagent.ledger.store import Connection


def learn(connection: Connection, cell: Key, cases: Sequence[str], at: datetime, terms: Learning, why: str) -> None:
    """Learn the decisions that lowered a cell; after a few half-lives nothing is left of them."""
    until = at + timedelta(days=HALF_LIVES * terms.half_life_days)
    lessons.learn(connection, cell.intent, cell.segment, cases, at, until, why)
