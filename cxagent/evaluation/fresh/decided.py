"""Decided: what people decided on a ticket, as a label with a script; what nobody decided has none."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cxagent.domain.vocabulary import Autonomy, Reason
from cxagent.errors import BadInput
from cxagent.evaluation.fresh.seen import Past
from cxagent.ledger import chain, personal, reports
from cxagent.ledger.store import TABLES, Connection
from cxagent.playbook import Playbook

SENT_BY_ALL_MEANS = (Reason.SHADOW_MODE, Reason.KILL_SWITCH)


@dataclass(frozen=True)
class Decided:
    """What people decided: the wanted route, who says so and why, and their verdicts as a script with what then ran."""

    wanted: Autonomy
    labels: Sequence[Mapping[str, Any]]
    why: str
    operator: Sequence[Mapping[str, Any]] = ()
    effects: Sequence[tuple[str, Mapping[str, Any]]] = field(default=())


def ticket_of(connection: Connection, id: str) -> str:
    """Return the id of the ticket that an id names: its own, or that of one of its drafts."""
    if reports.ticket(connection, id) is not None:
        return id
    draft = TABLES["draft"]
    found = connection.execute(draft.select().where(draft.c.id == id)).mappings().first()
    if found is None:
        raise BadInput("is on record nowhere here, neither as a ticket nor as a draft", where=id)
    return str(found["ticket_id"])


class Decisions:
    """What the ledger holds of people's decisions on one ticket."""

    def __init__(self, connection: Connection, ticket_id: str, playbook: Playbook) -> None:
        self._connection, self._id, self._playbook = connection, ticket_id, playbook
        draft, review = TABLES["draft"], TABLES["review"]
        self._drafts = {row["id"]: row for row in self._rows(draft.select().where(draft.c.ticket_id == ticket_id))}
        found = self._rows(review.select().where(review.c.draft_id.in_(list(self._drafts))).order_by(review.c.at))
        self._review = found[-1] if found else None

    @property
    def ruling(self) -> dict[str, Any]:
        """The ruling that people decided on: the one behind the draft, else the first."""
        if reports.last_ruling(self._connection, self._id) is None:
            raise BadInput("nothing was ruled on it yet", where=self._id)
        if self._review is None:
            return reports.first_ruling(self._connection, self._id)
        entry = chain.entry(self._connection, self._drafts[self._review["draft_id"]]["decision_id"])
        assert entry is not None
        return entry

    def decided(self, past: Past) -> Decided:
        """Return what people decided; what nobody decided has no label."""
        if told := [one for one in SENT_BY_ALL_MEANS if one in past.entry["body"]["reasons"]]:
            raise BadInput(f"{told[0].replace('_', ' ')} sent it to a person, which is no label", where=self._id)
        undone = self._undone()
        if self._review is not None:
            return self._reviewed(self._review, undone)
        if undone is not None:
            return undone
        if past.route == Autonomy.HANDOFF and (owned := reports.brief(self._connection, self._id)):
            why = f"{owned['owner']} owned it, and left no reason: say in one sentence why a person had to."
            label = {"by": owned["owner"], "autonomy": Autonomy.HANDOFF, "at": owned["at"], "blind": False}
            return Decided(Autonomy.HANDOFF, [label], why)
        waits = "its draft waits for a person" if past.route == Autonomy.DRAFT else "it stood as the machine did it"
        raise BadInput(f"{waits}: nobody decided this, so there is no label", where=self._id)

    def _reviewed(self, row: Mapping[str, Any], undone: Decided | None) -> Decided:
        said = personal.get(self._connection, row["personal_id"])
        if said is None:
            raise BadInput("the review was erased, and a case is made of nothing else", where=self._id)
        if (row["verdict"], row["reason"]) == ("reject", "duplicate"):
            raise BadInput("was rejected as a duplicate, which says nothing about autonomy", where=self._id)
        kept = row["verdict"] in ("approve", "edit")
        wanted = Autonomy.DRAFT if kept else Autonomy.HANDOFF
        labels = [_label(row["by"], row["role"], wanted, row["at"])]
        reason = f" ({row['reason'].replace('_', ' ')})" if row["reason"] else ""
        done = {"approve": "approved", "edit": "edited", "reject": "rejected", "respond": "answered instead of"}
        did = f"{row['by']} {done[row['verdict']]} what was drafted{reason}"
        why = f"{did}: {said['note']}" if said["note"] else f"{did}, and left no note: say in one sentence why."
        if kept and undone is not None:  # two people disagree about the content, and agree that one should look
            return Decided(wanted, [*labels, *undone.labels], undone.why)
        effects = reports.effects(self._connection, self._id) if kept else []
        return Decided(wanted, labels, why, self._script(row, said, effects), effects)

    def _script(
        self, row: Mapping[str, Any], said: Mapping[str, Any], effects: Sequence[tuple[str, Mapping[str, Any]]]
    ) -> list[dict[str, Any]]:
        """Return the verdicts so that a replay can give them, the first of two approvers included."""
        step: dict[str, Any] = {"verdict": row["verdict"], "role": row["role"]}
        if row["verdict"] in ("edit", "respond"):
            step["edit"] = {"reply": said["reply"], "actions": said["actions"]}
        times = Counter((tool, json.dumps(args, sort_keys=True)) for tool, args in effects)
        ran = [{"tool": tool, "args": json.loads(args), "times": count} for (tool, args), count in times.items()]
        first = self._drafts[row["draft_id"]]["first_approver"]
        known = self._playbook.colleague(first) if first and row["verdict"] == "approve" else None
        before = [{"verdict": "approve", "role": known.role}] if known else []
        return [*before, {**step, "then": {"actions": ran}}]

    def _undone(self) -> Decided | None:
        """Return that a person took back what was done, where somebody did."""
        log = TABLES["decision_log"]
        undos = log.select().where(log.c.ticket_id == self._id, log.c.kind == "undo").order_by(log.c.seq)
        entries = [chain.entry(self._connection, row["id"]) or {} for row in self._rows(undos)]
        done = {one["body"]["execution"] for one in entries if one["body"].get("status") == "done"}
        for one in entries:
            if one["body"]["execution"] in done and "role" in one["body"]:
                said = one["personal"] or {"by": "somebody", "why": "the words were erased"}
                label = _label(said["by"], one["body"]["role"], Autonomy.DRAFT, one["at"])
                return Decided(Autonomy.DRAFT, [label], f"{said['by']} took it back: {said['why']}")
        return None

    def _rows(self, statement: Any) -> list[Mapping[str, Any]]:
        return [dict(row) for row in self._connection.execute(statement).mappings()]


def _label(by: str, role: str, wanted: Autonomy, at: str) -> dict[str, Any]:
    return {"by": by, "role": role, "autonomy": wanted, "at": at, "blind": False}
