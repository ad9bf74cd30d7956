"""How long the report on decision quality takes over many findings, and that its cost grows with them alone."""

import random
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median

from cxagent.domain.finding import Finding
from cxagent.domain.vocabulary import ACT, DRAFT
from cxagent.ledger import findings
from cxagent.ledger.store import Store
from cxagent.playbook import load_playbook
from cxagent.quality.patterns import patterns
from cxagent.quality.report import report

ROOT = Path(__file__).resolve().parents[2]
SIZES = (50_000, 200_000)
NOW = datetime(2027, 3, 9, 12, tzinfo=UTC)
ROUNDS, BATCH = 3, 5000


def fill(store: Store, count: int, seed: int = 7) -> None:
    """Write a stream of findings over two years, one in fifty of them a disagreement."""
    chance = random.Random(seed)
    book = load_playbook(ROOT / "graphs" / "playbook.yaml")
    intents, segments = sorted(book.intents), ("smb", "mid_market", "enterprise", "strategic")
    traits = (("low_clv",), ("mid",), ("mid", "at_risk"), ("low_clv", "in_window"))
    held: list[Finding] = []
    with store.write("filling") as connection:
        for number in range(count):
            at = NOW - timedelta(days=730 * (count - number) / count)
            wrong = chance.random() < 0.02
            held.append(
                Finding(
                    decision_id=f"dec_{number}",
                    ticket_id=f"tkt_{number}",
                    account_id=f"ACC-{number % 5000}",
                    root_id=f"ACC-{number % 4000}",
                    intent=chance.choice(intents),
                    segment=chance.choice(segments),
                    version="bench",
                    origin="audit",
                    chosen="uniform",
                    chance=chance.choice((0.1, 0.5)),
                    would=ACT,
                    went=ACT,
                    wanted=DRAFT if wrong else ACT,
                    agrees=not wrong,
                    severity="minor" if wrong else None,
                    reasons=("wrong_facts",) if wrong else (),
                    traits=chance.choice(traits),
                    by="Jonas Falk",
                    stake=Decimal(12000),
                    decided_at=at,
                    at=at,
                )
            )
            if len(held) == BATCH or number == count - 1:
                findings.add_many(connection, held)
                held.clear()


def seconds(store: Store) -> float:
    """Return how long the whole report takes, patterns included."""
    book = load_playbook(ROOT / "graphs" / "playbook.yaml")
    began = time.perf_counter()
    with store.read() as connection:
        report(connection, book, "bench", NOW)
        patterns(connection, book, NOW)
    return time.perf_counter() - began


def main() -> None:
    """Print the time of each size, the median of some rounds, and the ratio of the two."""
    taken = []
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            store = Store.open(f"sqlite:///{folder}/{size}.sqlite", durable=False)
            fill(store, size)
            taken.append(median(seconds(store) for _ in range(ROUNDS)))
            print(f"quality: {size:>7,} findings {taken[-1]:.2f} s")
            store.close()
    print(f"quality: {SIZES[1] / SIZES[0]:.0f} times the findings, {taken[1] / taken[0]:.1f} times the time")


if __name__ == "__main__":
    sys.exit(main())
