"""What a proof returns: findings, each naming a line and a counterexample, and how many cells were enumerated."""

from typing import Literal

from cxagent.domain.value import Text, Value


class Finding(Value):
    """One thing that is wrong (`error`) or idle (`warning`) in a playbook; `where` is the line, `what` one sentence."""

    level: Literal["error", "warning"]
    where: Text
    what: Text


class Proof(Value):
    """The outcome of enumerating every cell; the playbook is sound where no finding is an error."""

    findings: tuple[Finding, ...]
    cells: int

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings for which the playbook is refused."""
        return tuple(one for one in self.findings if one.level == "error")

    @property
    def sound(self) -> bool:
        """Whether the playbook may be used."""
        return not self.errors


def error(where: str, what: str) -> Finding:
    """Return a finding for which a playbook is refused."""
    return Finding(level="error", where=where, what=what)


def warning(where: str, what: str) -> Finding:
    """Return a finding that a reader should know."""
    return Finding(level="warning", where=where, what=what)
