"""A room whose decisions are audited: tickets that went alone, as drafts, or to people, and what was drawn of them."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from requirements.room import JONAS, LENA, Room
from requirements.world import HELLO, Scene, account, doc, playbook

from cxagent import clock
from cxagent.domain.finding import RUBRIC
from cxagent.domain.proposal import Proposal
from cxagent.quality import auditing
from cxagent.quality.auditing import Drawn, Opinion, Wanted

ALL = {"latitude.audited.watched": 1.0, "latitude.audited.elsewhere": 1.0, "latitude.audited.second": 0.0}
"""Terms under which every decision is drawn, once."""
NONE = {
    **{f"latitude.audited.{name}": 0.1**9 for name in ("watched", "elsewhere")},
    **{f"latitude.audited.{name}": 0.0 for name in ("by_stake", "second")},
}
"""Terms under which chance draws nothing."""
AGREES = Opinion(agrees=True, rubric=dict.fromkeys(RUBRIC, "met"), by_policy=True)
GOAL = {"goal": "second plant by summer", "said_by": "Ola Brandt", "said_on": "2026-09-04"}


class Audited(Room):
    """A room in which tickets end and are drawn."""

    def __init__(self, url: str, home: Path, terms: Mapping[str, Any] | None = None) -> None:
        super().__init__(url, home)
        self.playbook = playbook(ALL if terms is None else terms)

    def alone(self, number: int, kind: str = "small", says: Proposal | None = None, **changes: Any) -> str:
        """Let a ticket be answered without a person, by default by a public page; return the decision."""
        return self.ended(number, "done", kind, says, **changes)

    def ended(
        self,
        number: int,
        how: str,
        kind: str = "small",
        says: Proposal | None = None,
        message: str = HELLO,
        **changes: Any,
    ) -> str:
        """Let a ticket of an account of its own run until it stands in some way; return the decision."""
        fresh = {f"{section}.as_of": self.now.isoformat() for section in ("crm", "billing", "contract", "support")}
        one = account(kind, fresh | changes, id=f"A-{number}")
        self.accounts[one.id] = one
        incoming = Scene(one, message=message, at=self.now).incoming(f"T-{number}")
        self.says(incoming.ticket.id, says or doc())
        result = self.run(incoming)
        assert result["status"] == how, result
        return str(result["decision_id"])

    def draw(self, at: datetime | None = None) -> Drawn:
        """Draw."""
        with self.inside():
            return auditing.draw(self.agent, at or clock.now())

    def want(self, audit_id: str, by: str = JONAS, route: str = "act", words: str | None = None) -> None:
        """Take the first step of an audit."""
        with self.inside():
            auditing.want(self.agent, by, audit_id, Wanted.model_validate({"route": route, "words": words}))

    def judge(self, audit_id: str, by: str = JONAS, **said: Any) -> Any:
        """Take the second step of an audit."""
        with self.inside():
            opinion = Opinion.model_validate({**AGREES.model_dump(), **said})
            return auditing.record(self.agent, by, audit_id, opinion)

    def sheet(self, audit_id: str, by: str = JONAS) -> auditing.Sheet:
        """Return an audit as somebody sees it."""
        with self.inside():
            return auditing.sheet(self.agent, by, audit_id)

    def covered(self) -> auditing.Coverage:
        """Return how far decisions are audited."""
        with self.inside() as bench, bench.store.read() as connection:
            return auditing.coverage(connection, clock.now())


__all__ = ["AGREES", "ALL", "GOAL", "JONAS", "LENA", "NONE", "Audited"]
