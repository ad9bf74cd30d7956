"""Everything that can be wrong around a request, each as a ladder of cells, with the rules that look at it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from cxagent.context.knowledge import sections
from cxagent.context.standing import Exposure
from cxagent.domain.account import Consent, Fault, HistoryItem, Invoice, Mismatch, Promise
from cxagent.domain.money import Money
from cxagent.domain.tool import Assessment
from cxagent.domain.vocabulary import DRAFT, HANDOFF, Signal, SourceName
from cxagent.playbook import Playbook
from cxagent.proof.scene import ACCOUNT, AT, Change, audited, declared, noticed, proposed, section, standing
from cxagent.rules.submission import Cell, Stop, Submission

STRANGER = "stranger@elsewhere.example"
EXCUSED = frozenset(
    {
        *(Signal.EXIT, Signal.OUR_FAULT, Signal.RETROACTIVE, Signal.OVER_LIMIT, Signal.BINDING_WORDS),
        Signal.EMBEDDED_INSTRUCTIONS,
    }
)
"""The signals whose cap depends on what is proposed as well."""


@dataclass(frozen=True)
class Ladder:
    """Something that gets worse step by step; the first step is always the untouched request.

    `rules` are the only rules that may answer to it; without `request` they do so whatever is asked for, without
    `standing` whoever asks. The proof checks these claims.
    """

    name: str
    rules: frozenset[str]
    steps: tuple[tuple[str, Change], ...]
    request: bool = False
    standing: bool = False


def same(sub: Submission) -> Submission:
    """Change nothing."""
    return sub


def ladder(name: str, rules: str, looks: str = "", /, **steps: Change) -> Ladder:
    """Return a ladder of named steps after the untouched one; its rules look at nothing else unless it says so."""
    named = tuple((label.replace("_", " "), change) for label, change in steps.items())
    seen = looks.split()
    return Ladder(name, frozenset(rules.split()), (("untouched", same), *named), "request" in seen, "standing" in seen)


def ladders(playbook: Playbook) -> Iterator[Ladder]:
    """Yield every ladder."""
    yield from _people()
    yield from _switches()
    yield from _account(playbook)
    yield from _knowledge(playbook)
    yield from _freshness(playbook)
    yield from _words(playbook)
    yield from _calls()
    yield from _money()


def _people() -> Iterator[Ladder]:
    def who(status: str) -> Change:
        def change(sub: Submission) -> Submission:
            identity = sub.audit.identity.model_copy(update={"status": status})
            if identity.known:
                return audited(sub, identity=identity)
            return audited(sub, identity=identity, account=None, standing=None, sections=(), registered=())

        return change

    lost = ("departed", "foreign", "ambiguous", "unknown", "no_account")
    yield ladder("sender", "identity", at_parent=who("at_parent"), **{name: who(name) for name in lost})
    yield ladder(
        "verification",
        "verification", "request",
        unverified=lambda sub: audited(sub, identity=sub.audit.identity.model_copy(update={"verified": False})),
    )
    yield ladder(
        "another contact's order",
        "contacts_agree",
        contradicts=lambda sub: replace(sub, reading=sub.reading.model_copy(update={"disputes_colleague": True})),
    )


def _switches() -> Iterator[Ladder]:
    def stopped(scope: str) -> Change:
        def change(sub: Submission) -> Submission:
            tool = next(iter(sub.tools), "")
            key = {"account": ACCOUNT, "tool": tool, "channel": sub.ticket.channel}.get(scope)
            return replace(sub, stops=(Stop(scope=scope, key=key, by="somebody", why="a reason"),))

        return change

    for scope in ("everything", "account", "tool", "channel"):
        looks = "request" if scope == "tool" else ""
        yield ladder(f"a stop of {scope}", "kill_switch", looks, stopped=stopped(scope))
    yield ladder("shadow mode", "shadow_mode", on=lambda sub: replace(sub, shadow=True))
    yield ladder(
        "an earlier ruling",
        "only_tightened",
        draft=lambda sub: replace(sub, at_most=DRAFT),
        handoff=lambda sub: replace(sub, at_most=HANDOFF),
    )

    def cell(sub: Submission, cap: str) -> Submission:
        crm = sub.audit.account.crm if sub.audit.account else None
        assert sub.proposal is not None and crm is not None and crm.segment is not None
        intent = sub.proposal.parts[0].intent
        return replace(sub, cells=(Cell(intent=intent, segment=crm.segment, cap=cap, why="record"),))  # type: ignore[arg-type]

    yield ladder("latitude", "latitude", draft=lambda sub: cell(sub, "draft"), handoff=lambda sub: cell(sub, "handoff"))


def _account(playbook: Playbook) -> Iterator[Ladder]:
    for flag in ("no_ai_contact", "misaligned"):
        yield ladder(f"flag {flag}", "flags", set=lambda sub, flag=flag: section(sub, "crm", flags=(flag,)))  # type: ignore[misc]
    yield ladder("flag legal_hold", "legal_hold", "request standing", set=lambda sub: section(sub, "crm", flags=("legal_hold",)))
    for purpose in sorted(playbook.ai_consents):
        for status in ("denied", "withdrawn"):
            consent = Consent(purpose=purpose, status=status)  # type: ignore[arg-type]
            yield ladder(
                f"consent to {purpose}",
                "consent",
                **{status: lambda sub, consent=consent: section(sub, "crm", consents=(consent,))},  # type: ignore[misc]
            )
    yield ladder(
        "a broken promise on record",
        "promises_kept",
        known=lambda sub: standing(sub, unkept=(Promise(what="a thing", kept=False),)),
    )
    yield ladder("special terms", "special_terms", "request", agreed=lambda sub: section(sub, "contract", special_terms=("one",)))
    yield ladder("contract on file", "terms_on_file", "request", missing=lambda sub: section(sub, "contract", on_file=False))
    yield ladder("residency", "residency", "request", agreed=lambda sub: section(sub, "contract", data_residency="somewhere"))

    def deal(sub: Submission) -> Submission:
        ticket = sub.ticket.model_copy(update={"body": "Workspace seats"})
        return section(replace(sub, ticket=ticket), "crm", notes=("open opportunity: workspace seats",))

    yield ladder("an open deal on the subject", "open_opportunity", "standing", noted=deal)
    for rule in playbook.engagement:

        def bound(sub: Submission, account: str = rule.account) -> Submission:
            assert sub.audit.account is not None
            return audited(sub, account=sub.audit.account.model_copy(update={"id": account}))

        yield ladder(f"rule of engagement for {rule.account}", "engagement same_account", "request", applies=bound)


def _knowledge(playbook: Playbook) -> Iterator[Ladder]:
    for path in playbook.required_facts:
        yield ladder(f"fact {path}", "facts_known", unknown=lambda sub, path=path: audited(sub, missing=(path,)))  # type: ignore[misc]
    found = Mismatch(check="a check", account_id=ACCOUNT, left="one", right="another")
    yield ladder(
        "a contradiction",
        "sources_agree",
        immaterial=lambda sub: audited(sub, conflicts=(found.model_copy(update={"material": False}),)),
        material=lambda sub: audited(sub, conflicts=(found,)),
    )
    yield ladder("the parent", "parent_known", unknown=lambda sub: standing(sub, missing_parent="PARENT"))
    yield ladder("the value", "value_in_one_currency", in_no_known_currency=lambda sub: standing(sub, currency_gap="gap"))
    yield ladder(
        "the language",
        "message_read",
        unread=lambda sub: replace(sub, reading=sub.reading.model_copy(update={"readable": False})),
    )
    yield ladder("the proposal", "proposal_there", failed=lambda sub: replace(sub, trouble="no answer"))
    floor = float(playbook.confidence_floor)
    if floor > 0:
        yield ladder(
            "confidence",
            "proposer_sure",
            full=lambda sub: proposed(sub, confidence=1.0),
            at_the_floor=lambda sub: proposed(sub, confidence=floor),
            under_the_floor=lambda sub: proposed(sub, confidence=floor - 1e-9),
            zero=lambda sub: proposed(sub, confidence=0.0),
        )


def _freshness(playbook: Playbook) -> Iterator[Ladder]:
    """Both sides of each age, an unknown age, and a source that says nothing; the states come from the real audit."""
    for source in SourceName:
        limit = playbook.freshness[source]
        ages = {
            "at_warn": timedelta(days=limit.warn),
            "past_warn": timedelta(days=limit.warn, seconds=1),
            "at_error": timedelta(days=limit.error),
            "past_error": timedelta(days=limit.error, seconds=1),
        }

        def aged(sub: Submission, source: SourceName, age: timedelta | None) -> Submission:
            held = section(sub, source.value, as_of=None if age is None else AT - age)
            assert held.audit.account is not None
            return audited(sub, sections=sections(held.audit.account, (), sub.playbook, AT))

        def silent(sub: Submission, source: SourceName, problem: str | None) -> Submission:
            assert sub.audit.account is not None
            account = sub.audit.account.model_copy(update={source.value: None})
            faults = () if problem is None else (Fault(source=source, error=problem),)  # type: ignore[arg-type]
            return audited(sub, sections=sections(account, faults, sub.playbook, AT))

        steps: dict[str, Change] = {
            **{label: lambda sub, s=source, age=age: aged(sub, s, age) for label, age in ages.items()},  # type: ignore[misc]
            "of_unknown_age": lambda sub, s=source: aged(sub, s, None),  # type: ignore[misc]
            "missing": lambda sub, s=source: silent(sub, s, None),  # type: ignore[misc]
            "failed": lambda sub, s=source: silent(sub, s, "error"),  # type: ignore[misc]
            "denied": lambda sub, s=source: silent(sub, s, "denied"),  # type: ignore[misc]
        }
        yield ladder(f"age of {source}", "sections_known", **steps)


def _words(playbook: Playbook) -> Iterator[Ladder]:
    for signal in Signal:
        yield ladder(
            f"signal {signal}",
            "signals injected",
            "request standing" if signal in EXCUSED else "standing",
            noticed=lambda sub, signal=signal: noticed(sub, signal),  # type: ignore[misc]
            # What the model noticed has no exceptions, so it comes after what only our own reader saw.
            told_by_the_model=lambda sub, signal=signal: proposed(sub, signals=(signal,)),  # type: ignore[misc]
        )
    yield ladder(
        "a question about leaving",
        "reads_as_exit",
        "standing",
        asked=lambda sub: replace(sub, reading=sub.reading.model_copy(update={"exit_topic": True})),
    )
    # A binding sentence may waive what excuses a small account's wording, but it always costs a draft itself.
    yield ladder("the reply admits fault", "commitments", "request", says=lambda sub: proposed(sub, reply="It was our fault."))
    figure = f"{playbook.currency} 98,765.43"
    yield ladder(
        "a figure in the reply",
        "grounded tier_ceiling risk_ceiling renewal_window commitments legal_hold", "request standing",
        that_no_record_holds=lambda sub: proposed(sub, reply=f"The total is {figure}."),
    )


def _calls() -> Iterator[Ladder]:
    yield ladder("the tool", "tool_known", "request", undeclared=lambda sub: replace(sub, tools={}))
    yield ladder("the arguments", "arguments_valid", "request", invalid=_invalid)
    yield ladder("the account named", "same_account", "request", another=lambda sub: declared(sub, {"a": "OTHER"}, account="a"))
    for rule in ("registered", "domain"):
        yield ladder(
            f"a recipient, {rule}",
            "recipient", "request",
            unknown=lambda sub, rule=rule: declared(sub, {"to": STRANGER}, recipients={"to": rule}),  # type: ignore[misc]
        )
    yield ladder(
        "the sender's role",
        "role", "request",
        too_little=lambda sub: declared(sub, roles=frozenset({"nobody's"}), role_cap=DRAFT),
        far_too_little=lambda sub: declared(sub, roles=frozenset({"nobody's"}), role_cap=HANDOFF),
    )
    yield ladder(
        "whom it is for",
        "own_scope", "request",
        everybody=lambda sub: declared(sub, {"who": "everybody"}, own="who", roles=frozenset()),
    )
    yield ladder("a condition", "conditions_met", "request", unmet=lambda sub: declared(sub, needs={"checked": True}))
    yield ladder(
        "the target",
        "target_clear", "request",
        open=lambda sub: declared(sub, {"which": ""}, target="which", reversible="yes"),
        open_and_final=lambda sub: declared(sub, {"which": ""}, target="which", reversible="no"),
    )
    yield ladder("the invoice", "invoice_known", "request", unknown=lambda sub: declared(sub, {"bill": "INV"}, invoice="bill"))
    disputed = Invoice(number="IN-DISPUTE-7", status="disputed")
    yield ladder("a dispute", "disputed_invoice", "request", open=lambda sub: section(sub, "billing", invoices=(disputed,)))
    times = {"once": 1, "often": 99}
    past = {
        label: lambda sub, n=n: section(  # type: ignore[misc]
            declared(sub, kind=("favour",)), "support", history=(HistoryItem(at=AT, what="favour"),) * n
        )
        for label, n in times.items()
    }
    yield ladder("the same before", "repeated", "request standing", **past)
    yield ladder("seats", "seats", "request standing", none_free=lambda sub: audited(declared(sub, uses_seat=True), seats_free=0))
    error = (HistoryItem(at=AT, what="our own error"),)
    yield ladder("our error", "our_error", "request standing", known=lambda sub: section(declared(sub, restores=True), "support", history=error))


def _invalid(sub: Submission) -> Submission:
    from pydantic import BaseModel, create_model

    strict: type[BaseModel] = create_model("strict", needed=(str, ...))
    return declared(sub, arguments=strict)


def _money() -> Iterator[Ladder]:
    def assessed(sub: Submission, **fields: object) -> Submission:
        def judged(args: object, account: object, today: object) -> Assessment:
            first = next(iter(sub.calls), None)
            return replace(first.assessment if first else Assessment(), **fields)  # type: ignore[arg-type]

        return declared(sub, assess=judged)

    foreign = Money(amount=Decimal(1), currency="XXX")
    own = Money(amount=Decimal("0.01"), currency="XXX")

    def unsummed(sub: Submission) -> Submission:
        given = own.model_copy(update={"currency": sub.playbook.currency})
        gap = Exposure(given=None, on_record=None, count=1, why="no rate")
        return standing(assessed(sub, gives=given), exposure=gap)

    yield ladder(
        "the amount", "amount_decidable", "request", undecidable=lambda sub: assessed(sub, undecidable="the amount is missing")
    )
    yield ladder("the currency", "amount_decidable", "request", unknown=lambda sub: assessed(sub, gives=foreign))
    yield ladder("what was given before", "rolling per_action", "request standing", unknown=unsummed)
    owed = Money(amount=Decimal("0.01"), currency="XXX")
    yield ladder("a debt", "overdue", "request", open=lambda sub: section(sub, "billing", overdue=owed, overdue_days=1))
