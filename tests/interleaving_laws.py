"""What must hold whatever order the runs take, stated in SQL over the ledger and over what really happened outside."""

from typing import Any

OVER = "('done', 'handed_off', 'continued')"
LIMIT = 250
"""What the machine may give a small account alone within the rolling days, in the reference playbook."""

_STARTS = """
  SELECT 'an effect starts on a ticket that is over' WHERE {status} IN {over}
  UNION ALL SELECT 'an effect starts after a rejection' WHERE {rejected}
  UNION ALL SELECT 'an effect starts without a spent authorization' WHERE NOT EXISTS (
    SELECT 1 FROM "authorization" a WHERE a.id = NEW.authorization_id AND a.spent_at < a.expires_at)
""".format(
    status="(SELECT status FROM ticket WHERE id = NEW.ticket_id)",
    over=OVER,
    rejected="EXISTS (SELECT 1 FROM review r JOIN draft d ON d.id = r.draft_id"
    " WHERE d.ticket_id = NEW.ticket_id AND r.verdict = 'reject')",
)
_SENT_LATE = f"""
  SELECT 'a reply goes out on a ticket that is over'
  WHERE (SELECT status FROM ticket WHERE id = NEW.ticket_id) IN {OVER}
"""
_MINTED = f"""
  SELECT 'an authorization is minted on a ticket that is over'
  WHERE (SELECT status FROM ticket WHERE id = NEW.ticket_id) IN {OVER}
  UNION ALL SELECT 'an authorization is minted without a ruling or a review that allows it' WHERE NOT (
    CASE WHEN NEW.draft_id IS NULL
    THEN EXISTS (SELECT 1 FROM decision_log l WHERE l.id = NEW.decision_id AND l.kind = 'ruling'
                 AND json_extract(l.body, '$.autonomy') IN ('act', 'handoff'))
    ELSE EXISTS (SELECT 1 FROM review r WHERE r.draft_id = NEW.draft_id AND r.verdict IN ('approve', 'edit'))
    END)
"""
CHANGES = {
    ("UPDATE", "ticket"): f"SELECT 'a ticket that was over is not' "
    f"WHERE OLD.status IN {OVER} AND NEW.status <> OLD.status",
    ("UPDATE", "draft"): "SELECT 'a draft that was over is not' "
    "WHERE OLD.status IN ('applied', 'withdrawn') AND NEW.status <> OLD.status",
    ("UPDATE", "execution"): "SELECT 'an effect that was over is not' WHERE NEW.status <> OLD.status AND "
    "(OLD.status IN ('done', 'failed') OR OLD.status = 'in_doubt' AND "
    "(NEW.status NOT IN ('done', 'failed') OR NEW.result IS NOT OLD.result))",
    ("UPDATE", "authorization"): "SELECT 'an authorization is spent twice' "
    "WHERE OLD.spent_at IS NOT NULL AND NEW.spent_at <> OLD.spent_at",
    ("UPDATE", "budget"): "SELECT 'money that was given or released is not' "
    "WHERE OLD.status <> 'reserved' AND NEW.status <> OLD.status",
    ("INSERT", "outbox"): _SENT_LATE,
    ("INSERT", "authorization"): _MINTED,
    ("INSERT", "execution"): f"SELECT * FROM ({_STARTS}) WHERE NEW.status = 'started'",
    ("UPDATE ", "execution"): f"SELECT * FROM ({_STARTS}) WHERE NEW.status = 'started' AND OLD.status = 'planned'",
}
"""What no change may do, by the kind of change and the table; the blank tells two laws on one change apart."""

