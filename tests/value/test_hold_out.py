"""The hold-out: chance keeps a share of all groups away from the machine, and renewals say so."""

import pytest
from requirements.world import Scene, account, credit, playbook

from cxagent.domain.vocabulary import ACT, HANDOFF
from cxagent.lifetime.hold_out import held_out
from cxagent.playbook import Playbook
from cxagent.value.observing import _drawn


def having(share: float) -> Playbook:
    """Return the reference playbook with a hold-out."""
    book = playbook()
    return book.model_copy(update={"value": book.value.model_copy(update={"hold_out": share})})


@pytest.mark.parametrize("share", [0.0, 0.03, 0.2, 0.5])
def test_a_share_of_all_groups_is_held_out(share: float) -> None:
    """As many groups are held out as was said, and those of a smaller share are among those of a larger one."""
    names = [f"ACC-{n}" for n in range(20_000)]
    out = {name for name in names if held_out(name, share)}
    assert len(out) / len(names) == pytest.approx(share, abs=0.01)
    assert out <= {name for name in names if held_out(name, 0.5)}


def test_the_machine_does_nothing_for_a_group_that_is_held_out() -> None:
    """What would go out alone goes to a person on a group of the hold-out, and nowhere else."""
    scene = Scene(account(), credit("20.00"))
    root = scene.audit().root_id
    assert scene.ruling().autonomy == ACT
    kept = Scene(account(), credit("20.00"), playbook=having(0.5)).ruling()
    assert kept.autonomy == (HANDOFF if held_out(root, 0.5) else ACT)
    everybody = Scene(account(), credit("20.00"), playbook=having(1.0)).ruling()
    assert everybody.autonomy == HANDOFF and "hold-out" in everybody.caps[0].why


def test_renewals_say_whether_their_group_was_held_out() -> None:
    """A renewal that is observed notes the draw; without a hold-out it stays unknown."""
    rows = [{"account_id": f"A-{n}", "root_id": f"R-{n // 2}"} for n in range(40)]
    came = [{"account_id": row["account_id"]} for row in rows]
    drawn = [one["held_out"] for one in _drawn(came, rows, having(0.5))]
    assert set(drawn) == {0, 1} and drawn[::2] == drawn[1::2]
    assert {one["held_out"] for one in _drawn(came, rows, playbook())} == {None}
