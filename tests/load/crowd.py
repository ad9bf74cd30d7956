"""Many people at one inbox: 50 reviewers and 5 workers on 10,000 drafts, on loopback, and then the books are checked.

    make load   # or: PYTHONPATH=tests/benchmarks python tests/load/crowd.py --drafts 10000 --reviewers 50

First everybody only reads, at an inbox with 100 drafts and at one with 10,000 in turn, and the pages are timed. Then
the reviewers decide at the large one, many of them the same cards, while tickets come in. It prints a table, and exits
with 1 where a verdict was lost or carried out twice, or a page is more than three times as slow as with 100 drafts.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from databases import database, server
from heap import Pattern, heap
from sqlalchemy import select
from world import build, names

from cxagent import clock
from cxagent.agent import Agent
from cxagent.domain.ticket import Incoming, Sender, Ticket
from cxagent.home import DATABASE
from cxagent.ledger import chain, sessions
from cxagent.ledger.store import TABLES, Store

FEW = 100
PATIENCE = 120.0
BODY = "The export was slow today. Any chance of a small credit?"
RUN = [sys.executable, "-c", "import sys; sys.argv[0] = 'cxagent'; from cxagent.cli import main; main()"]
CARD = re.compile(r'name="card" value="([0-9a-f]+)"')
SAID = re.compile(r"<main[^>]*>(.*?)</main>", re.S)
DRAFT = re.compile(r"/drafts/(drf_[0-9a-f]+)")


class Place(NamedTuple):
    """One inbox: its address, its database, and a cookie for every reviewer."""

    address: str
    url: str
    cookies: list[str]


class Seen:
    """What the crowd saw: how long pages took, by inbox and kind, and how verdicts were answered."""

    def __init__(self) -> None:
        self.took: dict[tuple[str, str], list[float]] = {}
        self.answers: Counter[int] = Counter()
        self.signed: list[str] = []
        self.said: dict[int, str] = {}

    def note(self, place: str, kind: str, seconds: float) -> None:
        """Note how long a page took."""
        self.took.setdefault((place, kind), []).append(seconds * 1000)

    def at(self, place: str, kind: str, share: float) -> float:
        """Return a percentile in milliseconds."""
        found = sorted(self.took[place, kind])
        return found[min(len(found) - 1, int(share * len(found)))]


class Reviewer:
    """One person with a browser."""

    def __init__(self, place: Place, number: int, seen: Seen, pause: float) -> None:
        self.seen, self.pause, self.chance = seen, pause, random.Random(number)
        cookies = {sessions_cookie(): place.cookies[number]}
        self.web = httpx.AsyncClient(base_url=place.address, cookies=cookies, timeout=60, follow_redirects=False)
        self.web.headers["Origin"] = place.address

    async def get(self, place: str, kind: str, path: str) -> str:
        """Open a page and note how long it took."""
        began = time.perf_counter()
        page = await self.web.get(path)
        self.seen.note(place, kind, time.perf_counter() - began)
        assert page.status_code == 200, (path, page.status_code, page.text[:300])
        return page.text

    async def think(self) -> None:
        """Do what people do between two clicks."""
        await asyncio.sleep(self.pause * self.chance.uniform(0.5, 1.5))

    async def read(self, place: str, until: float) -> None:
        """Look at the queue and at cards, and decide nothing."""
        await asyncio.sleep(self.pause * self.chance.random())
        while time.monotonic() < until:
            found = DRAFT.findall(await self.get(place, "queue", "/?tab=team"))
            await self.think()
            await self.get(place, "card", f"/drafts/{self.chance.choice(found)}")
            await self.think()

    async def decide(self, until: float) -> None:
        """Take a card that others look at too, and give a verdict."""
        await asyncio.sleep(self.pause * self.chance.random())
        while time.monotonic() < until:
            found = DRAFT.findall(await self.get("deciding", "queue", "/?tab=team"))
            draft = self.chance.choice(found)
            card = CARD.search(await self.get("deciding", "card", f"/drafts/{draft}"))
            if card is None:
                continue
            await self.think()
            rejects = {"choice": "reject", "reason": "tone_or_brand", "severity": "minor"}
            said = rejects if self.chance.random() < 0.2 else {"choice": "approve"}
            answer = await self.web.post(f"/drafts/{draft}", data={"card": card[1], **said})
            self.seen.answers[answer.status_code] += 1
            if told := SAID.search(answer.text):
                self.seen.said.setdefault(answer.status_code, " ".join(re.sub("<[^>]+>", " ", told[1]).split())[:300])
            if answer.status_code == 303:
                self.seen.signed.append(draft)


def sessions_cookie() -> str:
    """Return the name of the session's cookie over plain http."""
    from cxagent.review.signing_in import cookie_name

    return cookie_name(False)


