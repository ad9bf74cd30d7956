"""Rules about what is at stake: tier ceilings, risk, the renewal window, and what the account itself laid down."""

from collections.abc import Iterator

from cxagent.domain.ruling import Cap
from cxagent.domain.vocabulary import ACT, DRAFT, HANDOFF, EffectClass, Reason, Tier
from cxagent.lifetime.hold_out import held_out
from cxagent.reading.stems import text_stems
from cxagent.rules.submission import REFUSAL, PartView, Submission, cap, spoken

ROW_WORDS = {
    "public_info": "public information",
    "account_info": "account information",
    "account_money": "billing figures",
    "reversible_op": "a change, even one that can be undone,",
    "financial": "money",
    "commitment": "a commitment",
    "refusal": "a refusal, however correct,",
    "legal_security": "a matter of contract, data or security",
}
TIER_WORDS = {Tier.LOW: "a small account", Tier.MID: "a mid-value account", Tier.HIGH: "a high-value account"}
ALLOWED = {ACT: "goes out alone", DRAFT: "needs a person's approval", HANDOFF: "is owned by a person"}
TERMS_BOUND = frozenset(
    {EffectClass.ACCOUNT_INFO, EffectClass.FINANCIAL, EffectClass.COMMITMENT, EffectClass.LEGAL_SECURITY}
)
"""Classes that standard terms govern: special terms put a person before them."""


def tier_ceiling(sub: Submission, view: PartView) -> Iterator[Cap]:
    """What an account is worth sets the ceiling of every part; an unknown account counts as high."""
    own = sub.audit.standing.own_tier if sub.audit.standing else Tier.HIGH
    for name, row in sub.rows(view):
        allowed = row.allows(sub.tier, at_risk=False)
        if exempt(sub, name):
            continue
        why = f"{ROW_WORDS.get(name, spoken(name))} {ALLOWED[allowed]} on {TIER_WORDS[sub.tier]}"
        if row.allows(own, at_risk=False) > allowed:
            detail = sub.audit.standing.tier_why if sub.audit.standing else ""
            yield from cap(allowed, Reason.GROUP_TIER, f"{why}; {detail}", "the account stood alone", part=view)
        else:
            reason = Reason.REFUSAL if name == REFUSAL else Reason.TIER_CEILING
            yield from cap(allowed, reason, why, "the account were worth less", part=view)


def exempt(sub: Submission, row: str) -> bool:
    """Whether the public-fact exemption lifts this row: calm high accounts, public information, switched on by name."""
    calm = not sub.at_risk and not sub.in_window
    return sub.playbook.public_fact_exemption and calm and row == "public_info" and sub.tier == Tier.HIGH


def risk_ceiling(sub: Submission, view: PartView) -> Iterator[Cap]:
    """An account at risk gets the lower of its tier's ceiling and the at-risk column, whatever its size."""
    standing = sub.audit.standing
    for risk in standing.risks if standing else ():
        lowest = min((row.at_risk for _, row in sub.rows(view)), default=ACT)
        yield from cap(lowest, risk.reason, risk.why, "the account were not at risk", part=view)


def renewal_window(sub: Submission, view: PartView) -> Iterator[Cap]:
    """Inside the renewal window, counted to the notice deadline, a correct "no" can cost the account."""
    if not sub.in_window or sub.audit.standing is None:
        return
    window = sub.audit.standing.window
    for name, _ in sub.rows(view):
        if row := sub.playbook.in_window.get(name):
            allowed = row.allows(sub.tier, sub.at_risk)
            why = f"{ROW_WORDS.get(name, spoken(name))} inside the renewal window, which is {window.why}"
            days = window.days_to_notice if window.days_to_notice is not None else "unknown"
            yield from cap(
                allowed, Reason.RENEWAL_WINDOW, why, "the renewal window were closed", part=view, days_to_notice=days
            )


def reads_as_exit(sub: Submission, view: PartView) -> Iterator[Cap]:
    """An export, notice or hand-over question near the renewal, or from a shaky account, is an exit in disguise."""
    topic = sub.reading.exit_topic or bool(view.entry and view.entry.exit_topic)
    if topic and sub.tier != Tier.LOW and (sub.at_risk or sub.in_window):
        where = "an account at risk" if sub.at_risk else "an account in its renewal window"
        why = f"a question about leaving or taking data along, from {where}"
        yield from cap(HANDOFF, Reason.SIGNAL_EXIT, why, "the account were calm and far from renewal", part=view)