STATES = {
    "a bell rings twice": "SELECT 1 FROM outside WHERE NOT keyed GROUP BY key HAVING count(*) > 1",
    "one place has two effects": "SELECT 1 FROM outside o JOIN execution e ON e.id = o.key "
    "GROUP BY e.authorization_id, e.position HAVING count(DISTINCT e.id) > 1 OR (NOT o.keyed AND count(*) > 1)",
    "two authorizations have effects on one ticket": "SELECT 1 FROM outside o JOIN execution e ON e.id = o.key "
    "GROUP BY e.ticket_id HAVING count(DISTINCT e.authorization_id) > 1",
    "something happened that was not started": "SELECT 1 FROM outside o WHERE NOT EXISTS "
    "(SELECT 1 FROM execution e WHERE e.id = o.key AND e.started_at IS NOT NULL)",
    "something that happened counts as not done": "SELECT 1 FROM outside o JOIN execution e ON e.id = o.key "
    "WHERE e.status IN ('planned', 'failed')",
    "one draft has two verdicts": "SELECT 1 FROM review GROUP BY draft_id HAVING count(*) > 1",
    "two drafts wait on one ticket": "SELECT 1 FROM draft WHERE status = 'pending' "
    "GROUP BY ticket_id HAVING count(*) > 1",
    "two replies go out on one ticket": "SELECT 1 FROM outbox GROUP BY ticket_id HAVING count(*) > 1",
    "two owners have one ticket": "SELECT 1 FROM handoff GROUP BY ticket_id HAVING count(*) > 1",
    "the machine alone has more than the limit set aside": "SELECT 1 FROM budget b "
    "JOIN \"authorization\" a ON a.id = b.authorization_id WHERE b.status <> 'released' AND a.draft_id IS NULL "
    f"GROUP BY b.root_id HAVING sum(CAST(b.amount AS REAL)) > {LIMIT}",
    "the machine alone gave more than the limit": "SELECT 1 FROM outside o JOIN execution e ON e.id = o.key "
    'JOIN "authorization" a ON a.id = e.authorization_id WHERE a.draft_id IS NULL '
    f"GROUP BY a.account_id HAVING sum(CAST(o.amount AS REAL)) > {LIMIT}",
    "money was given that nothing is set aside for": "SELECT 1 FROM outside o JOIN execution e ON e.id = o.key "
    "WHERE CAST(o.amount AS REAL) > 0 AND NOT EXISTS (SELECT 1 FROM budget b WHERE b.position = e.position "
    "AND b.authorization_id = e.authorization_id AND b.status <> 'released')",
    "a draft waits on a ticket that is over": "SELECT 1 FROM draft d JOIN ticket t ON t.id = d.ticket_id "
    f"WHERE d.status = 'pending' AND t.status IN {OVER}",
}
"""What no moment may show: each question must have no answer."""

AT_REST = {
    "a ticket is neither over nor waits for a person": "SELECT 1 FROM ticket t WHERE "
    f"t.status NOT IN {OVER} AND NOT (t.status = 'waiting' AND EXISTS "
    "(SELECT 1 FROM draft d WHERE d.ticket_id = t.id AND d.status = 'pending'))",
    "money stays set aside": "SELECT 1 FROM budget b WHERE b.status = 'reserved' AND NOT EXISTS (SELECT 1 FROM "
    "execution e WHERE e.authorization_id = b.authorization_id AND e.position = b.position AND e.status = 'in_doubt')",
    "an effect is under way": "SELECT 1 FROM execution WHERE status = 'started'",
    "given money is not noted as spent": "SELECT 1 FROM execution e JOIN budget b ON b.position = e.position "
    "AND b.authorization_id = e.authorization_id WHERE e.status = 'done' AND b.status <> 'spent'",
    "what is done did not happen": "SELECT 1 FROM execution e WHERE e.status = 'done' "
    "AND NOT EXISTS (SELECT 1 FROM outside o WHERE o.key = e.id)",
    "a ticket is answered without its effects": "SELECT 1 FROM ticket t JOIN execution e ON e.ticket_id = t.id "
    "WHERE t.status = 'done' AND e.status <> 'done'",
    "a ticket that is done has no reply": "SELECT 1 FROM ticket t WHERE t.status = 'done' "
    "AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.ticket_id = t.id)",
    "a verdict is not carried out": "SELECT 1 FROM draft WHERE status IN ('decided', 'applying')",
}
"""What no rest may show."""


class Laws:
    """The laws over one SQLite connection, with a table of what happened outside beside the ledger."""

    def __init__(self, connection: Any) -> None:
        self._ledger = connection

    def enact(self) -> None:
        """Put the laws, and the outside, beside the ledger's own tables."""
        self._ledger.execute("CREATE TABLE IF NOT EXISTS outside (key, ticket_id, tool, amount, keyed)")
        self._ledger.execute("CREATE TABLE IF NOT EXISTS breach (law)")
        for number, ((change, table), law) in enumerate(CHANGES.items()):
            when = f'law_{number} AFTER {change} ON "{table}"'
            self._ledger.execute(f"CREATE TRIGGER IF NOT EXISTS {when} BEGIN INSERT INTO breach {law}; END")

    def knows(self, key: str) -> bool:
        """Whether something happened under a key."""
        return self._ledger.execute("SELECT 1 FROM outside WHERE key = ?", (key,)).fetchone() is not None

    def happened(self, key: str, ticket_id: str, tool: str, amount: str, *, keyed: bool) -> None:
        """Note an effect; the outside recognises a key it has seen."""
        if not (keyed and self.knows(key)):
            self._ledger.execute("INSERT INTO outside VALUES (?, ?, ?, ?, ?)", (key, ticket_id, tool, amount, keyed))

    def broken(self) -> list[str]:
        """Return the laws that are broken now, or were by a change that is stored."""
        changes = [row[0] for row in self._ledger.execute("SELECT DISTINCT law FROM breach")]
        return changes + self._answered(STATES)

    def unsettled(self) -> list[str]:
        """Return the laws of rest that are broken."""
        return self._answered(AT_REST)

    def _answered(self, questions: dict[str, str]) -> list[str]:
        return [law for law, question in questions.items() if self._ledger.execute(question).fetchone()]
