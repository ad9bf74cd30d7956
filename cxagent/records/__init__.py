"""The tables. They remember and do not judge: SQLModel tables do not validate, so values are checked before.

Only append-only, hash-chained tables carry `decision` in their name. Personal data lies in `personal`, behind a salted
digest, so that erasing it breaks no proof. Numbers of money are decimals as text, times are UTC in ISO 8601 text:
both read the same in every database.
"""

from cxagent.records import governance, inbox, ledger, people, quality, value
from cxagent.records.ledger import MigrationRow

__all__ = ["MigrationRow", "governance", "inbox", "ledger", "people", "quality", "value"]
