"""The seam to every system that knows an account, and its in-memory twin."""

from collections.abc import Iterable
from functools import cached_property
from typing import Protocol, runtime_checkable

from cxagent.domain.account import Account, Fault, Mismatch
from cxagent.domain.vocabulary import SourceName

SECTIONS = frozenset(SourceName)
"""All sections of the account document."""


@runtime_checkable
class Source(Protocol):
    """A system that knows accounts: it may raise `Transient`, `Denied` or `TimeoutError`, and it never writes.

    A source that answers from memory says `instant = True` and is asked without a thread.
    One that knows of a failing section without failing itself lists it in `faults`.
    """

    @property
    def name(self) -> str:
        """What the source is called in records and messages."""
        ...

    @property
    def sections(self) -> frozenset[SourceName]:
        """The sections of the account document that it answers for."""
        ...

    def accounts_of(self, email: str) -> tuple[str, ...]:
        """Return the accounts where this address is a registered contact."""
        ...

    def account(self, account_id: str) -> Account | None:
        """Return the document with the sections it knows, or None where it does not know the account."""
        ...

    def family(self, account_id: str) -> tuple[str, ...]:
        """Return the other accounts under the same ultimate parent."""
        ...

    def mismatches(self, account_id: str) -> tuple[Mismatch, ...]:
        """Return the contradictions that its mapped checks find on one account."""
        ...

    def health(self) -> str:
        """Return a sentence on its state, or raise `Unreachable`."""
        ...


class HeldSource:
    """Account documents in memory; a faulted section is withheld, and its contacts are not known either."""

    instant = True
    sections = SECTIONS

    def __init__(
        self,
        accounts: Iterable[Account],
        faults: Iterable[Fault] = (),
        *,
        mismatches: Iterable[Mismatch] = (),
        name: str = "held",
    ) -> None:
        self.name = name
        self.faults = tuple(faults)
        self._mismatches = tuple(mismatches)
        blind = {fault.source.value: None for fault in self.faults}
        self._accounts = {account.id: account.model_copy(update=blind) if blind else account for account in accounts}

    def accounts_of(self, email: str) -> tuple[str, ...]:
        """Return the accounts that list the address as a contact, in any case, departed or not."""
        return self._by_email.get(normal_email(email), ())

    def account(self, account_id: str) -> Account | None:
        """Return the held document."""
        return self._accounts.get(account_id)

    def family(self, account_id: str) -> tuple[str, ...]:
        """Return everyone under the same ultimate parent, without the account itself."""
        group = self._groups.get(self._roots.get(account_id, account_id), ())
        return tuple(member for member in group if member != account_id)

    def mismatches(self, account_id: str) -> tuple[Mismatch, ...]:
        """Return the held contradictions of one account."""
        return tuple(found for found in self._mismatches if found.account_id == account_id)

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Every held document."""
        return tuple(self._accounts.values())

    def health(self) -> str:
        """Say how many documents are held."""
        return f"{self.name}: {len(self._accounts)} accounts held in memory"

    @cached_property
    def _by_email(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, dict[str, None]] = {}
        for account in self._accounts.values():
            for contact in (account.crm and account.crm.contacts) or ():
                found.setdefault(normal_email(contact.email), {})[account.id] = None
        return {email: tuple(ids) for email, ids in found.items()}

    @cached_property
    def _roots(self) -> dict[str, str]:
        parents = {account.id: account.parent_id for account in self._accounts.values()}
        return ultimate_parents(parents)

    @cached_property
    def _groups(self) -> dict[str, tuple[str, ...]]:
        groups: dict[str, dict[str, None]] = {}
        for member, root in self._roots.items():
            groups.setdefault(root, {root: None})[member] = None
        return {root: tuple(members) for root, members in groups.items()}


def normal_email(email: str) -> str:
    """Return the form in which two spellings of one address are equal."""
    return email.strip().casefold()


def ultimate_parents(parents: dict[str, str | None]) -> dict[str, str]:
    """Return the ultimate parent of every account; a circle of parents has its smallest id as its root."""
    roots: dict[str, str] = {}
    for start in parents:
        path: dict[str, None] = {}
        current = start
        while current not in roots and current not in path:
            path[current] = None
            parent = parents.get(current)
            if parent is None:
                roots[current] = current
            else:
                current = parent
        root = roots.get(current)
        if root is None:
            trail = list(path)
            root = min(trail[trail.index(current) :])
        roots.update(dict.fromkeys(path, root))
    return {account: roots[account] for account in parents}
