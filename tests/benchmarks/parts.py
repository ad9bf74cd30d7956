"""What the parts cost that read and ask: microseconds of CPU a call, medians, in one run.

Run it with `make bench`.
"""

import statistics
import time
from collections.abc import Callable
from datetime import date
from typing import Any

from cxagent.domain.account import Account
from cxagent.project import Project
from cxagent.reading.message import read_message
from cxagent.reading.reply import read_reply
from cxagent.scaffold import deployment
from cxagent.sources import Gather, HeldSource

MESSAGE = "Hello, could you send us the invoice of last month once more? Our bookkeeper has lost it. " * 3
REPLY = "The invoice is on its way to you. You can also find it under Settings, Billing, Invoices. " * 3


def microseconds(work: Callable[[], Any], rounds: int = 200) -> float:
    """Return the median CPU time of a call in microseconds."""
    taken = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        taken.append((time.process_time() - started) * 1e6)
    return statistics.median(taken)


def main() -> None:
    """Measure and print the table."""
    project = Project(deployment())
    paths = sorted((deployment() / "tools" / "world" / "accounts").glob("*.json"))
    accounts = [Account.model_validate_json(path.read_text()) for path in paths]
    gather = Gather((HeldSource(tuple(accounts)),))
    rows: list[tuple[str, Callable[[], Any]]] = [
        ("read a message of 270 characters", lambda: read_message(MESSAGE)),
        ("read a reply of 270 characters", lambda: read_reply(REPLY, date(2026, 11, 21))),
        ("recognise the requests of a message", lambda: project.offline.requests(MESSAGE)),
        ("ask documents in memory", lambda: gather.ask("", accounts[0].id)),
    ]
    print("CPU microseconds, medians of 200")
    for name, work in rows:
        work()
        print(f"  {name:38} {microseconds(work):8.0f}")


if __name__ == "__main__":
    main()