@contextlib.contextmanager
def inbox(home: Path, url: str, crowd: int, drafts: int) -> Iterator[Place]:
    """Fill a database, and serve its inbox."""
    fill(home, url, drafts)
    store = Store(url)
    with store.write() as connection:
        cookies = [sessions.start(connection, name, "load") for name in names(crowd)]
    with running(home, url, "serve", "--port", "0") as process:
        assert process.stderr is not None
        for line in process.stderr:
            if found := re.search(r"http://[\w.:]+", line):
                break
        else:
            raise SystemExit("serve did not come up")
        yield Place(found[0], url, cookies)
    store.close()


def fill(home: Path, url: str, drafts: int) -> None:
    """Let one ticket become a draft for real, and heap up look-alikes of it."""
    os.environ[DATABASE] = url
    agent = Agent.open(home)
    source = agent.project.sources[0]
    result = agent.run(incoming("draft-load", source.email.replace("@", "@0."), "ACC-101-0"))  # type: ignore[attr-defined]
    assert result["status"] == "waiting", result
    pattern = Pattern(agent.store, "draft-load", "ACC-101-0", source.email.replace("@", "@0."))  # type: ignore[attr-defined]
    heap(agent.store, pattern, drafts - 1, lambda n: (f"ACC-101-{n}", source.email.replace("@", f"@{n}.")))  # type: ignore[attr-defined]
    agent.close()


def incoming(ticket_id: str, email: str, account_id: str) -> Incoming:
    """Return a ticket."""
    ticket = Ticket(id=ticket_id, received_at=clock.now(), sender=Sender(email=email, verified=True), body=BODY)
    return Incoming(ticket=ticket, account_id=account_id)


