"""The playbook in force: the last activation in the ledger, noticed before the next ticket or review.

The file that a project ships comes into force when its content is new to the ledger. From then on the ledger says what
rules: a file that goes back to an older text does not, since nobody can tell a roll-back of the code from a server that
was started late. Rolling back is done in the ledger, where it has a name and a reason.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cxagent.errors import BadInput
from cxagent.fingerprint import agent_version
from cxagent.ledger import versions
from cxagent.ledger.versions import PLAYBOOK
from cxagent.playbook import Playbook, parse_playbook
from cxagent.soundness import require_sound
from cxagent.steps import Bench

if TYPE_CHECKING:
    from cxagent.project import Project

log = logging.getLogger("cxagent.playbook")


@dataclass(frozen=True)
class _Held:
    """The bench under the playbook of one activation."""

    activation: int
    bench: Bench


class InForce:
    """The bench of a project under the playbook that is in force; one question to the ledger each time it is asked."""

    def __init__(self, project: "Project", make: Callable[[], Bench]) -> None:
        self._project, self._make = project, make
        self._held: _Held | None = None
        # A server sends the first tickets side by side, and all of them wait until one has opened.
        self._changing = threading.RLock()

    def bench(self) -> Bench:
        """Return the bench to work with now; a new activation is proven before it is worked under."""
        held = self._held
        if held is None or self._newest() > held.activation:
            with self._changing:
                held = self._held = self._open() if self._held is None else self._renewed(self._held)
        return held.bench

    def _newest(self) -> int:
        with self._project.store.read() as connection:
            return versions.newest(connection)

    def _open(self) -> _Held:
        """Register the project's own file, and begin under what is in force: often that very file."""
        project, bench = self._project, self._make()
        self._register(project.playbook)
        with project.store.read() as connection:
            found = versions.active(connection)
        if found is None:  # read from a snapshot older than the registration: the next question sees it
            return _Held(0, bench)
        if found.version.digest == project.playbook.digest:
            return _Held(found.activation, bench)
        return _Held(found.activation, self._under(bench, self._sound(found.activation)))

    def _register(self, playbook: Playbook) -> None:
        store, text = self._project.store, self._project.playbook_text
        with store.read() as connection:
            if versions.known(connection, playbook.digest):
                return
            first = versions.newest(connection) == 0
        if not first:  # whoever runs now would be left alone with an unsound one
            self._prove(playbook)
        with store.write(PLAYBOOK) as connection:
            versions.deploy(connection, text, playbook.digest, playbook.author, playbook.approver)

    def _renewed(self, held: _Held) -> _Held:
        """Go over to the last activation; what is unsound or altered is never worked under, and said once."""
        number = self._newest()
        if number <= held.activation:
            return held
        try:
            return _Held(number, self._under(held.bench, self._sound(number)))
        except BadInput as error:
            log.error("the playbook of activation %s is not worked under, the one before stays: %s", number, error)
            return replace(held, activation=number)

    def _sound(self, activation: int) -> Playbook:
        """Return the playbook that an activation put in force, as the log vouches for it, and proven."""
        with self._project.store.read() as connection:
            found = versions.active(connection)
            assert found is not None
            vouched = versions.vouched(connection, found)
        where = f"version {found.version.number} of the playbook"
        playbook = parse_playbook(found.version.text, where)
        if playbook.digest != found.version.digest or not vouched:
            raise BadInput(f"activation {activation} has no line in the decision log that fits its text", where=where)
        self._prove(playbook)
        return playbook

    def _prove(self, playbook: Playbook) -> None:
        require_sound(playbook, self._project.tools, self._project.home / ".cxagent")

    def _under(self, bench: Bench, playbook: Playbook) -> Bench:
        """Return the bench with another playbook: sources, tools and proposers stay as they are."""
        judge = replace(bench.judge, playbook=playbook, version=agent_version(self._project, playbook=playbook))
        return replace(bench, judge=judge, reviewing=replace(bench.reviewing, playbook=playbook))
