"""Sender → contact → account → ultimate parent: resolved before anything else, from the record, never from the text."""

from collections.abc import Mapping, Sequence
from typing import Literal

from cxagent.domain.account import Account, Contact
from cxagent.domain.ticket import Ticket
from cxagent.domain.value import Text, Value
from cxagent.playbook import Playbook

Status = Literal["resolved", "at_parent", "departed", "foreign", "ambiguous", "unknown", "no_account"]


class Identity(Value):
    """Who wrote, as far as the record knows; only `resolved` and `at_parent` may see account facts."""

    status: Status
    account_id: Text | None
    email: Text
    name: Text | None = None
    title: Text | None = None
    roles: tuple[str, ...] = ()
    verified: bool = False
    why: Text

    @property
    def known(self) -> bool:
        """Whether account facts may be used and shown."""
        return self.status in ("resolved", "at_parent")


def family_tree(accounts: Sequence[Account]) -> dict[str, Account]:
    """Index accounts by id; the first document of an id wins."""
    tree: dict[str, Account] = {}
    for account in accounts:
        tree.setdefault(account.id, account)
    return tree


def ancestors(account: Account, tree: Mapping[str, Account]) -> tuple[tuple[Account, ...], str | None]:
    """Return the known ancestors from the parent up, and the id of the first one that is named but not known."""
    chain: list[Account] = []
    seen = {account.id}
    parent_id = account.parent_id
    while parent_id is not None:
        parent = tree.get(parent_id)
        if parent is None or parent_id in seen:
            return tuple(chain), parent_id
        chain.append(parent)
        seen.add(parent_id)
        parent_id = parent.parent_id
    return tuple(chain), None


def resolve(ticket: Ticket, hint: str | None, tree: Mapping[str, Account], playbook: Playbook) -> Identity:
    """Find the account that the sender is a registered contact of; the helpdesk's `hint` proves nothing."""
    email = ticket.sender.email.strip().lower()
    places = {account.id: contact for account in tree.values() if (contact := _contact(account, email))}
    current = {key: contact for key, contact in places.items() if contact.left_on is None}

    def found(status: Status, account_id: str | None, why: str, contact: Contact | None = None) -> Identity:
        title = contact.role if contact else None
        return Identity(
            status=status,
            account_id=account_id,
            email=email,
            name=contact.name if contact else ticket.sender.name,
            title=title,
            roles=roles_of(title, playbook),
            verified=ticket.sender.verified,
            why=why,
        )

    if hint is not None and hint not in tree:
        return found("no_account", None, f"no source knows the account {hint}")
    if not current:
        if places:
            return found("departed", None, "the sender has left the company")
        return found("no_account" if not tree else "unknown", None, "the sender is not a registered contact")
    if len(current) > 1 and not _one_line(tree, set(current)):
        return found("ambiguous", None, "the sender is registered at accounts that do not belong to one line")
    if hint is None:
        lowest = max(current, key=lambda key: len(ancestors(tree[key], tree)[0]))
        return found("resolved", lowest, "the sender is a registered contact", current[lowest])
    if hint in current:
        return found("resolved", hint, "the sender is a registered contact of the account", current[hint])
    above = [one.id for one in ancestors(tree[hint], tree)[0] if one.id in current]
    if above:
        return found("at_parent", hint, f"the sender is registered only at the parent {above[0]}", current[above[0]])
    return found("foreign", None, "the sender is registered at another account")


def roles_of(title: str | None, playbook: Playbook) -> tuple[str, ...]:
    """Return the playbook's roles whose words stand in a title on record; a title without them has none."""
    words = f" {_words(title or '')} "
    return tuple(
        sorted(role for role, marks in playbook.roles.items() if any(f" {_words(m)} " in words for m in marks))
    )


def _words(text: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in text.lower()).split())


def _contact(account: Account, email: str) -> Contact | None:
    contacts = (account.crm.contacts if account.crm else None) or ()
    matching = [contact for contact in contacts if contact.email.strip().lower() == email]
    return next((contact for contact in matching if contact.left_on is None), matching[0] if matching else None)


def _one_line(tree: Mapping[str, Account], places: set[str]) -> bool:
    """Whether all places are ancestors or descendants of each other."""
    lines = {key: {one.id for one in ancestors(tree[key], tree)[0]} for key in places}
    return all(a == b or a in lines[b] or b in lines[a] for a in places for b in places)
