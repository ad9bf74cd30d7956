"""What stands in addresses and queries: bounded texts that every database takes."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator, BeforeValidator

from cxagent.domain.value import storable
from cxagent.ledger.queue import MOST


def _plain(value: str) -> str:
    if not storable(value):
        raise ValueError("holds a NUL byte or half a character (a lone surrogate)")
    return value


def _flag(value: object) -> object:
    if value not in (True, False, "true", "false"):
        raise ValueError("write true or false")
    return value in (True, "true")


Plain = AfterValidator(_plain)
DRAFT, LONGEST = r"^drf_[0-9a-z]{1,40}$", 200
TicketId = Annotated[str, Path(max_length=LONGEST, description="The ticket's id, as you gave it.")]
DecisionId = Annotated[str, Path(max_length=LONGEST, description="A decision; a ticket will do as well.")]
DraftId = Annotated[str, Path(pattern=DRAFT, description="The draft.", examples=["drf_1a2b3c4d5e6f7081"])]
After = Annotated[str | None, Query(max_length=400, description="The `next` of the page before."), Plain]
Limit = Annotated[int, Query(ge=1, le=MOST, description="How many rows a page has.")]
Flag = Annotated[bool, BeforeValidator(_flag)]
Filter = Annotated[str, Query(max_length=LONGEST), Plain]
