"""What a person may do with the playbook: change a limit, see what that does, approve, refuse, roll back.

A colleague of rank 1 or above proposes a change of the lines that `limits` names; another one approves it, never the
same person. Nothing unsound comes into force. Rolling back is the emergency brake: one person pulls it where the older
playbook gives the machine nothing that it has not got today. Otherwise, also where that cannot be told from the lines,
the older text becomes a proposal, and a second person approves it like any change.
"""

import re
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from cxagent import clock
from cxagent.context.handover import same_person
from cxagent.differences import Difference, differences
from cxagent.errors import BadInput, Conflict, Refused
from cxagent.governing.dry_run import DAYS, MOST, DryRun, dry_run
from cxagent.governing.editing import NOBODY_YET, Signed, changed
from cxagent.governing.limits import Limit, limits, typed
from cxagent.ledger import versions
from cxagent.ledger.store import Store
from cxagent.ledger.versions import PLAYBOOK, Activation, Version
from cxagent.playbook import Colleague, Playbook, parse_playbook
from cxagent.project import Project
from cxagent.proof import Proof, examine
from cxagent.soundness import require_sound, vouch_for

__all__ = ["Change", "DryRun", "Governing", "Limit", "RolledBack", "limits", "looser"]

RANK = 1
"""The step of the ladder from which on a person may propose and approve a change."""
REMEMBERED = 20
_HARMLESS = (
    *("name", "version", "owner", "author", "approver", "effective", "review_by", "objective", "acknowledgement"),
    *("deadline_hours.*", "business_hours.*", "freshness.*.warn"),
)
"""Lines that give the machine, or anybody, no more whichever way they change."""
_VERSION_LINE = re.compile(r"^version:\s*[\"']?(\d+)\.(\d+)\.(\d+)\b", re.M)


class Change(NamedTuple):
    """A changed playbook before anybody proposed it: its text, what it says, and the lines that differ in meaning."""

    based_on: str
    text: str
    playbook: Playbook
    differences: tuple[Difference, ...]


class RolledBack(NamedTuple):
    """What came of a roll-back: the number of its activation, or the proposal that a second person must approve."""

    activation: int | None
    proposal: str | None
    looser: tuple[Difference, ...] = ()


def looser(old: Playbook, new: Playbook) -> tuple[Difference, ...]:
    """Return the lines by which a playbook may give more than another; what cannot be measured may."""
    found = differences(old, new)
    return tuple(one for one in found if one.direction != "tightens" and not _harmless(one.path))


def _harmless(path: str) -> bool:
    return any(fnmatch(path, pattern) for pattern in _HARMLESS)


