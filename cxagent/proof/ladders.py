"""Everything that can be wrong around a request: with its sender, the account, the facts, the switches; as ladders."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

from cxagent.context.handover import Handover, Plan
from cxagent.context.knowledge import sections
from cxagent.domain.account import Consent, Fault, Mismatch, Promise
from cxagent.domain.cell import Cell, Kin
from cxagent.domain.stop import Stop
from cxagent.domain.vocabulary import DRAFT, HANDOFF, SourceName
from cxagent.playbook import Playbook
from cxagent.proof.ladder import Ladder, ladder
from cxagent.proof.request import request_ladders
from cxagent.proof.scene import ACCOUNT, AT, Change, audited, proposed, section, standing
from cxagent.proof.worth import worth_ladders
from cxagent.reading.plainness import Doubt
from cxagent.rules.submission import Submission

_HANDOVER = Handover(
    account_id=ACCOUNT,
    from_owner="one",
    to_owner="another",
    stake="",
    why="",
    opened_at=AT,
    plan=Plan(account="", steps=(), basis=""),
)


def _held_out(sub: Submission) -> Submission:
    """Return a submission on an account that chance keeps away from the machine."""
    value = sub.playbook.value.model_copy(update={"hold_out": 1.0})
    return replace(sub, playbook=sub.playbook.model_copy(update={"value": value}))


def ladders(playbook: Playbook) -> Iterator[Ladder]:
    """Yield every ladder."""
    yield from _people()
    yield from _switches()
    yield from _account(playbook)
    yield from _knowledge(playbook)
    yield from _freshness(playbook)
    yield from worth_ladders()
    yield from request_ladders(playbook)


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
        "verification",
        "request",
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
    yield ladder("the hold-out", "kept_away", on=_held_out)
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

    def alike(sub: Submission) -> Submission:
        assert sub.proposal is not None
        intent = sub.proposal.parts[0].intent
        return replace(sub, kin=(Kin(intent=intent, likeness=0.9, cases=("one",), why="it resembles a case"),))

    yield ladder("a like case", "resembles", resembles=alike)
    yield ladder("latitude", "latitude", draft=lambda sub: cell(sub, "draft"), handoff=lambda sub: cell(sub, "handoff"))


def _account(playbook: Playbook) -> Iterator[Ladder]:
    for flag in ("no_ai_contact", "misaligned"):
        yield ladder(f"flag {flag}", "flags", set=partial(section, name="crm", flags=(flag,)))
    yield ladder(
        "flag legal_hold", "legal_hold", "request standing", set=lambda sub: section(sub, "crm", flags=("legal_hold",))
    )
    for purpose in sorted(playbook.ai_consents):
        for status in ("denied", "withdrawn"):
            consent = Consent.model_validate({"purpose": purpose, "status": status})
            yield ladder(
                f"consent to {purpose}",
                "consent",
                **{status: partial(section, name="crm", consents=(consent,))},
            )
    yield ladder(
        "a broken promise on record",
        "promises_kept",
        known=lambda sub: standing(sub, unkept=(Promise(what="a thing", kept=False),)),
    )
    yield ladder(
        "a handover",
        "owner_in_touch",
        announced=lambda sub: standing(sub, handovers=(_HANDOVER.model_copy(update={"to_owner": None}),)),
        under_way=lambda sub: standing(sub, handovers=(_HANDOVER,)),
    )
    yield ladder(
        "special terms", "special_terms", "request", agreed=lambda sub: section(sub, "contract", special_terms=("one",))
    )
    yield ladder(
        "contract on file", "terms_on_file", "request", missing=lambda sub: section(sub, "contract", on_file=False)
    )
    yield ladder(
        "residency", "residency", "request", agreed=lambda sub: section(sub, "contract", data_residency="somewhere")
    )

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
    yield ladder(
        "the risks of the parent",
        "risks_above_known",
        unknown=lambda sub: audited(sub, unknown_above=("the health of the parent",)),
    )
    yield ladder(
        "the value", "value_in_one_currency", in_no_known_currency=lambda sub: standing(sub, currency_gap="gap")
    )
    yield ladder(
        "the language",
        "message_read",
        unread=lambda sub: replace(sub, reading=sub.reading.model_copy(update={"readable": False})),
    )
    ceiling = float(playbook.doubt_ceiling)
    if ceiling < 1:
        yield ladder(
            "doubt about the message",
            "message_plain",
            at_the_ceiling=lambda sub: replace(sub, doubt=Doubt(score=ceiling, words="")),
            above_the_ceiling=lambda sub: replace(sub, doubt=Doubt(score=ceiling + 1e-9, words="")),
            full=lambda sub: replace(sub, doubt=Doubt(score=1.0, words="")),
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
