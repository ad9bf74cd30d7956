"""Loads guidance: one Markdown file per intent, whose front matter a support lead can edit.

```markdown
---
intent: invoice_copy
title: Copy of an invoice
family: billing
examples: [...]            # how customers word it
words: [copy of, resend]   # typical words; `..` stands for up to three words between
stance: fulfil             # unless an answer says otherwise
question: Which invoice?   # asked when an answer lacks a value
answers:
  - when: {has: [invoice]}
    actions: [{tool: resend_invoice, args: {invoice_id: "{invoice}", to_contact: "{sender}"}}]
    reply: "{invoice} is on its way to you."
---
What should be done, and what not to say, for a model.
```
The first answer whose conditions hold is taken; a placeholder without a value turns it into the question.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, Field, ValidationError, model_validator

from cxagent.domain.value import Text, Value, digest
from cxagent.domain.vocabulary import Stance
from cxagent.errors import BadInput
from cxagent.proposers.slots import is_slot

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def placeholders(value: Any) -> set[str]:
    """Return the slots that a template names, in text, lists and mappings."""
    match value:
        case str():
            return set(PLACEHOLDER.findall(value))
        case list() | tuple():
            return {name for item in value for name in placeholders(item)}
        case Mapping():
            return {name for item in value.values() for name in placeholders(item)}
        case _:
            return set()


def _known_slot(name: str) -> str:
    if not is_slot(name):
        raise ValueError(f"{name!r} is not a slot")
    return name


Slot = Annotated[Text, AfterValidator(_known_slot)]
Phrases = Annotated[tuple[Text, ...], Field(min_length=1)]


class When(Value):
    """Conditions of an answer; all that are given must hold.

    `says` and `silent_on` are words or their beginnings, of which the message has at least one, or none. `has` and
    `lacks` name slots. `role` lists roles on record. `fact` compares derived facts.
    """

    says: Phrases | None = None
    silent_on: Phrases | None = None
    has: tuple[Slot, ...] = ()
    lacks: tuple[Slot, ...] = ()
    role: Phrases | None = None
    seats_free: bool | None = None
    fact: dict[Text, Text] = Field(default_factory=dict)


class ActionTemplate(Value):
    """A tool call with placeholders; `each` repeats it for every value of a slot, which `{each}` then stands for."""

    tool: Annotated[Text, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    args: dict[Text, Any] = Field(default_factory=dict)
    each: Slot | None = None


class Answer(Value):
    """One way to answer an intent."""

    when: When = When()
    stance: Stance | None = None
    actions: tuple[ActionTemplate, ...] = ()
    reply: Annotated[Text, Field(min_length=1)]

    @model_validator(mode="after")
    def _placeholders_are_slots(self) -> "Answer":
        allowed = {"each"} if any(action.each for action in self.actions) else set()
        for name in sorted(self.needs - allowed):
            _known_slot(name)
        return self

    @property
    def needs(self) -> set[str]:
        """The slots without which this answer cannot be given."""
        each = {action.each for action in self.actions if action.each}
        return placeholders(self.reply).union(each, *(placeholders(action.args) for action in self.actions))


class Abroad(Value):
    """An exact, well-known request in another language, and the reply in that language."""

    language: Annotated[Text, Field(pattern=r"^[a-z]{2}$")]
    examples: Phrases
    reply: Annotated[Text, Field(min_length=1)]


class IntentGuidance(Value):
    """What should be done about one intent."""

    intent: Annotated[Text, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: Text
    family: Text
    examples: Annotated[tuple[Text, ...], Field(min_length=3)]
    words: tuple[Text, ...] = ()
    stance: Stance
    question: Annotated[Text, Field(min_length=1)]
    answers: Annotated[tuple[Answer, ...], Field(min_length=1)]
    abroad: tuple[Abroad, ...] = ()
    prose: Text = ""

    @property
    def tools(self) -> frozenset[str]:
        """The tools that this guidance may propose."""
        return frozenset(action.tool for answer in self.answers for action in answer.actions)


@dataclass(frozen=True)
class Guidance:
    """All intents of a deployment; `digest` changes with any word of them."""

    intents: Mapping[str, IntentGuidance]
    digest: str

    def __getitem__(self, intent: str) -> IntentGuidance:
        """Return the guidance of one intent."""
        return self.intents[intent]

    @property
    def tools(self) -> frozenset[str]:
        """Every tool that any guidance may propose."""
        return frozenset().union(*(each.tools for each in self.intents.values()))


def load_guidance(folder: Path) -> Guidance:
    """Read every `.md` file of a folder; a fault is an error that names the file and the key."""
    paths = sorted(folder.glob("*.md")) if folder.is_dir() else []
    if not paths:
        raise BadInput("no guidance files (*.md) here", where=str(folder))
    loaded = {path: _load(path) for path in paths}
    for path, guidance in loaded.items():
        if guidance.intent != path.stem:
            raise BadInput(f"intent is {guidance.intent!r}, the file is named {path.stem!r}", where=str(path))
    intents = {guidance.intent: guidance for guidance in loaded.values()}
    return Guidance(intents=MappingProxyType(intents), digest=digest(intents))


def _load(path: Path) -> IntentGuidance:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot be read: {error}", where=str(path)) from error
    parts = re.split(r"^---[ \t]*$", text, maxsplit=2, flags=re.M)
    if len(parts) != 3 or parts[0].strip():
        raise BadInput("starts without front matter between two lines of ---", where=str(path))
    try:
        head = yaml.load(parts[1], Loader=_Loader)
    except yaml.YAMLError as error:
        raise BadInput(f"front matter is not YAML: {error}", where=str(path)) from error
    if not isinstance(head, dict):
        raise BadInput("front matter is not a mapping", where=str(path))
    try:
        return IntentGuidance.model_validate({"prose": parts[2].strip(), **head})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(step) for step in first["loc"]) or "answers"
        raise BadInput(f"{key}: {first['msg']}", where=str(path)) from error


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """A safe loader that refuses a key written twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Build a mapping, or say which key stands there twice."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"{key!r} stands there twice", node.start_mark)
        return dict(super().construct_mapping(node, deep))