class Governing:
    """What people may do with the playbook of one project; proofs are remembered by the playbook's digest."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._proofs: dict[str, Proof] = {}

    # ---- what there is ----------------------------------------------------------------------------------------------

    @property
    def _kept(self) -> Path:
        return self.project.home / ".cxagent"

    @property
    def _store(self) -> Store:
        return self.project.steps.store

    @property
    def playbook(self) -> Playbook:
        """The playbook that rules now."""
        return self.project.in_force

    def version(self) -> Version:
        """Return the version in force, as the ledger has it."""
        with self._store.read() as connection:
            found = versions.active(connection)
        if found is not None:
            return found.version
        with self._store.write(PLAYBOOK) as connection:
            book = self.project.playbook
            versions.deploy(connection, self.project.playbook_text, book.digest, book.author, book.approver)
            found = versions.active(connection)
        assert found is not None
        return found.version

    def versions(self) -> list[Version]:
        """Return every version, the latest first."""
        with self._store.read() as connection:
            return versions.every(connection)

    def activations(self) -> list[Activation]:
        """Return when which version came into force, the latest first."""
        with self._store.read() as connection:
            return versions.activations(connection)

    def get(self, version_id: str) -> tuple[Version, Playbook]:
        """Return one version, and what it says."""
        with self._store.read() as connection:
            version = versions.get(connection, version_id)
        return version, _said(version)

    def may(self, by: str) -> Colleague:
        """Return a person who may change the playbook; `Refused` says who may."""
        book = self.playbook
        found = book.colleague(by)
        if found is None:
            raise Refused(f"{by!r} is nobody the playbook knows")
        if book.rank_of(found.role) < RANK:
            who = ", ".join(step.role.replace("_", " ") for step in book.sign_off[RANK:]) or "nobody"
            raise Refused(f"a {found.role.replace('_', ' ')} does not change the playbook; that is for: {who}")
        return found

    # ---- a change, and what it does ---------------------------------------------------------------------------------

    def change(self, changes: Mapping[str, str], by: str, based_on: str | None = None) -> Change:
        """Return the playbook in force with some limits changed, by path, as typed into a form.

        `Conflict` where the form was filled in over a playbook that is no longer in force.
        """
        author, current = self.may(by), self.version()
        if based_on not in (None, current.digest):
            raise Conflict("another playbook came into force since this form was opened; look at its limits first")
        book = _said(current)
        values = typed({one.path: one for one in limits(book)}, changes)
        if not values:
            raise BadInput("nothing was changed", where="playbook")
        return self._change(current.text, values, author, current)

    def _change(self, text: str, values: Mapping[str, str], author: Colleague, current: Version) -> Change:
        signed = Signed(self._next_version(), signature(author), NOBODY_YET, clock.now().date())
        text = changed(text, values, signed)
        book = parse_playbook(text, "the changed playbook")
        return Change(current.digest, text, book, differences(_said(current), book))

    def _next_version(self) -> str:
        """Return year, month and the next number of the month: no two versions are called the same."""
        now = clock.now()
        known = [map(int, found.groups()) for one in self.versions() if (found := _VERSION_LINE.search(one.text))]
        numbers = [number for year, month, number in known if (year, month) == (now.year, now.month)]
        return f"{now.year}.{now.month}.{max(numbers, default=0) + 1}"

    def proof(self, book: Playbook) -> Proof:
        """Prove a playbook over the whole input space, with the project's tools and rules; it takes seconds, once."""
        own, today = self.project.extensions, clock.now().date()
        key = f"{book.digest} {today}"
        if key not in self._proofs:
            rules = {"ticket_rules": own.ticket_rules, "part_rules": own.part_rules}
            found = self._proofs[key] = examine(book, self.project.tools, today, **rules)  # type: ignore[arg-type]
            if found.sound and not any(rules.values()):  # with rules of the project's own it is another proof
                vouch_for(book, self.project.tools, self._kept)
            for old in list(self._proofs)[:-REMEMBERED]:
                self._proofs.pop(old, None)
        return self._proofs[key]

    def dry_run(self, book: Playbook, *, days: int = DAYS, most: int = MOST) -> DryRun:
        """Say what a playbook would have made of the last days' tickets; no source and no model is asked."""
        return dry_run(self.project.steps.judge, self._store, book, days=days, most=most)

    # ---- two people -------------------------------------------------------------------------------------------------

    def propose(self, change: Change, by: str, note: str) -> str:
        """Put a change before a second person; return its id. What is not sound is refused with every error."""
        author = self.may(by)
        if not note.strip():
            raise BadInput("say in a sentence why the limit changes; the second person reads it", where="why")
        proof = self.proof(change.playbook)
        if not proof.sound:
            raise BadInput("; ".join(f"{one.where}: {one.what}" for one in proof.errors), where="the changed playbook")
        with self._store.write(PLAYBOOK) as connection:
            return versions.propose(
                connection,
                text=change.text,
                playbook_digest=change.playbook.digest,
                author=author.name,
                note=note.strip(),
                based_on=change.based_on,
                proof=proof,
            )

    def approve(self, version_id: str, by: str) -> int:
        """Approve somebody else's proposal, which puts it in force; return the number of the activation."""
        approver, (version, book) = self.may(by), self.get(version_id)
        if same_person(version.author, approver.name):
            raise Refused(f"{version.author} proposed it; a second person must approve")
        signed = Signed(book.version, book.author, signature(approver), clock.now().date())
        text = version.text if version.status != "proposed" else changed(version.text, {}, signed)
        book = parse_playbook(text, f"version {version.number}")
        self._require_sound(book)
        with self._store.write(PLAYBOOK) as connection:
            return versions.approve(connection, version_id, approver.name, text, book.digest)

    def refuse(self, version_id: str, by: str, why: str) -> None:
        """Refuse a proposal with a reason, or take one's own back."""
        person = self.may(by)
        if not why.strip():
            raise BadInput("say why; the author reads it", where="why")
        with self._store.write(PLAYBOOK) as connection:
            versions.refuse(connection, version_id, person.name, why.strip())

    def roll_back(self, version_id: str, by: str, why: str = "rolled back") -> RolledBack:
        """Go back to an approved version: at once where it gives nothing more than today, else as a proposal."""
        person, current, (version, book) = self.may(by), self.version(), self.get(version_id)
        if version.status != "approved":
            raise Conflict(f"version {version.number} was never in force: it is {version.status}")
        if version.id == current.id:
            raise Conflict(f"version {version.number} is in force already")
        why = why.strip() or "rolled back"
        if more := looser(_said(current), book):
            change = self._change(version.text, {}, person, current)
            note = f"back to version {version.number}: {why}"
            return RolledBack(None, self.propose(change, person.name, note), more)
        self._require_sound(book)
        with self._store.write(PLAYBOOK) as connection:
            found = versions.active(connection)
            if found is None or found.version.id != current.id:
                raise Conflict("another playbook came into force meanwhile; look at it first")
            return RolledBack(versions.roll_back(connection, version_id, person.name, why), None)

    def _require_sound(self, book: Playbook) -> None:
        require_sound(book, self.project.tools, self._kept, clock.now().date())


def signature(person: Colleague) -> str:
    """Return a person as the lines of a playbook name them."""
    return f"{person.name}, {person.role.replace('_', ' ')}"


def _said(version: Version) -> Playbook:
    """Return what a version says; `Conflict` where its text is not the one that was put on record."""
    book = parse_playbook(version.text, f"version {version.number} of the playbook")
    if book.digest != version.digest:
        raise Conflict(f"the text of version {version.number} is not the one that was put on record")
    return book
