"""How long the report on value takes over many accounts and five years of months, and that its cost grows with them."""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from cxagent import clock
from cxagent.ledger import account_months, renewals
from cxagent.ledger.store import Store
from cxagent.playbook import load_playbook
from cxagent.trends.series import month_name, month_number
from cxagent.value.closing import close

ROOT = Path(__file__).resolve().parents[2]
LAST = "2026-11"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
SEGMENTS = (("smb", 6_000, 0.82, 0.72), ("mid_market", 40_000, 0.9, 0.215), ("enterprise", 220_000, 0.95, 0.065))
BATCH = 5000


def months(accounts: int, count: int, seed: int = 11) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
    """Yield every month of every account, with the renewal that came in it; who leaves makes room for somebody new."""
    chance, last = random.Random(seed), month_number(LAST)
    names = [segment for *segment, _ in SEGMENTS]
    weights = [share for *_, share in SEGMENTS]
    for place in range(accounts):
        segment, arr, stays = chance.choices(names, weights)[0]
        life, age = 0, chance.randrange(36)
        for number in range(last - count + 1, last + 1):
            name, month = f"ACC-{place:06d}-{life}", month_name(number)
            health = min(100.0, max(0.0, chance.gauss(70, 15)))
            row = {
                **{"account_id": name, "month": month, "root_id": name, "segment": segment, "owner": f"P{place % 200}"},
                **{"active": 1, "started": int(age == 0), "arr": arr * 1.0, "margin": 0.75, "cost_to_serve": arr * 0.1},
                **{"expansion": 0.0, "contraction": 0.0, "health": health, "usage": chance.gauss(0, 0.2)},
                **{"next_renewal": age // 12 + 1, "months_left": 12.0 - age % 12, "tickets": chance.randrange(4)},
                **{"complaints": int(chance.random() < 0.03), "csat_sum": 4.4, "csat_count": 1, "quiet": 0},
                **{"promises_due": 1, "promises_kept": int(chance.random() < 0.9), "consents_asked": 2},
                **{"consents_given": 1, "owner_changed": 0, "sponsor_changed": int(chance.random() < 0.01)},
            }
            due = age > 0 and age % 12 == 0
            kept = chance.random() < stays + (health - 70) / 400
            renewal = None
            if due:
                known = {"account_id": name, "month": month, "segment": segment, "arr": arr * 1.0}
                renewal = {**known, "number": age // 12, "renewed": int(kept)}
                if not kept:
                    row["active"], life, age = 0, life + 1, -1
            yield row, renewal
            age += 1


def fill(store: Store, accounts: int, count: int) -> None:
    """Write the months and close them, as loading does."""
    held, came, names = list[dict[str, Any]](), list[dict[str, Any]](), set[str]()
    with store.write("filling") as connection:
        for row, renewal in months(accounts, count):
            held.append(row)
            names.add(row["month"])
            came += [renewal] if renewal else []
            if len(held) == BATCH:
                account_months.put(connection, held)
                renewals.put(connection, came)
                held, came = [], []
        account_months.put(connection, held)
        renewals.put(connection, came)
        began = time.perf_counter()
        close(connection, load_playbook(ROOT / "graphs" / "playbook.yaml"), sorted(names))
        print(f"value: closing {len(names)} months took {time.perf_counter() - began:.0f} s", flush=True)


def seconds(url: str) -> float:
    """Return how long the whole command takes, start of Python included."""
    began = time.perf_counter()
    environment = {**os.environ, "CXAGENT_DATABASE_URL": url, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", "from cxagent.cli import main; main()", "value", "--json", "--project", str(ROOT)]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    """Print the time of an empty ledger, of half of the accounts and of all, medians of turns, with their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=4_000)
    parser.add_argument("--months", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="a folder for the ledgers, so that a second run need not fill them")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, clock.frozen(NOW):
        kept, urls = given.keep or Path(folder), {}
        for size in (0, given.accounts // 2, given.accounts):
            path = kept / f"value-{size}.sqlite"
            urls[size], there = f"sqlite:///{path}", path.exists()
            store = Store.open(urls[size], durable=False)
            if size and not there:
                fill(store, size, given.months)
            store.close()
        taken: dict[int, list[float]] = {size: [] for size in urls}
        for _ in range(given.rounds):
            for size, url in urls.items():
                taken[size].append(seconds(url))
    middle = {size: median(times) for size, times in taken.items()}
    for size, one in middle.items():
        print(f"value: {size:>7,} accounts x {given.months} months {one:.2f} s")
    empty, half, full = middle.values()
    beyond = (full - empty) / max(half - empty, 1e-9)
    print(f"value: twice the accounts, {beyond:.2f} times the time beyond an empty ledger")


if __name__ == "__main__":
    main()
