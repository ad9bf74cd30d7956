"""A room in which one kind of case earns and loses its latitude: tickets, blind audits, and days that pass."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from requirements.room import Room
from requirements.world import HELLO, Scene, account, credit, playbook

from cxagent.domain.cell import Level
from cxagent.domain.finding import Finding
from cxagent.latitude.ladder import Track
from cxagent.ledger import cells
from cxagent.ledger.cells import Standing
from cxagent.ledger.store import TABLES
from cxagent.ledger.tickets import UNKNOWN, know_account
from cxagent.playbook import Playbook
from cxagent.quality import ladder, promoting
from cxagent.quality.ladder import Moved
from cxagent.steps import Bench

INTENT, SEGMENT, VERSION = "goodwill_credit", "smb", "v1"
BY = "Jonas Falk"
FIVE = {
    "latitude.loss_at_most": 0.05,
    "latitude.future_value.smb": 1000.0,
    "latitude.damage.financial.direct": 100.0,
    "latitude.damage.public_info.direct": 20.0,
}
"""Terms under which a small account's cells may be wrong in 5 of 100 cases, as in the tables."""


class Service(Room):
    """A room whose cells move; `version` is that of the agent at work."""

    def __init__(self, url: str, home: Path, **terms: Any) -> None:
        super().__init__(url, home)
        self.playbook: Playbook = playbook({**FIVE, **{f"latitude.{name}": value for name, value in terms.items()}})
        self.version = VERSION
        self._number = itertools.count(1)
        with self.inside(), self.store.write() as connection:
            know_account(connection, UNKNOWN, UNKNOWN)

    def bench(self) -> Bench:
        """Return what the nodes work with, at the version that is at work."""
        made = super().bench()
        return replace(made, judge=replace(made.judge, version=self.version))

    # ---- tickets ----------------------------------------------------------------------------------------------------

    def comes(self, says: Any = None, message: str = HELLO, kind: str = "small", **changes: Any) -> dict[str, Any]:
        """Let a ticket of an account of its own come in; return its result line."""
        number = next(self._number)
        fresh = {f"{section}.as_of": self.now.isoformat() for section in ("crm", "billing", "contract", "support")}
        one = account(kind, {**fresh, **changes}, id=f"A-{number}")
        self.accounts[one.id] = one
        incoming = Scene(one, message=message, at=self.now).incoming(f"T-{number}")
        self.says(incoming.ticket.id, says(one.id) if says else credit("4.00", account_id=one.id))
        return self.run(incoming)

    # ---- what people find -------------------------------------------------------------------------------------------

    def finding(self, result: dict[str, Any] | None = None, **said: Any) -> Finding:
        """Return a blind audit of a decision: of a ticket that came in, or of one that nobody recorded."""
        body, number = {}, next(self._number)
        line = {"id": f"dec_{number}", "ticket_id": f"T-{number}", "account_id": "unknown", "at": self.now.isoformat()}
        if result is not None:
            line = self.entries(result["ticket_id"], "ruling")[-1]
            body = line["body"]
        known = {
            "decision_id": line["id"],
            "ticket_id": line["ticket_id"],
            "account_id": line["account_id"],
            "root_id": line["account_id"],
            "intent": (body.get("intents") or [INTENT])[0],
            "segment": body.get("segment", SEGMENT),
            "version": body.get("version", self.version),
            "origin": "audit",
            "chosen": "uniform",
            "chance": 0.5,
            "would": body.get("would", "act"),
            "went": body.get("autonomy", "act"),
            "wanted": "act",
            "agrees": True,
            "by": BY,
            "decided_at": line["at"],
            "at": self.now,
        }
        said = {**said, "wanted": said.get("wanted", "handoff" if said.get("severity") else "act")}
        said.setdefault("agrees", said.get("severity") is None)
        return Finding.model_validate({**known, **said})

    def found(self, severity: str | None = None, result: dict[str, Any] | None = None, **said: Any) -> list[Moved]:
        """Let somebody find something; return the moves."""
        finding = self.finding(result, severity=severity, **said)
        with self.inside() as bench, bench.store.write() as connection:
            return ladder.noted(connection, self.playbook, finding)

    def audited(self, losses: str, *, days: float = 0.0, **said: Any) -> None:
        """Put matured-to-be audits on record, a minute or some days apart: `.` right, `x` grave, `?` nobody said."""
        for mark in losses:
            self.now += timedelta(days=days) if days else timedelta(minutes=1)
            finding = self.finding(severity=None if mark in ".?" else "major", **said)
            with self.inside(), self.store.write() as connection:
                connection.execute(TABLES["audit"].insert(), self._drawn(finding))
                if mark != "?":
                    ladder.noted(connection, self.playbook, finding)

    def _drawn(self, finding: Finding) -> dict[str, Any]:
        copied = (
            "decision_id",
            "ticket_id",
            "account_id",
            "root_id",
            "intent",
            "segment",
            "version",
            "chosen",
            "chance",
        )
        days = timedelta(days=self.playbook.latitude.mature_days)
        return {
            **{name: getattr(finding, name) for name in copied},
            "id": f"aud_{finding.decision_id}",
            "level": 1,
            "would": finding.would.value,
            "went": finding.went.value,
            "decided_at": finding.decided_at.isoformat(),
            "drawn_at": self.now.isoformat(),
            "due": (self.now + timedelta(days=7)).isoformat(),
            "matures_at": (finding.decided_at + days).isoformat(),
            "auditor": finding.by,
            "status": "done",
        }

    def trusted(self, caught: int = 40, missed: int = 0) -> None:
        """Let people have caught planted drafts."""
        with self.store.write() as connection:
            for number in range(caught + missed):
                row = {
                    "draft_id": f"drf_p{next(self._number)}",
                    "mistake": "privacy",
                    "wrong": "x",
                    "told": "x",
                    "by": BY,
                }
                row |= {"at": self.now.isoformat(), "answered_at": self.now.isoformat(), "caught": number < caught}
                connection.execute(TABLES["planted"].insert(), row)

    # ---- what follows -----------------------------------------------------------------------------------------------

    def sweeps(self, days: float = 0) -> list[Moved]:
        """Let days pass and do what is due."""
        self.now += timedelta(days=days)
        with self.inside():
            return ladder.sweep(self.agent, self.now)

    def cell(self, intent: str = INTENT, segment: str = SEGMENT, version: str | None = None) -> Standing:
        """Return where a cell stands."""
        with self.store.read() as connection:
            found = cells.of_kind(connection, intent, segment)
        return next(one for one in found if one.version == (version or self.version))

    def put(self, level: Level, **changes: Any) -> Standing:
        """Let the cell stand somewhere, with a fresh record."""
        theta = self.playbook.latitude.loss_at_most
        now = self.now.isoformat()
        made = Standing("cel_1", INTENT, SEGMENT, VERSION, Track(level, theta), now, now, now, None, "by hand")
        with self.store.write() as connection:
            cells.put(connection, made._replace(**changes))
        return self.cell()

    @property
    def proposals(self) -> list[dict[str, Any]]:
        """The steps up that wait for people."""
        return [dict(row) for row in self.rows("promotion", status="open")]

    def confirm(self, name: str, promotion_id: str | None = None) -> Moved | None:
        """Let somebody say yes to a step up."""
        who = self.who(name)
        with self.inside() as bench:
            wanted = promotion_id or self.proposals[0]["id"]
            why = "I read the audits of the last weeks"
            return promoting.confirm(bench.store, self.playbook, who.name, who.role, wanted, why)

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Let it be another moment for a while."""
        before, self.now = self.now, moment
        try:
            yield
        finally:
            self.now = before
