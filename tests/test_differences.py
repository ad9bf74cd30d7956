"""Two playbooks compared by meaning: each line knows whether its change gives the machine more or less."""

from pathlib import Path

import pytest

from cxagent.differences import differences
from cxagent.playbook import load_playbook

PLAYBOOK = Path(__file__).resolve().parents[1] / "graphs" / "playbook.yaml"
DISCOUNT_ROW = "  offer_discount:       {low_clv: act, mid: handoff, high: handoff, at_risk: handoff}\n"
ASKS, ASKS_LESS = "relationship_owner:    {low_clv: act", "relationship_owner:    {low_clv: draft"
HIGH, HIGHER = "always_high_segments: [enterprise", "always_high_segments: [mid_market, enterprise"


@pytest.mark.parametrize(
    ("old", "new", "path", "direction"),
    [
        ("per_action: {low_clv: 100", "per_action: {low_clv: 150", "money.per_action.low_clv", "loosens"),
        ("mid_market: 90", "mid_market: 120", "renewal_window_days.mid_market", "tightens"),
        ("health_below: 50", "health_below: 40", "at_risk.health_below", "loosens"),
        ("error: 2}", "error: 5}", "freshness.billing.error", "loosens"),
        ("  - crm.health\n", "", "required_facts.crm.health", "loosens"),
        (ASKS, ASKS_LESS, "signals.relationship_owner.low_clv", "tightens"),
        ("up_to: 5000}", "up_to: 9000}", "sign_off.approver.up_to", "loosens"),
        ("role: executive}\nexec", "role: executive, up_to: 90000}\nexec", "sign_off.executive.up_to", "tightens"),
        ("exemption: false", "exemption: true", "public_fact_exemption", "loosens"),
        ("smb: low_clv, mid", "smb: mid, mid", "tiers.unknown_clv.smb", "tightens"),
        (DISCOUNT_ROW, "", "tools.offer_discount.mid", "loosens"),
        ("reference_customer, partner]", "reference_customer]", "tiers.always_high_flags.partner", "loosens"),
        (HIGH, HIGHER, "tiers.always_high_segments.mid_market", "tightens"),
        ("owner:   [owner]", "owner:   [owner, founder]", "roles.owner.founder", "loosens"),
        ("not_a_signal:\n  plain_monthly_cancel: exit\n", "", "not_a_signal.plain_monthly_cancel", "tightens"),
        ("review_by: 2027-05-01", "review_by: 2027-06-01", "review_by", "changes"),
    ],
)
def test_a_difference_knows_its_direction(tmp_path: Path, old: str, new: str, path: str, direction: str) -> None:
    """Each line of meaning says whether the change loosens or tightens, and the way back says the opposite."""
    text = PLAYBOOK.read_text()
    assert old in text
    (tmp_path / "b.yaml").write_text(text.replace(old, new, 1))
    before, after = load_playbook(PLAYBOOK), load_playbook(tmp_path / "b.yaml")
    opposite = {"loosens": "tightens", "tightens": "loosens", "changes": "changes"}[direction]
    assert {one.path: one.direction for one in differences(before, after)}[path] == direction
    assert {one.path: one.direction for one in differences(after, before)}[path] == opposite
