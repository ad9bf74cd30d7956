"""The closed lists: autonomy, tiers, effect classes, signals, reason codes."""

from enum import StrEnum


class Autonomy(StrEnum):
    """How far the machine may go alone; ordered `handoff < draft < act`."""

    HANDOFF = "handoff"
    DRAFT = "draft"
    ACT = "act"

    @property
    def rank(self) -> int:
        """0 for handoff, 1 for draft, 2 for act."""
        return _RANK[self.value]

    def __lt__(self, other: object) -> bool:
        return self.rank < other.rank if isinstance(other, Autonomy) else NotImplemented

    # All four are written out: `total_ordering` would leave the alphabetical ones that a string brings along.
    def __le__(self, other: object) -> bool:
        return self.rank <= other.rank if isinstance(other, Autonomy) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return self.rank > other.rank if isinstance(other, Autonomy) else NotImplemented

    def __ge__(self, other: object) -> bool:
        return self.rank >= other.rank if isinstance(other, Autonomy) else NotImplemented


_RANK = {"handoff": 0, "draft": 1, "act": 2}
HANDOFF, DRAFT, ACT = Autonomy.HANDOFF, Autonomy.DRAFT, Autonomy.ACT


class Tier(StrEnum):
    """What an account is worth, from least to most."""

    LOW = "low_clv"
    MID = "mid"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """0 for low_clv, 1 for mid, 2 for high."""
        return (Tier.LOW, Tier.MID, Tier.HIGH).index(self)


class Segment(StrEnum):
    """How the CRM files an account."""

    SMB = "smb"
    MID_MARKET = "mid_market"
    ENTERPRISE = "enterprise"
    STRATEGIC = "strategic"


class EffectClass(StrEnum):
    """What a tool does to the world."""

    INTERNAL_READ = "internal_read"
    INTERNAL = "internal"
    PUBLIC_INFO = "public_info"
    ACCOUNT_INFO = "account_info"
    REVERSIBLE_OP = "reversible_op"
    FINANCIAL = "financial"
    COMMITMENT = "commitment"
    LEGAL_SECURITY = "legal_security"


SILENT = frozenset({EffectClass.INTERNAL_READ, EffectClass.INTERNAL})
"""Classes that send nothing to the customer: they always run and are recorded."""


class Stance(StrEnum):
    """What a part of a proposal does with the request."""

    FULFIL = "fulfil"
    INFORM = "inform"
    DECLINE = "decline"
    CLARIFY = "clarify"


class SourceName(StrEnum):
    """The four sections of the account document, each with its own source and age."""

    CRM = "crm"
    BILLING = "billing"
    CONTRACT = "contract"
    SUPPORT = "support"


class Signal(StrEnum):
    """What the wording of a message shows; a signal lowers autonomy and never raises it."""

    FORGED_AUTHORITY = "forged_authority"
    EMBEDDED_INSTRUCTIONS = "embedded_instructions"
    OTHER_ACCOUNT = "other_account"
    NEW_RECIPIENT = "new_recipient"
    HUMAN_REQUESTED = "human_requested"
    DATA_WRONG = "data_wrong"
    BROKEN_PROMISE = "broken_promise"
    AI_OBJECTION = "ai_objection"
    LEGAL_HOLD = "legal_hold"
    TERMS_CHANGED = "terms_changed"
    MASS_IMPACT = "mass_impact"
    EXIT = "exit"
    THREAT = "threat"
    LEGAL_CLAIM = "legal_claim"
    COMPLAINT = "complaint"
    UNVERIFIABLE_CLAIM = "unverifiable_claim"
    RELATIONSHIP_OWNER = "relationship_owner"
    BINDING_WORDS = "binding_words"
    OVER_LIMIT = "over_limit"
    RETROACTIVE = "retroactive"
    REPEATED = "repeated"
    DISTRESS = "distress"
    OUR_FAULT = "our_fault"
    GOAL_TOUCHED = "goal_touched"
    AUTHORITY_SCOPE = "authority_scope"
    PERMANENT_CHANGE = "permanent_change"
    IRRITATION = "irritation"
    DOCS_DISPUTED = "docs_disputed"


