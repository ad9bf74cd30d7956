"""What stands in addresses and queries: bounded texts that every database takes."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator

from cxagent.ledger.queue import MOST


def _plain(value: str) -> str:
    if not value.isprintable() or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError("holds a letter that nobody can print")
    return value


Plain = AfterValidator(_plain)
DRAFT, LONGEST = r"^drf_[0-9a-z]{1,40}$", 200
TicketId = Annotated[str, Path(max_length=LONGEST, description="The ticket's id, as you gave it."), Plain]
DecisionId = Annotated[str, Path(max_length=LONGEST, description="A decision; a ticket will do as well."), Plain]
DraftId = Annotated[str, Path(pattern=DRAFT, description="The draft.", examples=["drf_1a2b3c4d5e6f7081"])]
After = Annotated[str | None, Query(max_length=400, description="The `next` of the page before."), Plain]
Limit = Annotated[int, Query(ge=1, le=MOST, description="How many rows a page has.")]
Filter = Annotated[str, Query(max_length=LONGEST), Plain]
