"""A proposer that asks a language model; whatever goes wrong within its time limit becomes one sentence.

Nothing is guessed: an answer that does not validate is asked for once more, and one that does validate goes to the
gate as it is, unknown tools and unfit arguments included.
"""

import contextvars
import importlib
import json
import math
import re
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from typing import Any, NoReturn

from langchain_core.exceptions import OutputParserException
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.runnables import Runnable
from pydantic import BaseModel, ValidationError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, stop_before_delay, wait_random_exponential

from cxagent.domain.proposal import Proposal
from cxagent.domain.tool import Tool
from cxagent.domain.value import digest
from cxagent.domain.vocabulary import Signal
from cxagent.errors import BadInput, Transient
from cxagent.proposers import CannotPropose, Known
from cxagent.proposers.guidance import Guidance
from cxagent.proposers.prompt import ANSWER, Prompt

LONGEST_MESSAGE, LONGEST_ANSWER, DEEPEST_ANSWER = 60_000, 100_000, 20
NEEDS = (
    "needs a package: pip install '.[models]' in your checkout of cxagent, "
    "or 'dist/cxagent-VERSION-py3-none-any.whl[models]' from your own build"
)
_LONGEST_ECHO, _MOST_OBJECTS = 8_000, 100
_PASSING = re.compile(
    r"Timeout|Timed?Out|Connect(ion)?Error|NetworkError|TransportError|RateLimit|TooManyRequests|Throttl"
    r"|ServiceUnavailable|Overloaded|ResourceExhausted|DeadlineExceeded|InternalServerError"
)


class Unusable(ValueError):
    """An answer that is no proposal; the message says what is wrong with it."""


class ModelProposer:
    """Proposes by asking a LangChain chat model; `seconds` limits the whole call, `attempts` each question."""

    reads: bool = True

    def __init__(
        self,
        model: BaseChatModel,
        guidance: Guidance,
        tools: Mapping[str, Tool],
        *,
        seconds: float = 20.0,
        attempts: int = 2,
        name: str | None = None,
    ) -> None:
        if not seconds > 0 or attempts < 1:
            raise BadInput(f"needs time and an attempt, not {seconds} seconds and {attempts} attempts", where="model")
        self.name = name or f"model {_identifier(model)}"
        self._prompt = Prompt.of(guidance, tools)
        self._guidance = guidance
        self._seconds, self._attempts = seconds, attempts
        self._model = _structured(model)

    @classmethod
    def named(
        cls,
        identifier: str,
        guidance: Guidance,
        tools: Mapping[str, Tool],
        *,
        seconds: float = 20.0,
        attempts: int = 2,
        **options: Any,
    ) -> "ModelProposer":
        """Open a model by its identifier, such as `provider:model`; the options go to the provider."""
        model = open_model(identifier, options)
        return cls(model, guidance, tools, seconds=seconds, attempts=attempts, name=f"model {identifier}")

    @property
    def version(self) -> str:
        """The digest of all that shapes an answer: the model, the prompt, the tools, the guidance."""
        return digest([self.name, self._prompt.digest, self._guidance.digest])

    def propose(self, known: Known) -> Proposal:
        """Return the model's proposal, or say in one sentence why there is none within the time limit."""
        if len(known.ticket.text) > LONGEST_MESSAGE:
            raise CannotPropose(f"the message is longer than {LONGEST_MESSAGE} characters")
        deadline = time.monotonic() + self._seconds
        answered: Future[Proposal] = Future()

        def work() -> None:
            try:
                answered.set_result(self._answer(known, deadline))
            except BaseException as error:
                answered.set_exception(error)

        # A thread of its own that dies with the process: a model that hangs is left behind, whatever its client does.
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(work,), daemon=True, name=self.name).start()
        try:
            return answered.result(timeout=self._seconds)
        except TimeoutError:
            raise CannotPropose(f"the model gave no answer within {self._seconds:g} seconds") from None

    def _answer(self, known: Known, deadline: float) -> Proposal:
        """Ask, and ask once more where the answer is unusable, saying why."""
        messages = self._prompt.messages(known)
        answer = self._ask(messages, deadline)
        try:
            return read_answer(answer)
        except Unusable as problem:
            complaint = f"This answer cannot be used: {problem}. Write the whole proposal again, as one JSON object."
        messages = [*messages, AIMessage(_echo(answer)), HumanMessage(complaint)]
        try:
            return read_answer(self._ask(messages, deadline))
        except Unusable as problem:
            raise CannotPropose(f"the model's answer could not be used, even when asked again: {problem}") from None

    def _ask(self, messages: list[BaseMessage], deadline: float) -> object:
        """Put one question; what may pass is tried again while there is time."""
        retrying = Retrying(
            stop=stop_after_attempt(self._attempts) | stop_before_delay(max(0.0, deadline - time.monotonic())),
            wait=wait_random_exponential(multiplier=0.2, max=2),
            retry=retry_if_exception(is_transient),
            reraise=True,
        )
        try:
            return retrying(self._call, messages, deadline)
        except OutputParserException as error:
            return error.llm_output
        except CannotPropose:
            raise
        except Exception as error:
            # The provider's own words stay out of the record: they may repeat the message, or a part of the key.
            raise CannotPropose(f"the model could not be asked: {error_name(error)}") from error

    def _call(self, messages: list[BaseMessage], deadline: float) -> object:
        if time.monotonic() >= deadline:
            raise CannotPropose(f"the model gave no answer within {self._seconds:g} seconds")
        return self._model.invoke(messages)