@contextlib.contextmanager
def running(home: Path, url: str, *command: str) -> Iterator[subprocess.Popen[str]]:
    """Run a command of the product until the block ends."""
    environment = {**os.environ, DATABASE: url}
    process = subprocess.Popen(
        [*RUN, *command, "--project", str(home)],
        env=environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()


async def reading(places: dict[str, Place], crowd: int, seconds: float, pause: float, seen: Seen) -> None:
    """Let everybody read at each inbox in turn, twice, so that a slow minute slows both."""
    for _ in range(2):
        for name, place in places.items():
            people = [Reviewer(place, number, seen, pause) for number in range(crowd)]
            until = time.monotonic() + seconds
            await asyncio.gather(*(one.read(name, until) for one in people))
            await asyncio.gather(*(one.web.aclose() for one in people))


async def deciding(place: Place, crowd: int, seconds: float, pause: float, seen: Seen) -> None:
    """Let everybody decide at one inbox."""
    people = [Reviewer(place, number, seen, pause) for number in range(crowd)]
    until = time.monotonic() + seconds
    await asyncio.gather(*(one.decide(until) for one in people))
    await asyncio.gather(*(one.web.aclose() for one in people))


def settled(url: str, signed: list[str], tickets: int) -> dict[str, Any]:
    """Wait until what was signed is carried out and what came in is answered; return the books."""
    store, until = Store(url), time.monotonic() + PATIENCE
    draft, review, ticket, execution = (TABLES[name] for name in ("draft", "review", "ticket", "execution"))
    while True:
        with store.read() as connection:
            reviews = connection.execute(select(review.c.draft_id, review.c.verdict)).all()
            left = connection.execute(
                select(draft.c.id).where(draft.c.signed_by.is_not(None), draft.c.status == "pending")
            ).all()
            fresh = connection.execute(select(ticket.c.status).where(ticket.c.id.startswith("fresh-"))).scalars().all()
        open_ones = [status for status in fresh if status not in ("done", "waiting", "handed_off")]
        if (not left and not open_ones and len(fresh) == tickets) or time.monotonic() > until:
            break
        time.sleep(0.5)
    with store.read() as connection:
        done = Counter(connection.execute(select(execution.c.ticket_id).where(execution.c.status == "done")).scalars())
        rows = connection.execute(select(draft.c.id, draft.c.ticket_id, draft.c.status)).all()
    touched = chain.verify(store)[1]
    store.close()
    ticket_of = {row.id: row.ticket_id for row in rows}
    approved = {row.draft_id for row in reviews if row.verdict == "approve"}
    return {
        "signed": len(signed),
        "on record": len(reviews),
        "lost": sorted(set(signed) - {row.draft_id for row in reviews}),
        "signed twice": [one for one, many in Counter(signed).items() if many > 1],
        "carried out twice": [one for one, many in done.items() if many > 1],
        "approved, not carried out": sorted(one for one in approved if done[ticket_of[one]] == 0),
        "carried out, not approved": sorted(
            one for one in done if one.startswith("draft-") and one not in {ticket_of[a] for a in approved}
        ),
        "not settled": len(left) + len(open_ones),
        "log": len(touched),
    }


def table(seen: Seen, few: str, many: str) -> bool:
    """Print how long the pages took; return whether none is more than three times as slow."""
    fine = True
    print(f"{'page':8} {'':12} {'n':>6} {'p50 ms':>8} {'p95 ms':>8}")
    for kind in ("queue", "card"):
        for place in (few, many, "deciding"):
            if took := seen.took.get((place, kind)):
                middle, slow = seen.at(place, kind, 0.5), seen.at(place, kind, 0.95)
                print(f"{kind:8} {place:12} {len(took):6} {middle:8.1f} {slow:8.1f}")
        ratio = seen.at(many, kind, 0.95) / seen.at(few, kind, 0.95)
        fine &= ratio <= 3
        print(f"{kind:8} p95 with {many} beside {few}: {ratio:.2f} times")
    return fine


def main() -> int:
    """Run the load; return the exit code."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("drafts", 10_000), ("reviewers", 50), ("workers", 5), ("tickets", 200)):
        asked.add_argument(f"--{name}", type=int, default=default)
    asked.add_argument("--seconds", type=float, default=30, help="how long each part lasts")
    asked.add_argument("--pause", type=float, default=4.0, help="how long a person looks between two clicks")
    given = asked.parse_args()
    seen, few, many = Seen(), f"{FEW:,} drafts", f"{given.drafts:,} drafts"
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cxload-", ignore_cleanup_errors=True)))
        base = stack.enter_context(server())
        places = {}
        for name, count in ((few, FEW), (many, given.drafts)):
            home = build(folder / name.partition(" ")[0], given.reviewers)
            url = stack.enter_context(database(base))
            places[name] = stack.enter_context(inbox(home, url, given.reviewers, count))
            print(f"{name} wait at {places[name].address}", file=sys.stderr)
        asyncio.run(reading(places, given.reviewers, given.seconds, given.pause, seen))
        place, home = places[many], folder / many.partition(" ")[0]
        for _ in range(given.workers):
            stack.enter_context(running(home, place.url, "worker"))
        come_in(home, place.url, given.tickets)
        asyncio.run(deciding(place, given.reviewers, given.seconds, given.pause / 4, seen))
        books = settled(place.url, seen.signed, given.tickets)
    fine = table(seen, few, many)
    for status, many in sorted(seen.answers.items()):
        print(f"{many:6} verdicts answered {status}", f"such as: {seen.said[status]}" if status in seen.said else "")
    print(json.dumps(books))
    wrong = [name for name, value in books.items() if name not in ("signed", "on record") and value]
    print("no verdict was lost or carried out twice" if not wrong else f"wrong: {', '.join(wrong)}")
    return 0 if fine and not wrong else 1


def come_in(home: Path, url: str, count: int) -> None:
    """Put tickets into the queue, for the workers."""
    from cxagent.worker import Queue, enqueue

    os.environ[DATABASE] = url
    agent = Agent.open(home)
    email = agent.project.sources[0].email  # type: ignore[attr-defined]
    with Queue(agent).opened() as queue:
        for number in range(count):
            place = 100_000 + number
            enqueue(agent, incoming(f"fresh-{number}", email.replace("@", f"@{place}."), f"ACC-101-{place}"), queue)
    agent.close()


if __name__ == "__main__":
    sys.exit(main())
