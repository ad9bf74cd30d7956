"""Read a customer's message: the signals of its wording, and whether it can be read at all.

Pure and without a model. What the reader notices can only lower autonomy; a plain, friendly request shows nothing.
"""

from collections.abc import Iterator, Sequence

from cxagent.domain.value import Text, Value
from cxagent.domain.vocabulary import Signal
from cxagent.reading.abroad import ABROAD
from cxagent.reading.asking import ASKING
from cxagent.reading.claims import CLAIMS
from cxagent.reading.faults import FAULTS
from cxagent.reading.hints import HINTS
from cxagent.reading.language import is_english
from cxagent.reading.leaving import LEAVING
from cxagent.reading.lexicon import CLASSES
from cxagent.reading.machine import addressed
from cxagent.reading.named import asked_after
from cxagent.reading.orders import opposite_orders
from cxagent.reading.people import PEOPLE
from cxagent.reading.phrases import Phrases
from cxagent.reading.spelling import respelled, righted
from cxagent.reading.stems import names_promise, stems, touches_goal
from cxagent.reading.temper import typed_temper
from cxagent.reading.together import MIXTURES
from cxagent.reading.topics import TOPICS
from cxagent.reading.wording import HEAD, TAIL, excerpt, hides, plain, visible

__all__ = ["Noticed", "Reading", "opposite_orders", "read_message"]

_HARMLESS_AS_QUESTION = frozenset(
    {Signal.NEW_RECIPIENT, Signal.AUTHORITY_SCOPE, Signal.PERMANENT_CHANGE, Signal.LEGAL_HOLD, Signal.FORGED_AUTHORITY}
)
"""A how-to question about these is a question about the product: answering it gives nothing away."""

_PHRASES = Phrases(
    (
        (str(label), text)
        for table in (CLAIMS, PEOPLE, LEAVING, ASKING, FAULTS, TOPICS, HINTS, ABROAD)
        for label, text in table.items()
    ),
    CLASSES,
    frozenset(map(str, _HARMLESS_AS_QUESTION)),
)
_ORDER = {signal.value: place for place, signal in enumerate(Signal)}


class Noticed(Value):
    """One signal, and the words of the message that show it, in plain spelling."""

    signal: Signal
    words: Text


class Reading(Value):
    """What the reader noticed in one message."""

    signals: tuple[Noticed, ...]
    readable: bool
    disputes_colleague: bool
    exit_topic: bool

    @property
    def names(self) -> frozenset[Signal]:
        """The signals without their words."""
        return frozenset(noticed.signal for noticed in self.signals)


def read_message(
    text: str, *, language: str | None = None, goals: Sequence[str] = (), promises: Sequence[str] = ()
) -> Reading:
    """Read a message; `goals` are the account's stated goals, `promises` those that we recorded and did not keep.

    A text in another language, without words, or too long to be read whole is not readable; what can be noticed in
    it is reported all the same.
    """
    seen = respelled(visible(excerpt(text)))
    line = righted(plain(seen))
    found = _PHRASES.find(line)
    found = MIXTURES.find(line) | found
    _notice_marks(found, text, seen)
    words = line.split(" ")
    if goals or promises:
        _notice_records(found, stems(words), goals, promises)
    return Reading(
        signals=tuple(_noticed(found)) if found else (),
        readable=len(text) <= HEAD + TAIL and _announced_english(language) and is_english(seen, words),
        disputes_colleague="disputes_colleague" in found,
        exit_topic="exit_topic" in found,
    )


def _noticed(found: dict[str, str]) -> Iterator[Noticed]:
    for name in sorted(found.keys() & _ORDER.keys(), key=_ORDER.__getitem__):
        yield Noticed(signal=Signal(name), words=found[name])


def _notice_marks(found: dict[str, str], text: str, seen: str) -> None:
    """Add what only the typed text shows: instructions to the machine, a person named, and temper."""
    if mark := addressed(seen):
        found.setdefault(Signal.EMBEDDED_INSTRUCTIONS.value, mark)
    elif hides(excerpt(text)):
        found.setdefault(Signal.EMBEDDED_INSTRUCTIONS.value, "letters that no eye sees")
    if person := asked_after(seen):
        found.setdefault(Signal.RELATIONSHIP_OWNER.value, person)
    if temper := typed_temper(seen):
        found.setdefault(Signal.IRRITATION.value, temper)


def _notice_records(
    found: dict[str, str], message: frozenset[str], goals: Sequence[str], promises: Sequence[str]
) -> None:
    """Add what touches the account's records: a stated goal, a promise not kept."""
    if goal := next((goal for goal in goals if touches_goal(message, goal)), None):
        found[Signal.GOAL_TOUCHED.value] = goal
    if promise := next((promise for promise in promises if names_promise(message, promise)), None):
        found.setdefault(Signal.BROKEN_PROMISE.value, promise)


def _announced_english(language: str | None) -> bool:
    return language is None or not language.strip() or language.strip().lower().startswith("en")
