"""Mail: one server that the environment names, how a mail is addressed, and how one goes out that was claimed."""

import os
import smtplib
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr
from typing import Literal
from urllib.parse import unquote, urlsplit

from cxagent import clock
from cxagent.errors import BadInput, Unreachable
from cxagent.ledger import deliveries
from cxagent.ledger.deliveries import LOOPBACK
from cxagent.ledger.store import Store

SMTP_URL, MAIL_FROM = "CXAGENT_SMTP_URL", "CXAGENT_MAIL_FROM"
SECONDS = 15.0
Outcome = Literal["sent", "sent before", "not told"]


@dataclass(frozen=True)
class Mailer:
    """Sends mail through one server; `smtp://` becomes encrypted before a password is sent, `smtps://` always is."""

    host: str
    port: int
    implicit: bool
    sender: str
    user: str | None = None
    password: str | None = None

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> "Mailer":
        """Return the mailer that the environment names; `BadInput` names the variable that is missing or wrong."""
        given, sender = environment.get(SMTP_URL, ""), environment.get(MAIL_FROM, "")
        parts = urlsplit(given)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise BadInput("must be set, for example smtp://user:password@mail.example.com:587", where=SMTP_URL)
        if "@" not in parseaddr(sender)[1]:
            raise BadInput("must be set to the address that mails come from", where=MAIL_FROM)
        try:
            port = parts.port or (465 if parts.scheme == "smtps" else 587)
        except ValueError:
            raise BadInput("names a port that is no number", where=SMTP_URL) from None
        user, password = (unquote(one) if one else None for one in (parts.username, parts.password))
        return cls(parts.hostname, port, parts.scheme == "smtps", sender, user, password)

    def send(self, mail: EmailMessage) -> None:
        """Send one mail; `Unreachable` says what the server said."""
        try:
            with self._connected() as server:
                server.send_message(mail)
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(f"the mail server {self.host}:{self.port}: {_said(error)}") from error

    def _connected(self) -> smtplib.SMTP:
        safely = ssl.create_default_context()
        if self.implicit:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=SECONDS, context=safely)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=SECONDS)
        try:
            server.ehlo()
            if not self.implicit and server.has_extn("starttls"):
                server.starttls(context=safely)
                server.ehlo()
            elif not self.implicit and self.host not in LOOPBACK:
                raise smtplib.SMTPException("it offers no encryption, so nothing was sent")
            if self.user:
                server.login(self.user, self.password or "")
        except BaseException:
            server.close()
            raise
        return server


def _said(error: Exception) -> str:
    match error:
        case smtplib.SMTPResponseException(smtp_error=bytes(text)):
            return f"{error.smtp_code} {text.decode(errors='replace')}"
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            return "refused " + ", ".join(sorted(refused))
        case _:
            return str(error) or type(error).__name__


def addressed(subject: str, person: str, email: str | None, sender: str) -> EmailMessage:
    """Return a mail from us to one person, with everything but what it says."""
    name, address = parseaddr(sender)
    mail = EmailMessage()
    mail["Subject"] = subject
    mail["From"] = Address(name, addr_spec=address)
    mail["To"] = Address(person, addr_spec=email)
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = make_msgid(domain=address.rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"
    return mail


def send_claimed(store: Store, key: str, mailer: Mailer, written: Callable[[], EmailMessage]) -> None:
    """Write and send a mail that was claimed under a key; a try that failed gives the claim back."""
    try:
        mailer.send(written())
    except BaseException:
        with store.write(key) as connection:
            deliveries.release_notice(connection, key)
        raise
