"""What people may do with drafts: see the queue and a card, give a verdict and take it back, put off, pass on."""

from cxagent.inbox.desk import Inbox
from cxagent.inbox.people import Person
from cxagent.inbox.verdicts import Given, Signed, Stale

__all__ = ["Given", "Inbox", "Person", "Signed", "Stale"]
