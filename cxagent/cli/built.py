"""A project as the commands examine it: built by its own graph file, its playbook proven with its own rules."""

from pathlib import Path
from typing import TYPE_CHECKING

from cxagent.errors import CxagentError

if TYPE_CHECKING:
    from cxagent.playbook import Playbook
    from cxagent.project import Project
    from cxagent.proof import Proof


def as_built(project: Path) -> "Project":
    """Return the project as its graph file builds it, with the parts that an engineer passed; else as configured."""
    from cxagent.project import Project

    home = Project(project)
    _ = home.config  # what is no project is refused, whatever else can be said of it
    try:
        return Project.load(project)
    except CxagentError:
        return home


def examined(home: "Project", book: "Playbook") -> "Proof":
    """Prove a playbook over the whole input space, with the tools and the rules of a project, as of today."""
    from cxagent import clock
    from cxagent.proof import examine

    own = home.extensions
    return examine(book, home.tools, clock.now().date(), ticket_rules=own.ticket_rules, part_rules=own.part_rules)
