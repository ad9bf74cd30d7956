"""The tools that decide who gets in, who is in control, and where the data goes."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from cxagent.actions import Call, action
from cxagent.domain.account import Account
from cxagent.domain.tool import Assessment

from .afterwards import as_before, confirmed, shut_out_again
from .sandbox import done
from .subscription import ADMINS

_ADDRESS = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")
_IN_CONTROL = re.compile(r"\b(?:admin\w*|owners?|super\w*|root)\b", re.IGNORECASE)


def _one_person(value: Any) -> str | None:
    named = isinstance(value, str) and _ADDRESS.fullmatch(value)
    return None if named else "it names no single mail address"


def granted_role(args: Mapping[str, Any], account: Account, today: date) -> Assessment:
    """Judge a role that controls the account as a change of control."""
    control = _IN_CONTROL.search(str(args.get("role")))
    return Assessment(undecidable=_one_person(args.get("user")), matter="control" if control else None)


def lost_role(args: Mapping[str, Any], account: Account, today: date) -> Assessment:
    """Judge the removal of somebody who controls the account as a change of control."""
    user, contacts = args.get("user"), (account.crm.contacts if account.crm else None) or ()
    roles = [who.role or "" for who in contacts if str(user).casefold() == who.email.casefold()]
    control = any(_IN_CONTROL.search(role) for role in roles)
    return Assessment(undecidable=_one_person(user), matter="control" if control else None)


def login_reset(args: Mapping[str, Any], account: Account, today: date) -> Assessment:
    """Judge a reset: of one person reversible, of the company's identity provider a change of control."""
    if args.get("idp_config") is not None:
        return Assessment(matter="control")
    return Assessment(undecidable=_one_person(args.get("user")))


def one_contact(args: Mapping[str, Any], account: Account, today: date) -> Assessment:
    """Judge a consent: one person's own is theirs to change, a whole company's is not."""
    return Assessment(undecidable=_one_person(args.get("contact")))


@action(
    effect="reversible_op",
    reversible="yes",
    idempotent=True,
    assess=login_reset,
    roles=ADMINS,
    own="user",
    target="user",
    recipients={"user": "domain"},
    moves="access",
)
def reset_sso(call: Call, user: str | None = None, idp_config: str | None = None) -> dict[str, str]:
    """Reset the second factor of one user, or the company's identity provider."""
    return done(call, "reset_sso", user=user, idp_config=idp_config)


@action(
    effect="reversible_op",
    reversible="yes",
    idempotent=True,
    assess=granted_role,
    roles=ADMINS,
    recipients={"user": "domain"},
    target="user",
    moves="access",
    opposes=("revoke_access",),
    uses_seat=True,
    undo=shut_out_again,
    check=confirmed,
)
def grant_access(call: Call, user: str, role: str) -> dict[str, Any]:
    """Let a user in, with a role."""
    return done(call, "grant_access", user=user, role=role)


@action(
    effect="reversible_op",
    reversible="yes",
    idempotent=True,
    assess=lost_role,
    roles=ADMINS,
    target="user",
    recipients={"user": "domain"},
    moves="access",
    opposes=("grant_access",),
    undo=as_before,
    check=confirmed,
)
def revoke_access(call: Call, user: str) -> dict[str, Any]:
    """Shut a user out."""
    return done(call, "revoke_access", user=user)


@action(
    effect="legal_security",
    reversible="partial",
    idempotent=True,
    roles=ADMINS,
    recipients={"new_admin": "domain"},
    target="new_admin",
    moves="access",
    matter="control",
    undo=as_before,
    check=confirmed,
)
def change_admin(call: Call, new_admin: str) -> dict[str, Any]:
    """Hand control of the account to somebody else."""
    return done(call, "change_admin", new_admin=new_admin)


@action(effect="legal_security", idempotent=True, roles=ADMINS, recipients={"recipient": "registered"}, moves="data")
def export_data(call: Call, scope: str, format: str, recipient: str) -> dict[str, str]:
    """Send the account's data to a registered contact."""
    return done(call, "export_data", scope=scope, format=format, recipient=recipient)


@action(effect="legal_security", idempotent=True, roles=ADMINS, target="scope", moves="data", matter="deletion")
def delete_data(call: Call, scope: str, request_ref: str) -> dict[str, str]:
    """Delete data for good."""
    return done(call, "delete_data", scope=scope, request_ref=request_ref)


@action(effect="legal_security", idempotent=True, roles=ADMINS, moves="data", matter="residency")
def change_data_region(call: Call, region: str) -> dict[str, str]:
    """Move the account's data to another region."""
    return done(call, "change_data_region", region=region)


@action(effect="account_info", idempotent=True, needs={"nda_checked": True}, moves="data")
def send_security_pack(call: Call, doc_set: str, nda_checked: bool) -> dict[str, str]:
    """Send security documents that need a signed confidentiality agreement."""
    return done(call, "send_security_pack", doc_set=doc_set, nda_checked=nda_checked)


@action(effect="legal_security", idempotent=True, matter="signature")
def sign_document(call: Call, doc: str) -> dict[str, str]:
    """Sign a document in our name."""
    return done(call, "sign_document", doc=doc)


@action(
    effect="reversible_op",
    reversible="yes",
    idempotent=True,
    assess=one_contact,
    roles=ADMINS,
    role_cap="draft",
    own="contact",
    target="contact",
    undo=as_before,
    check=confirmed,
)
def set_consent(call: Call, contact: str, purpose: str, value: str | bool) -> dict[str, Any]:
    """Note what a contact allows: purpose, and granted, denied or withdrawn."""
    return done(call, "set_consent", contact=contact, purpose=purpose, value=value)


TOOLS = (
    reset_sso,
    grant_access,
    revoke_access,
    change_admin,
    export_data,
    delete_data,
    change_data_region,
    send_security_pack,
    sign_document,
    set_consent,
)