def open_model(identifier: str, options: Mapping[str, Any]) -> BaseChatModel:
    """Open a model by its identifier; a missing package or key is bad input, not a crash on the first ticket."""
    try:
        module = importlib.import_module("langchain.chat_models")
    except ImportError:
        raise BadInput(NEEDS, where=f"model {identifier}") from None
    try:
        model = module.init_chat_model(identifier, **options)
    except (ImportError, ValueError) as error:
        raise BadInput(f"cannot be opened: {_first_line(error)}", where=f"model {identifier}") from error
    except Exception as error:
        raise BadInput(f"cannot be opened: {error_name(error)}", where=f"model {identifier}") from error
    if not isinstance(model, BaseChatModel):
        raise BadInput("names no chat model", where=f"model {identifier}")
    return model


def _first_line(error: Exception) -> str:
    """Return the sentence of an error; pydantic's first line is a count, so its first message is taken."""
    if isinstance(error, ValidationError):
        return str(error.errors(include_url=False, include_input=False)[0]["msg"])
    return next(iter(str(error).splitlines()), type(error).__name__)


def _structured(model: BaseChatModel) -> Runnable[Any, Any]:
    """Return the model bound to the form of the answer, or as it is where it cannot be bound.

    The raw message is not asked for beside it: LangChain would fetch the two in a pool whose threads hold up the exit.
    """
    try:
        return model.with_structured_output(ANSWER)
    except NotImplementedError:
        return model


def _identifier(model: BaseChatModel) -> str:
    for attribute in ("model_name", "model", "model_id"):
        if isinstance(found := getattr(model, attribute, None), str) and found:
            return found
    return model._llm_type


def is_transient(error: BaseException) -> bool:
    """Say whether a provider's error may pass: the network, a time limit, too many requests, a fault on its side."""
    if isinstance(error, ConnectionError | TimeoutError | Transient):
        return True
    if (status := _status(error)) is not None:
        return status in (408, 429) or status >= 500
    return any(_PASSING.search(kind.__name__) for kind in type(error).__mro__)


def _status(error: BaseException) -> int | None:
    """Return the HTTP status that an error carries, itself or in its response."""
    places = (error, getattr(error, "response", None))
    found = (getattr(place, name, None) for place in places for name in ("status_code", "code", "status"))
    return next((int(status) for status in found if isinstance(status, int) and 100 <= status < 600), None)


def error_name(error: BaseException) -> str:
    """Return an error's class and status, and none of the provider's words: they may repeat the message or a key."""
    return f"{type(error).__name__} (status {status})" if (status := _status(error)) else type(error).__name__


def _echo(answer: object) -> str:
    """Return an answer as the text that the model is shown again; some providers refuse an empty one."""
    text = json.dumps(answer, default=str) if isinstance(answer, Mapping) else _text(answer)
    return text.strip()[:_LONGEST_ECHO] or "(nothing)"


def _text(answer: object) -> str:
    """Return what an answer says; one that is neither a message nor text says nothing."""
    said = answer.text if isinstance(answer, BaseMessage) else answer
    return str(said) if isinstance(said, str) else ""


def read_answer(answer: object) -> Proposal:
    """Return the proposal that an answer holds: an object, or text with one JSON object in it.

    Words that are no signal are dropped, because a signal can only lower; a confidence that is not told is none.
    """
    told = {**_object(answer)}
    _storable(told)
    signals, confidence = told.get("signals"), told.get("confidence")
    if signals is None or isinstance(signals, list | tuple):
        told["signals"] = tuple(dict.fromkeys(signal for word in signals or () if (signal := _signal(word))))
    if isinstance(confidence, bool):
        raise Unusable("confidence: is no number")
    told["confidence"] = 0.0 if confidence is None else confidence
    try:
        proposal = Proposal.model_validate(told)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Unusable(f"{'.'.join(map(str, first['loc']))}: {first['msg']}"[:200]) from None
    if not proposal.reply.strip():
        raise Unusable("reply: is empty")
    return proposal


def _signal(word: object) -> Signal | None:
    return next((signal for signal in Signal if isinstance(word, str) and signal.value == word.strip().lower()), None)


def _object(answer: object) -> Mapping[str, Any]:
    """Return the object of an answer; several that differ are none, for the message may have been quoted."""
    if isinstance(answer, BaseModel) and not isinstance(answer, BaseMessage):
        return answer.model_dump(mode="json")
    if isinstance(answer, Mapping):
        return answer
    text = _text(answer)
    if len(text) > LONGEST_ANSWER:
        raise Unusable(f"it is longer than {LONGEST_ANSWER} characters")
    found = [one for one in _objects(text) if "parts" in one]
    if not found:
        raise Unusable("it holds no whole JSON object with parts")
    if any(one != found[0] for one in found):
        raise Unusable("it holds more than one proposal")
    return found[0]


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects in a text, fenced or plain, each with all that is inside it."""
    decoder, at = json.JSONDecoder(parse_constant=_refused), text.find("{")
    for _ in range(_MOST_OBJECTS):
        if at < 0:
            return
        try:
            found, end = decoder.raw_decode(text, at)
            yield found
        except (ValueError, RecursionError):
            end = at + 1
        at = text.find("{", end)


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _storable(value: object, depth: int = 0) -> None:
    """Refuse what no database stores: NUL bytes, half characters, numbers without end, endless nesting."""
    if depth > DEEPEST_ANSWER:
        raise Unusable("it is nested too deeply")
    match value:
        case str():
            if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
                raise Unusable("it holds a character that cannot be stored")
        case float():
            if not math.isfinite(value):
                raise Unusable("it holds a number that is not finite")
        case Mapping():
            for item in (*value.keys(), *value.values()):
                _storable(item, depth + 1)
        case list() | tuple():
            for item in value:
                _storable(item, depth + 1)