class Reason(StrEnum):
    """Why a cap was set: the closed list of codes that appear in every record."""

    IDENTITY_UNRESOLVED = "identity_unresolved"
    IDENTITY_UNVERIFIED = "identity_unverified"
    ROLE_INSUFFICIENT = "role_insufficient"
    CONTACTS_DISAGREE = "contacts_disagree"
    FACT_MISSING = "fact_missing"
    FACT_STALE = "fact_stale"
    FACT_CONFLICT = "fact_conflict"
    FACT_DENIED = "fact_denied"
    SOURCE_FAILED = "source_failed"
    TIER_CEILING = "tier_ceiling"
    GROUP_TIER = "group_tier"
    AT_RISK = "at_risk"
    SILENT_CHURN = "silent_churn"
    OPEN_INCIDENT = "open_incident"
    RENEWAL_WINDOW = "renewal_window"
    REFUSAL = "refusal"
    MONEY_PER_ACTION = "money_per_action"
    MONEY_ROLLING = "money_rolling"
    AMOUNT_UNDECIDABLE = "amount_undecidable"
    CURRENCY_UNDECIDABLE = "currency_undecidable"
    SIGN_OFF_LEVEL = "sign_off_level"
    COMMITMENT = "commitment"
    UNGROUNDED_FIGURE = "ungrounded_figure"
    RULE_OF_ENGAGEMENT = "rule_of_engagement"
    GOAL_CONFLICT = "goal_conflict"
    LEGAL_HOLD = "legal_hold"
    DATA_RESIDENCY = "data_residency"
    CONSENT_MISSING = "consent_missing"
    NO_AI_CONTACT = "no_ai_contact"
    OVERDUE = "overdue"
    DISPUTED_INVOICE = "disputed_invoice"
    IRREVERSIBLE = "irreversible"
    TARGET_AMBIGUOUS = "target_ambiguous"
    TOOL_UNKNOWN = "tool_unknown"
    ARGUMENTS_INVALID = "arguments_invalid"
    PROPOSER_UNSURE = "proposer_unsure"
    LANGUAGE_UNREAD = "language_unread"
    LATITUDE = "latitude"
    EXPECTED_LOSS = "expected_loss"
    LOSS_BUDGET = "loss_budget"
    KILL_SWITCH = "kill_switch"
    SHADOW_MODE = "shadow_mode"
    TRUST_BREACH = "trust_breach"
    HANDOVER = "handover"
    SIGNIFICANT_EFFECT = "significant_effect"
    SIGNAL_FORGED_AUTHORITY = "signal_forged_authority"
    SIGNAL_EMBEDDED_INSTRUCTIONS = "signal_embedded_instructions"
    SIGNAL_OTHER_ACCOUNT = "signal_other_account"
    SIGNAL_NEW_RECIPIENT = "signal_new_recipient"
    SIGNAL_HUMAN_REQUESTED = "signal_human_requested"
    SIGNAL_DATA_WRONG = "signal_data_wrong"
    SIGNAL_BROKEN_PROMISE = "signal_broken_promise"
    SIGNAL_AI_OBJECTION = "signal_ai_objection"
    SIGNAL_LEGAL_HOLD = "signal_legal_hold"
    SIGNAL_TERMS_CHANGED = "signal_terms_changed"
    SIGNAL_MASS_IMPACT = "signal_mass_impact"
    SIGNAL_EXIT = "signal_exit"
    SIGNAL_THREAT = "signal_threat"
    SIGNAL_LEGAL_CLAIM = "signal_legal_claim"
    SIGNAL_COMPLAINT = "signal_complaint"
    SIGNAL_UNVERIFIABLE_CLAIM = "signal_unverifiable_claim"
    SIGNAL_RELATIONSHIP_OWNER = "signal_relationship_owner"
    SIGNAL_BINDING_WORDS = "signal_binding_words"
    SIGNAL_OVER_LIMIT = "signal_over_limit"
    SIGNAL_RETROACTIVE = "signal_retroactive"
    SIGNAL_REPEATED = "signal_repeated"
    SIGNAL_DISTRESS = "signal_distress"
    SIGNAL_OUR_FAULT = "signal_our_fault"
    SIGNAL_GOAL_TOUCHED = "signal_goal_touched"
    SIGNAL_AUTHORITY_SCOPE = "signal_authority_scope"
    SIGNAL_PERMANENT_CHANGE = "signal_permanent_change"
    SIGNAL_IRRITATION = "signal_irritation"
    SIGNAL_DOCS_DISPUTED = "signal_docs_disputed"

    @classmethod
    def of(cls, signal: Signal) -> "Reason":
        """Return the reason code of a signal."""
        return cls(f"signal_{signal.value}")
