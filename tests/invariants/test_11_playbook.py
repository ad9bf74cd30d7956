"""Invariant 11, a monotone playbook: what is proven stands in `test_proof.py`; here, that nothing opens without it."""

import pytest
from scenes import ROOT

from cxagent.domain.vocabulary import ACT
from cxagent.errors import BadInput
from cxagent.project import load_graph_file
from cxagent.soundness import require_sound


def test_a_loosened_playbook_is_refused() -> None:
    """A playbook that gives accounts at risk more than calm ones is refused with the line's name."""
    project = load_graph_file(ROOT).project
    book = project.playbook
    loosened = book.ceilings["financial"].model_copy(update={"at_risk": ACT, "high": ACT})
    unsound = book.model_copy(update={"ceilings": {**book.ceilings, "financial": loosened}})
    with pytest.raises(BadInput, match="financial"):
        require_sound(unsound, project.tools)
