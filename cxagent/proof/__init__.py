"""The proof of a playbook: every cell is enumerated, with the real gate, for this playbook and these tools.

Thresholds cut every axis into finitely many cells, so nothing is sampled:
1. `structure` and `references`: no column rises, every name leads somewhere.
2. `accounts`: from facts to a standing (tier, risk, window, age), both sides of every threshold.
3. `calm`: from a standing to a ruling, for every tool, class, matter, intent and stance.
4. `amounts` and `around`: money at every limit, and everything that can be wrong around a request.
5. `reach`: no line is idle.
Segments come with a track record of their own; proven is that a lower latitude never gives more in the same segment.
"""

from collections.abc import Mapping
from datetime import date

from cxagent.domain.tool import Tool
from cxagent.gate import PART_RULES, TICKET_RULES, PartRule, TicketRule
from cxagent.playbook import Playbook
from cxagent.proof.accounts import accounts
from cxagent.proof.amounts import money
from cxagent.proof.around import around
from cxagent.proof.calm import calm
from cxagent.proof.climb import Ledger, Rules
from cxagent.proof.findings import Finding, Proof
from cxagent.proof.ladders import ladders
from cxagent.proof.reach import reach
from cxagent.proof.references import references
from cxagent.proof.room import Room
from cxagent.proof.scene import Scene
from cxagent.proof.structure import structure

__all__ = ["Finding", "Proof", "examine", "prove"]


def prove(playbook: Playbook, tools: Mapping[str, Tool], today: date | None = None) -> tuple[Finding, ...]:
    """Return everything that is wrong or idle in a playbook, errors first; `today` adds what depends on the day."""
    return examine(playbook, tools, today).findings


def examine(
    playbook: Playbook,
    tools: Mapping[str, Tool],
    today: date | None = None,
    *,
    ticket_rules: tuple[TicketRule, ...] = (),
    part_rules: tuple[PartRule, ...] = (),
) -> Proof:
    """Prove a playbook with a project's own rules on top, and say how many cells were enumerated.

    A line that is out of order or leads nowhere ends the proof: the cells are worth enumerating once it is put right.
    """
    ledger, rules = Ledger(), Rules((*TICKET_RULES, *ticket_rules), (*PART_RULES, *part_rules))
    for finding in (*structure(playbook, today), *references(playbook, tools)):
        ledger.add(finding)
    if any(one.level == "error" for one in ledger.findings):
        return Proof(findings=ledger.findings, cells=0)
    room = Room(Scene.of(playbook, tools), tools, rules, ledger)
    accounts(playbook, ledger)
    calm(room)
    around(room, (money(room), *ladders(playbook)))
    for finding in reach(room):
        ledger.add(finding)
    return Proof(findings=ledger.findings, cells=ledger.cells)
