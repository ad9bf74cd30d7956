"""A round over what is due: go on with what a crash left, then look at what nobody has looked at."""

import logging
from typing import Any, NamedTuple

from cxagent import clock, presence
from cxagent.aftercare.looking import check, checks_due, looked, with_verdict
from cxagent.aftercare.past import past, ticket_of
from cxagent.aftercare.running import NotNow, begun, carry_out, end, stopped, submission
from cxagent.aftercare.undoing import undone
from cxagent.agent import Agent
from cxagent.errors import Conflict, CxagentError, Unreachable
from cxagent.ledger import executions
from cxagent.ledger.executions import Status, Step

MOST_CHECKS = 50
"""How many checks one round runs, so that the tickets behind it do not wait for long."""
log = logging.getLogger("cxagent.aftercare")


class Swept(NamedTuple):
    """What came of a round.

    `moved` are tickets on which something was taken back or did not hold; `under_way` tickets on which another run is
    at it; `stuck` tickets with the sentence why it cannot go on.
    """

    moved: tuple[str, ...]
    under_way: tuple[str, ...]
    stuck: tuple[dict[str, str], ...]


def sweep(agent: Agent, limit: int = MOST_CHECKS) -> Swept:
    """Go on with what a crash left of undos and checks, then look at what is due; no trouble with one stops the rest.

    What is stopped, or was settled meanwhile, is no trouble: it is asked about again in the next round.
    """
    with agent.store.read() as connection:
        left = [row["id"] for row in executions.broken_off(connection)]
        due = checks_due(connection, agent.project.steps.executor.tools, clock.now())
    moved, under_way, stuck, count = [], [], [], 0
    for key, go_on in [*((key, True) for key in left), *((key, False) for key in due)]:
        if count >= limit and not go_on:
            break
        try:
            told = resume(agent, key) if go_on else check(agent, key)
        except Unreachable:
            raise
        except Conflict:
            under_way.append(ticket_of(agent, key))
        except NotNow:
            continue
        except Exception as error:
            said = str(error) if isinstance(error, CxagentError) else f"{type(error).__name__}: {error}"
            log.warning("what follows %s is stuck: %s", key, said)
            stuck.append({"ticket_id": ticket_of(agent, key), "why": said})
        else:
            count += not go_on
            if told["kind"] == "undo" or told["holds"] is False:
                moved.append(told["ticket_id"])
    return Swept(tuple(dict.fromkeys(moved)), tuple(dict.fromkeys(under_way)), tuple(stuck))


def resume(agent: Agent, key: str) -> dict[str, Any]:
    """Go on with an undo or a check that a run which is gone had begun; a check is a read, and is repeated."""
    ticket_id = ticket_of(agent, key)
    with presence.at_work():
        with agent.store.write(ticket_id) as connection:
            row = executions.one(connection, key)
            assert row is not None
            if row["status"] not in ("planned", "started") or presence.other(row["worker"], row["started_at"]):
                raise Conflict(f"{row['tool']} of {ticket_id} is over, or under way at {row['worker']}")
            found, looks = past(connection, agent, row["of"]), row["kind"] == "check"
            ended = looked(agent, found) if looks else undone(agent, found)
            run = begun(connection, found, row)
            if run is None or found.given is None or row["tool"] not in agent.project.steps.executor.tools:
                step = Step(key, row["position"], row["tool"], {}, row["status"], kind=row["kind"])
                why = f"the texts of {ticket_id} were erased, or {row['tool']} is not declared any more"
                status: Status = "failed" if looks else "in_doubt"
                told = end(connection, found, step, status, why, ended)
                return with_verdict(told) if looks else told
            why_not = stopped(submission(connection, agent, found, run.action))
            if why_not and looks:
                raise NotNow(why_not)
        told = carry_out(agent, run, ended, why_not)
        return with_verdict(told) if looks else told