def special_terms(sub: Submission, view: PartView) -> Iterator[Cap]:
    """What was agreed with one account goes before the general policy."""
    contract = sub.audit.account.contract if sub.audit.account else None
    terms = (contract.special_terms if contract else None) or ()
    effects = {call.effect for call in view.calls} | ({view.entry.effect} if view.entry else set())
    if terms and effects & TERMS_BOUND:
        why = f"special terms apply: {terms[0]}"
        yield from cap(DRAFT, Reason.RULE_OF_ENGAGEMENT, why, "standard terms applied", part=view)


def engagement(sub: Submission, view: PartView) -> Iterator[Cap]:
    """A rule of engagement of one account beats the general policy, and only ever tightens it."""
    for rule in sub.playbook.engagement:
        if rule.account not in {sub.audit.account_id, sub.audit.root_id}:
            continue
        touched = {call.effect for call in view.calls} & set(rule.effects)
        if touched or rule.tools & {call.action.tool for call in view.calls}:
            yield from cap(rule.cap, Reason.RULE_OF_ENGAGEMENT, rule.why, "the account had no such rule", part=view)


def terms_on_file(sub: Submission, view: PartView) -> Iterator[Cap]:
    """Without a contract on file there is nothing to state terms from."""
    contract = sub.audit.account.contract if sub.audit.account else None
    states = view.entry is not None and view.entry.effect == EffectClass.COMMITMENT
    if contract is not None and contract.on_file is False and states:
        loud = {call.effect for call in view.loud}
        if EffectClass.COMMITMENT in loud or not loud:
            why = "no contract is on file, so no terms can be stated"
            yield from cap(HANDOFF, Reason.FACT_MISSING, why, "a contract were on file", part=view)


def open_opportunity(sub: Submission, view: PartView) -> Iterator[Cap]:
    """A deal that a colleague is working on is not undercut."""
    crm = sub.audit.account.crm if sub.audit.account else None
    for note in (crm.notes if crm else None) or ():
        if "opportunity" in note.lower() and "open" in note.lower():
            subject = f"{sub.ticket.text} {view.part.intent.replace('_', ' ')}"
            if text_stems(note) & text_stems(subject):
                allowed = DRAFT if sub.calm_low else HANDOFF
                why = f"an open opportunity on the same subject: {note}"
                yield from cap(allowed, Reason.RULE_OF_ENGAGEMENT, why, "no deal were open", part=view)


def flags(sub: Submission) -> Iterator[Cap]:
    """No AI contact means a person; an account we may part from gets a person's word."""
    book = sub.playbook
    held = set(((sub.audit.account.crm.flags if sub.audit.account.crm else None) or ()) if sub.audit.account else ())
    if "no_ai_contact" in held:
        why = "the account asked not to be served by AI"
        yield from cap(book.flags["no_ai_contact"], Reason.NO_AI_CONTACT, why, "the account allowed AI contact")
    if "misaligned" in held:
        why = "the account is marked misaligned: a person decides how to go on"
        yield from cap(book.flags["misaligned"], Reason.GOAL_CONFLICT, why, "the account were aligned")


def legal_hold(sub: Submission, view: PartView) -> Iterator[Cap]:
    """Under a legal hold nothing but public information moves without a person."""
    crm = sub.audit.account.crm if sub.audit.account else None
    public = all(name == EffectClass.PUBLIC_INFO.value for name, _ in sub.rows(view))
    if crm and "legal_hold" in (crm.flags or ()) and not public:
        why = "the account is under legal hold"
        yield from cap(sub.playbook.flags["legal_hold"], Reason.LEGAL_HOLD, why, "there were no legal hold", part=view)


def consent(sub: Submission) -> Iterator[Cap]:
    """A denied or withdrawn consent to AI processing stops the machine at once."""
    crm = sub.audit.account.crm if sub.audit.account else None
    for given in (crm.consents if crm else None) or ():
        purpose = given.purpose.strip().lower().replace(" ", "_").replace("-", "_")
        if purpose in sub.playbook.ai_consents and given.status in ("denied", "withdrawn"):
            why = f"consent to {given.purpose} is {given.status}"
            yield from cap(HANDOFF, Reason.CONSENT_MISSING, why, "the consent were given")


