"""Which times in a sentence are promises: what looks ahead binds, unless the words around it excuse it."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import date

from cxagent.reading.dates import Ahead, Moment, moments
from cxagent.reading.grammar import word_set

_WORDS = re.compile(r"[a-z]+")
_CUT = re.compile(r"[,;:()\[\]]|\s-+\s|\b(?:and|but|because|so|while|which|who|when|once|whereas|if|unless)\b")
_QUESTION = re.compile(
    r"(?:(?:and|or|so|but|ok|okay|thanks|sorry|also|in that case)[, ]+)?(?:do|does|did|is|are|was|were|can|could|"
    r"would|will|shall|should"
    r"|what|which|when|how|where|who|why|may|have|has|had)\b[^.!]*\?$"
)
_FUTURE_WORDS = word_set(
    "will ll won wont shall gonna should shouldn shouldnt ought expect expected expects expecting aim aims aiming "
    "planned planning intend intends intended hope hopes hoping target targets targeted targeting due schedule "
    "scheduled rescheduled scheduling slated promise promised promises promising commit committed commitment "
    "guarantee guaranteed eta pencil pencilled penciled booked booking likely would could might trying anticipate "
    "anticipated anticipating arrange arranged want ready estimate estimated estimates reckon confident bet allow "
    "taking need needs needed turnaround follow follows goes ship ships comes coming land lands arrive arrives "
    "reach reaches starts live postponed moved pushed delayed agreed deadline await watch doable max tops going "
    "gets shooting stays stay remains remain holds lasts leaves leaving d"
)
_FUTURE = re.compile(
    r"\b(?:about to|(?:we|i|they|team|is|are) plan|plans? to|on track|set to|to be|to have|can have|able to|want to|"
    r"give (?:us|me|it|them)|bear with|"
    r"hold tight|hang (?:on|tight)|takes?(?! effect)|turn-around|lead time|"
    r"(?:response|waiting|recovery|delivery|processing|reply) time|"
    r"following up|"
    r"kicks? off|be back|is back|"
    r"back to you|with you|in your (?:hands|inbox|mailbox)|on it|get onto|you(?:'ll)? (?:get|receive|hear|have it|"
    r"see it)|look out|"
    r"stay tuned|"
    r"count on|consider it|check back|can do|no longer than|at most)\b"
)
_PAST_WORDS = word_set(
    "was were wasn weren had did didn took sent got came went began broke saw found said told wrote gave left ran"
)
_PAST = re.compile(
    r"(?:\b(?:has|have|hasn't|haven't)|'ve|'s(?= been))(?: (?!to\b)\w+){0,2}? (?:been|[a-z]{2,}ed|sent|set|done|"
    r"made|paid|told|put|gone|found|seen|"
    r"written|taken|built|run|got|given)\b|"
    r"(?<=[a-z\d] )(?<!\bis )(?<!are )(?<!\bbe )(?<!\bam )(?<!'s )(?<!'re )(?<!get )(?<!gets )(?<!the )(?<!your )"
    r"(?<!our )(?<!\ba )(?<!\ban )"
    r"(?<!get it )(?<!have it )(?<!see it )(?<!get this )(?<!have this )(?<!get that )(?<!have that )(?<!being )"
    r"(?<!consider it )(?<!not )"
    r"(?!need|speed|feed|exceed|proceed|indeed|expected|\w*scheduled|planned|booked|targeted|slated|committed|"
    r"estimated|arranged|reserved|"
    r"blocked|pencil|postponed|moved|pushed|agreed|delayed|fixed (?:and|by)|sorted)[a-z]{2,}ed\b"
)
_PASSIVE = re.compile(r"\b(?:is|are|be|gets?|being)(?: \w+){0,2}? \w+ed\b")
_ONWARD = re.compile(r"\bto (?!the\b|you|our\b|an?\b|us\b|me\b|that\b|this\b|it\b)[a-z]+")
_ACTING = re.compile(
    r"\b(?:we|i|team|desk|colleagues?|engineers?|[a-z]+ists?|they|somebody|someone|he|she)\s+(?:(?:are|am|is|also|"
    r"still|then|just|now)\s+)*"
    r"(?!(?:see|have|has|know|understand|thank|are|am|is|can|cannot|can't|do|don't|found|answer|no|not|in|of|on|"
    r"at)\b)[a-z]+|"
    r"\b(?:we're|i'm|they're|he's|she's) [a-z]+ing\b|^(?:\w+ing|will|on)\b"
)
_ASKING = re.compile(
    r"(?:^|[,;:]\s*|\b(?:please|and|then|or|so|kindly|want to|need to|you can|you could)\s+)(?:please |kindly |"
    r"just |simply |then )*"
    r"(?:(?:send|let (?:us|me) (?:know|have)|tell (?:us|me)|choose|pick|select|click|tick|enter|type|open|go to|"
    r"reply|respond|confirm|write|ask|"
    r"note|remember|make sure|keep|avoid|use|set(?! to)|follow|read|see|log (?:in|out)|sign|add|create|contact|"
    r"share|provide|pay)|"
    r"(?:call|update|review|check|change|export|import|upload|download|test|visit|answer|run|try|reload|restart|"
    r"repeat|wait)\s+"
    r"(?:the|your|it|us|this|a|again|for))\b(?:(?!\b(?:we|i|will|should|it|our|be|is|are|expect|and|colleague|"
    r"team)\b|'ll|,)[^;.!?])*$|"
    r"(?:^|[,;:]\s*|\b(?:please|and|then|or|you can)\s+)(?:choose|pick|select|click|tick|enter|set(?! to)|open)\b"
    r"(?:(?!\b(?:we|i|will|should|it|our|be|is|are|expect)\b|'ll)[^;.!?])*$"
)
_RETRYING = re.compile(r"\b(?:try|reload|restart|repeat|wait|check|log in)\b")
_COMMITS = re.compile(r"\b(?:will|shall|should|going to|works?)\b|'ll\b")
_ALLOWED = re.compile(
    r"\b(?:you|they|admins?|users?|members?|everybody|everyone) (?:can|could|may|are (?:free|welcome) to)(?: \w+ly|"
    r" also| still| always| then)? "
    r"(?:export|download|book|choose|pick|schedule|reply|cancel|change|switch|upgrade|downgrade|import|upload|ask|"
    r"write|call|reach|send|"
    r"retry|try|set|create|add|remove|edit|review|manage|request|rebook|reschedule|invite|contact|build|filter)\b|"
    r"\bcan (?:still |also |always )?be (?:export|download|cancel|chang|edit|import|upload|switch|book)[a-z]*\b"
)
_IF_YOU = re.compile(r"(?:if|unless|should|in case) (?:you|your)\b")
_WHEN_YOU = re.compile(r"(?:once|when|as soon as|after|before) (?:you|your)\b")
_THANKS = re.compile(r"\b(?:thanks|thank you) for\b[^,;.]*$")
_WISHED = re.compile(
    r"\b(?:you|your [a-z]+|they)(?: all| really| also| only)? (?:need|needs|want|wanted|wants|asked|requested|"
    r"mentioned|said|wrote|require|would like|"
    r"hoped|hope|told|reported|have to|must|needed|had)\b"
)
_UNPROMISED = re.compile(
    r"(?:\b(?:cannot|can not|unable to|not able to|do not|will not|not|never|rather not|nobody can)|n't)(?: yet|"
    r" give you)?(?: \w+ly)? "
    r"(?:promise|commit|guarantee|confirm|say|give|tell|name|offer|estimate|quote|know)\b"
)
_HABIT = re.compile(r"\b(?:every|each|always|usually|normally|daily|weekly|monthly|per|whenever|regularly|\w+days)\b")
_POLICY = re.compile(
    r"\b(?:keeps?|kept|stores?|retains?|stored|retained|retention|logged|archived|cached|expires?|times? out|"
    r"valid|inactivity|"
    r"deleted (?:after|for))\b"
)
_OFFER = re.compile(r"\b(?:we|i|our|will|quotes?|offers?|prices?|discounts?)\b|'ll\b")
_FAREWELL = re.compile(
    r"\b(?:(?:hear(?:ing)?(?: back)? from you|see you|get well|"
    r"have an?|enjoy)\b[^.!?]{0,12}|(?:talk|speak)(?: to you)? )$"
)
_CANNOT = re.compile(
    r"\b(?:cannot|can't|can not|unable|no longer|not able|isn't|is not|are not|aren't|do not|don't|does not|"
    r"doesn't)\b"
)


_ASKS = word_set(
    "send let tell choose pick select click tick enter type open go reply respond confirm write ask note remember "
    "make keep avoid use set follow read see log sign add create contact share provide pay call update review "
    "check change export import upload download test visit answer run try reload restart repeat wait"
)
_CAN = frozenset(["can", "could", "may", "are"])
_NOT = frozenset(["cannot", "not", "never", "nobody", "t"])


def promised(sentence: str, today: date) -> Iterator[Moment]:
    """Yield the times by, at or for which the sentence says that something will be."""
    if sentence.endswith("?") and _QUESTION.match(sentence):
        return
    cuts: list[int] | None = None
    for moment in moments(sentence, today):
        cuts = cuts if cuts is not None else [0, *(cut.start() for cut in _CUT.finditer(sentence)), len(sentence)]
        clause = _clause(sentence, cuts, moment)
        if _looks_ahead(moment, clause) and not _excused(moment, clause, sentence):
            yield moment


def _clause(sentence: str, cuts: list[int], moment: Moment) -> str:
    """Return the clause around a time; the whole sentence where the time stands alone in its clause."""
    start = cuts[bisect_right(cuts, moment.start) - 1]
    end = cuts[min(bisect_left(cuts, moment.end), len(cuts) - 1)]
    rest = sentence[start : moment.start] + sentence[moment.end : end]
    own = len(_WORDS.findall(rest)) > 1
    clause = sentence[start:end] if own else sentence
    return (
        clause.strip(" ,;:()[]-")
        if len(clause) <= _REACH
        else sentence[max(0, moment.start - _REACH) : moment.end + _REACH]
    )


_REACH = 240
"""Characters around a time that decide its tense; keeps a sentence without end linear."""


def _looks_ahead(moment: Moment, clause: str) -> bool:
    words = frozenset(_WORDS.findall(clause))
    if moment.ahead is Ahead.CERTAIN or not words.isdisjoint(_FUTURE_WORDS) or _FUTURE.search(clause):
        return True
    past = not words.isdisjoint(_PAST_WORDS) or _PAST.search(_PASSIVE.sub(" ", clause))
    if moment.ahead is Ahead.FIRM:
        return bool(not past or _ONWARD.search(clause))
    if past or _HABIT.search(clause):
        return False
    return bool(_ACTING.search(clause)) if moment.ahead is Ahead.LOOSE else not _CANNOT.search(clause)


def _excused(moment: Moment, clause: str, sentence: str) -> bool:
    """Say whether the time belongs to an instruction, a permission, a wish, a policy or a promise not given."""
    head = sentence[max(0, moment.start - _REACH) : moment.start]
    rest = sentence[moment.end : moment.end + _REACH]
    words = frozenset(_WORDS.findall(head))
    if not words.isdisjoint(_ASKS) and _ASKING.search(head):
        return not (_RETRYING.search(head) and _COMMITS.search(rest))
    if _IF_YOU.match(clause) or (not words.isdisjoint(_CAN) and _ALLOWED.search(clause)):
        return True
    if (
        (not words.isdisjoint(_NOT) and _UNPROMISED.search(clause))
        or _FAREWELL.search(head[-60:])
        or _THANKS.search(head)
    ):
        return True
    if _WISHED.search(clause) or _WHEN_YOU.match(clause):
        return not _COMMITS.search(head + rest)
    return bool(moment.ahead is not Ahead.CERTAIN and _POLICY.search(clause) and not _OFFER.search(clause))
