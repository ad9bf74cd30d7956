"""A fresh case: a ticket of this project, with the facts as they were seen and what people decided, as a labelled case.

The label is what the decision says about autonomy, and no more:

| what a person did | wanted | why |
| --- | --- | --- |
| approved the draft as it stood | `draft` | the content was right, and nobody said that a person was needless |
| edited it | `draft` | with a person's hand it could go out; their edit is the script |
| rejected it, or answered in their own words | `handoff` | nothing of it was of use, a person owned it from there |
| owned what was handed over | `handoff` | it was theirs, and nobody said otherwise |
| took back what the machine did alone | `draft`, never `act` | a person should have seen it before |

A rejection says that this draft was no help, not that no draft could have been: who would have welcomed a better one
puts `draft` into `accept`, and standard error says so.

What nobody decided has no label and is refused: an act that stood, a draft that waits, a duplicate, a ticket that a
stop or shadow mode sent to people. `act` is never wanted here, since no person was asked whether they are needed: who
thinks so raises `label_version` and writes `act` themselves.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cxagent.domain.account import Account
from cxagent.errors import BadInput
from cxagent.evaluation.case import Case
from cxagent.evaluation.fresh.decided import Decided, Decisions, ticket_of
from cxagent.evaluation.fresh.seen import Past, latitude_of, past_of, same_playbook, seen_of
from cxagent.evaluation.replay import Order, Replay
from cxagent.evaluation.trial import Trial

CARE = (
    "this line holds a customer's words and data as they were seen: keep it where you keep tickets, and put other "
    "names, addresses and amounts in before it goes anywhere else"
)
REJECTED = (
    "the label is handoff, because the draft was rejected and a person owned it from there; where a better draft would "
    "have been welcome, put draft into accept"
)
_BREAKS = {ord(one): f"\\u{ord(one):04x}" for one in "\x85\u2028\u2029"}
"""Ends of lines to some readers, which JSON leaves as they are."""


def fresh_case(home: Path, id: str) -> str:
    """Return a ticket of the project at `home` and what people decided on it as one line of `cxagent.case/1`.

    The ticket is named by its own id or by that of one of its drafts. The facts are those of the ruling; what cannot
    be rebuilt exactly as it was seen is refused with a sentence.
    """
    replay = Replay(Order(home=home))
    try:
        project = replay.project
        with project.store.read() as connection:
            ticket_id = ticket_of(connection, id)
            decisions = Decisions(connection, ticket_id, project.playbook)
            past = past_of(connection, decisions.ruling, ticket_id)
            decided = decisions.decided(past)
            case = _case(past, decided, seen_of(project, past), latitude_of(connection, past))
        told = [CARE, REJECTED] if any(one["verdict"] == "reject" for one in decided.operator) else [CARE]
        case = _checked(replay, case, past, told)
    finally:
        replay.close()
    for sentence in told:
        sys.stderr.write(f"cxagent: {ticket_id}: {sentence}\n")
    whole = case.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return json.dumps(whole, ensure_ascii=False).translate(_BREAKS)


def _case(past: Past, decided: Decided, accounts: Sequence[Account], cells: Sequence[Mapping[str, Any]]) -> Case:
    ticket, found = past.incoming.ticket, past.audit
    ran = [{"tool": tool, "args": args, "when": "after_approval"} for tool, args in decided.effects]
    return Case.model_validate(
        {
            "schema": "cxagent.case/1",
            "id": f"own-{ticket.id}",
            "asof": found.at,
            "ticket": ticket,
            "account_id": past.incoming.account_id,
            "context": {"accounts": accounts, "fx": found.fx},
            "faults": found.faults,
            "latitude": cells,
            "proposal": past.proposal,
            "expect": {"autonomy": decided.wanted, "actions": ran, "why": decided.why},
            "operator": decided.operator,
            "labels": decided.labels,
            "cluster": found.root_id if found.account else None,
            "tags": ["own"],
            "source": {"corpus": "own tickets", "ref": past.entry["id"]},
        }
    )


def _checked(replay: Replay, case: Case, past: Past, told: list[str]) -> Case:
    """Replay a case once: what bound then and is in no case, such as another ticket's orders, shows only there."""
    found, reasons = replay.one(case), past.entry["body"]["reasons"]
    where, then = past.incoming.ticket.id, f"it was ruled {past.route} on {past.day}"
    if not same_playbook(past, replay.project.playbook):
        told.append(f"{then}; under today's playbook it is ruled {found.autonomy}")
    elif found.autonomy != past.route:
        lost = ", ".join(one.replace("_", " ") for one in reasons if one not in found.reasons) or "nothing by name"
        raise BadInput(
            f"{then}, and its replay is ruled {_got(found)}; missing in the replay: {lost}. What the ledger knew "
            "beside the ticket, or an edit of the playbook since, is not in a case",
            where=where,
        )
    elif set(found.reasons) != set(reasons):
        apart = ", ".join(sorted(one.replace("_", " ") for one in set(found.reasons) ^ set(reasons)))
        told.append(f"its replay has the route of {past.day}, and other reasons: {apart}")
    if found.script_failed:
        told.append(f"people's verdicts cannot be given again ({found.script_failed}), so the case has no script")
        return case.model_copy(update={"operator": ()})
    return case


def _got(found: Trial) -> str:
    return found.autonomy.value if found.autonomy else f"not at all ({found.error})"