def residency(sub: Submission, view: PartView) -> Iterator[Cap]:
    """Data that must stay in a region is not moved alone."""
    contract = sub.audit.account.contract if sub.audit.account else None
    for call in view.calls:
        moves = call.tool is not None and call.tool.moves == "data" and call.effect == EffectClass.LEGAL_SECURITY
        if moves and contract and contract.data_residency:
            why = f"the account's data must stay in {contract.data_residency}"
            yield from cap(DRAFT, Reason.DATA_RESIDENCY, why, "no residency were agreed", part=view)


def promises_kept(sub: Submission) -> Iterator[Cap]:
    """A promise on record that we did not keep is known to whoever answers next."""
    for promise in sub.audit.standing.unkept if sub.audit.standing else ():
        why = f"we promised and did not keep: {promise.what}"
        yield from cap(DRAFT, Reason.TRUST_BREACH, why, "our promises had been kept")


def owner_in_touch(sub: Submission) -> Iterator[Cap]:
    """While our own contact changes, a person looks at everything until the successor has spoken with the account."""
    for one in sub.audit.standing.handovers if sub.audit.standing else ():
        yield from cap(DRAFT, Reason.HANDOVER, one.said, "whoever looks after the account were in touch with it")


def latitude(sub: Submission, view: PartView) -> Iterator[Cap]:
    """What the machine keeps getting wrong it may no longer do alone."""
    crm = sub.audit.account.crm if sub.audit.account else None
    segment = crm.segment if crm else None
    for cell in sub.cells:
        if cell.intent == view.part.intent and cell.segment == segment:
            why = f"latitude of {spoken(cell.intent)} × {spoken(cell.segment)}: {cell.why}"
            yield from cap(cell.cap, Reason.LATITUDE, why, "the track record allowed it", part=view)


def resembles(sub: Submission, view: PartView) -> Iterator[Cap]:
    """What is much like the cases that the machine got wrong lately, a person looks at, whatever their cell."""
    for kin in sub.kin:
        if kin.intent == view.part.intent:
            yield from cap(DRAFT, Reason.LATITUDE, kin.why, "it had not resembled mishandled cases", part=view)


def kill_switch(sub: Submission) -> Iterator[Cap]:
    """A stop switch stops: everything, a channel, an account, or a tool."""
    ids = {sub.audit.account_id, sub.audit.root_id}
    named = {call.action.tool for call in sub.calls}
    for stop in sub.stops:
        match stop.scope:
            case "account":
                hit = stop.key in ids
            case "tool":
                hit = stop.key in named
            case "channel":
                hit = stop.key == sub.ticket.channel
            case _:
                hit = True
        if hit:
            what = f"{stop.scope} {spoken(stop.key)}" if stop.key else stop.scope
            yield from cap(HANDOFF, Reason.KILL_SWITCH, f"{stop.by} stopped {what}: {stop.why}", "nothing were stopped")


def shadow_mode(sub: Submission) -> Iterator[Cap]:
    """In shadow mode the machine decides silently and people decide as ever."""
    if sub.shadow:
        yield from cap(HANDOFF, Reason.SHADOW_MODE, "the project runs in shadow mode", "shadow mode were off")


def kept_away(sub: Submission) -> Iterator[Cap]:
    """Groups of the hold-out are served by people as ever, so that it can be measured what the machine is worth."""
    if sub.audit.account is not None and held_out(sub.audit.root_id, sub.playbook.value.hold_out):
        why = "the account is in the hold-out: chance keeps the machine away from it, to measure what it is worth"
        yield from cap(HANDOFF, Reason.SHADOW_MODE, why, "chance had let the machine serve it")


def only_tightened(sub: Submission) -> Iterator[Cap]:
    """A second look may tighten what the first one allowed, never loosen it."""
    why = f"an earlier ruling on this ticket allowed {sub.at_most} at most"
    yield from cap(sub.at_most, Reason.LATITUDE, why, "the earlier ruling had allowed it")
