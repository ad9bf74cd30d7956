"""What the nodes work with; a replay works with another bench than production does."""

from collections.abc import Sequence
from dataclasses import dataclass

from cxagent.executor import Executor
from cxagent.judge import Judge
from cxagent.ledger.store import Store
from cxagent.proposers import Proposer
from cxagent.reviewing import Reviewing


@dataclass(frozen=True)
class Bench:
    """Who rules, where it is recorded, who acts, who proposes, and what people may decide."""

    judge: Judge
    store: Store
    executor: Executor
    proposers: Sequence[Proposer]
    reviewing: Reviewing
