"""Which times in a sentence are promises: what looks ahead binds, unless the words around it excuse it."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import date

from cxagent.reading.dates import Ahead, Moment, moments
from cxagent.reading.grammar import word_set

_WORDS = re.compile(r"[a-z]+")
_CUT = re.compile(r"[,;()\[\]]|:(?!\d)|\s-+\s|\b(?:and|but|because|so|while|which|who|when|once|whereas|if|unless)\b")
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
    "gets shooting stays stay remains remain holds lasts leaves leaving d reserved brb shud shld wil cud "
    "figure plan tmrw"
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
    r"stay tuned|set for|every effort|call it|left to (?:run|go)|made (?:it into|the cut)|surprised|early enough|"
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
    r"blocked|confirmed|promised|announced|pencil|postponed|moved|pushed|agreed|delayed|fixed (?:and|by)|"
    r"sorted)[a-z]{2,}ed\b"
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
    r"retry|try|set|create|add|remove|edit|see|find|view|access|restore|undo|review|manage|request|rebook|"
    r"reschedule|invite|contact|build|filter|use)\b|"
    r"\bcan (?:still |also |always )?be (?:export|download|cancel|chang|edit|import|upload|switch|book|us|restor|"
    r"recover|undone|view|access)[a-z]*\b"
)
_IF_YOU = re.compile(r"(?:if|unless|should|in case) (?:you|your)\b")
_WHEN_YOU = re.compile(r"(?:once|when|as soon as|after|before) (?:you|your)\b")
_THANKS = re.compile(r"\b(?:thanks|thank you) for\b[^,;.]*$")
_WISHED = re.compile(
    r"\b(?:you|your [a-z]+)(?: all| really| also| only)? (?:need|needs|want|wanted|wants|asked|requested|"
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
    r"(?:\b(?:hear(?:ing)?(?: back)? from you|see you|get well)\b[^.!?]{0,12}|"
    r"^(?:\w+, )?(?:i )?(?:hope you (?:have|had)|have an?|enjoy|happy|merry|good luck|all the best|best of "
    r"luck)\b[^.!?]{0,24}|"
    r"(?:talk|speak)(?: to you)? (?=soon|later|then))$"
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


_CADENCE = re.compile(
    r"\b(?:updates?|news|reports?|word|status|posted|informed|check in|call|write|hear|answer|ll|will)\b[^.;]{0,40}"
    r"\b(?:every|each) (?:\w+ )?(?:minutes?|hours?|days?|weeks?|morning|evening|month|\w+day)\b"
)
"""How often we shall be heard of."""
_FOLLOWING = re.compile(
    r"(?:\b(?:will|shall|going to|promise to)|'ll)(?: \w+){0,2}? (?:let you know|tell you|inform you|update you|"
    r"be in touch|"
    r"keep (?:you|this ticket) (?:posted|updated|informed)|keep in touch|touch base)\b(?! how\b| which\b)"
)
"""That we shall be heard of, with no time named."""


def promised(sentence: str, today: date) -> Iterator[Moment]:
    """Yield the times by, at or for which the sentence says that something will be."""
    if sentence.endswith("?") and _QUESTION.match(sentence) and "enough" not in sentence:
        return
    if (following := _FOLLOWING.search(sentence)) and not sentence.startswith(("if ", "if you")):
        yield Moment(following.start(), following.end(), Ahead.FIRM)
    repeated = " every " in sentence or " each " in sentence
    cadence = _CADENCE.search(sentence) if repeated else None
    if cadence and not _PEOPLE.isdisjoint(_WORDS.findall(sentence)):
        yield Moment(cadence.start(), cadence.end(), Ahead.FIRM)
    cuts: list[int] | None = None
    moment = None
    for moment in moments(sentence, today):
        cuts = cuts if cuts is not None else [0, *(cut.start() for cut in _CUT.finditer(sentence)), len(sentence)]
        clause = _clause(sentence, cuts, moment)
        if _looks_ahead(moment, clause) and not _excused(moment, clause, sentence):
            yield moment
    if moment is None and _AT_SOME_TIME.search(sentence):
        # The words name a time that the grammar does not know: what they promise binds all the same.
        unknown = Moment(0, len(sentence), Ahead.FIRM)
        if not _excused(unknown, sentence, sentence) and not _ASKING.search(sentence.rstrip(" .!")):
            yield unknown


_AT_SOME_TIME = re.compile(
    r"^(?=.{0,400}(?:\b(?:will|shall|going to|expect|aim|aiming|hope|hoping|should|plan|promise|planned|scheduled|"
    r"eta|until|"
    r"needs?|by)\b|'ll))(?=.{0,400}\b(?:minutes?|hours?|days?|nights?|weeks?|months?|quarters?|mornings?|"
    r"afternoon|evening|"
    r"tonight|today|tomorrow|(?:mon|tues|wednes|thurs|fri|satur|sun)day|before|soon|time|spring|summer|autumn|"
    r"winter)\b)"
    r"(?!.{0,400}\b(?:last|every|each|per|ago|since|business hours|due date|was|were)\b)"
)


def _clause(sentence: str, cuts: list[int], moment: Moment) -> str:
    """Return the clause around a time; the whole sentence where the time stands alone in its clause."""
    at = bisect_right(cuts, moment.start) - 1
    if at and _SAME_SUBJECT.match(sentence, cuts[at]):
        at -= 1
    start = cuts[at]
    end = cuts[min(bisect_left(cuts, moment.end), len(cuts) - 1)]
    rest = sentence[start : moment.start] + sentence[moment.end : end]
    own = len(_WORDS.findall(rest)) > 1
    clause = sentence[start:end] if own else sentence
    return (
        clause.strip(" ,;:()[]-")
        if len(clause) <= _REACH
        else sentence[max(0, moment.start - _REACH) : moment.end + _REACH]
    )


_SAME_SUBJECT = re.compile(r"(?:and|or) (?:[a-z]+ed\b|[a-z]+ (?:back|out|it|you|this|up)\b|(?:by|until|in|on)\b)")
_REACH = 240
"""Characters around a time that decide its tense; keeps a sentence without end linear."""


def _looks_ahead(moment: Moment, clause: str) -> bool:
    """Say whether the words leave it open that the time lies ahead; only a finished past or a habit closes it."""
    words = frozenset(_WORDS.findall(clause))
    if moment.ahead is Ahead.CERTAIN or not words.isdisjoint(_FUTURE_WORDS) or _FUTURE.search(clause):
        return True
    past = not words.isdisjoint(_PAST_WORDS) or _PAST.search(_PASSIVE.sub(" ", clause))
    if moment.ahead is Ahead.FIRM:
        return bool(not past or _ONWARD.search(clause))
    if past or _HABIT.search(clause):
        return False
    if moment.ahead is Ahead.LOOSE:
        return bool(_ACTING.search(clause)) or _STATE.search(clause) is None
    return not _CANNOT.search(clause)


def _excused(moment: Moment, clause: str, sentence: str) -> bool:
    """Say whether the time belongs to an instruction, a permission, a wish, a policy or a promise not given."""
    head = sentence[max(0, moment.start - _REACH) : moment.start]
    rest = sentence[moment.end : moment.end + _REACH]
    words = frozenset(_WORDS.findall(head))
    if not words.isdisjoint(_ASKS) and _ASKING.search(head):
        return not ((_RETRYING.search(head) and _COMMITS.search(rest)) or _AWAITING.search(head))
    if _ALLOWED.search(clause):
        return True
    if (
        (not words.isdisjoint(_NOT) and _UNPROMISED.search(clause))
        or _FAREWELL.search(head[-60:])
        or _THANKS.search(head)
        or _QUOTED.search(head)
        or _TODAY.match(clause)
        or _DISPLAY.search(clause)
        or _PAUSE.search(head)
        or (moment.ahead is Ahead.LOOSE and _DONE_ON.search(head) and not _COMMITS.search(head))
        or (moment.measure and _OPEN_HOURS.search(sentence))
    ):
        return True
    if _WISHED.search(clause) or (moment.measure and _WHEN_YOU.match(clause)) or _IF_YOU.match(clause):
        return not _COMMITS.search(head + rest)
    if moment.ahead is Ahead.CERTAIN:
        return False
    return bool(_POLICY.search(clause) and not _OFFER.search(clause)) or _describes(moment, clause, sentence)


def _describes(moment: Moment, clause: str, sentence: str) -> bool:
    """Say whether the sentence tells how the product or the desk works, and not what will become of one request."""
    words = frozenset(_WORDS.findall(sentence))
    if not words.isdisjoint(_PEOPLE):
        return False
    if _PLURAL_DAY.search(clause) or _DISPLAY.search(sentence):
        return True
    return (
        moment.measure
        and moment.length is None
        and "your" not in words
        and not words.isdisjoint(_PRODUCT)
        and words.isdisjoint(_REPAIR)
    )


_STATE = re.compile(
    r"\b(?:you have|you used|there (?:is|are)|includes?|shows?|lists?|counts?|means?|stands at|covers?)\b|"
    r"^(?:this|it|that) (?:is|was) \w+$|"
    r"\b(?:is|are|'s|'re) (?:\w+ ){0,3}?(?:in use|open|closed|active|used|set(?! for)|shown|here|a|an|the|\d+|"
    r"paid|free|"
    r"public|attached)\b|\btakes effect\b"
)
_AWAITING = re.compile(
    r"\b(?:call it|(?:check|try|look|test|log in|come|see)(?: \w+){0,2} (?:again|back|later|in)|inbox|mailbox|our "
    r"(?:mail|call|"
    r"email|answer|reply)|an? (?:mail|call|email|message) from us|eye (?:on|out))\b"
)
_QUOTED = re.compile(
    r"(?:\b(?:for example|e\.g\.|such as)[^.;]{0,24}|\b(?:same as|than|like) |['\"])$|^to (?!be\b|have\b|"
    r"the\b)[a-z]+ [^,]*$|"
    r"^(?:(?:i|we) (?:can )?(?:understand|see|gather|read)|as i understand|you(?:'re| are) (?:going|planning|"
    r"opening|launching|moving))"
    r"\b(?:(?!\b(?:we|will|our|and)\b|'ll)[^;])*$"
)
_PEOPLE = word_set(
    "we i our us team colleague colleagues engineer engineers developers somebody someone will ll shall going they he "
    "she expect promise hope aim should me allow forward"
)
_PRODUCT = word_set(
    "report reports digest digests token tokens link links job jobs sync syncs backup backups export exports import "
    "imports session sessions key keys quota limit limits cache file files webhook webhooks filter filters "
    "reminder reminders view views calendar desk hours support schedule schedules task tasks setup set trial trials "
    "invitation invitations code codes password passwords invoice invoices draft drafts usage guide retry retries "
    "request requests upload uploads download downloads video course tutorial page retention bin dashboard"
)
_REPAIR = word_set(
    "fix fixed patch ready back again done live repaired resolved solved rollout release restored left remaining "
    "queued more another eta finished finish complete completed sorted follow follows arrives"
)
_PLURAL_DAY = re.compile(r"\b(?:every|each)\b|\b[a-z]+days\b(?<!days)|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days\b")
_DISPLAY = re.compile(
    r"\b(?:view|calendar|report|guide|page|filter|list|dashboard|table|chart|log|column|video)s?(?: '[^']*')? "
    r"(?:\w+ )?"
    r"(?:shows?|displays?|lists?|covers?|explains?|compares?|contains?)\b"
)
_TODAY = re.compile(r"(?:as of|from|until) today,? (?:you have|there (?:is|are)|all)\b|today (?:is|all)\b")
_OPEN_HOURS = re.compile(
    r"\b(?:(?:opening|office|support|desk) hours|(?:business|working) hours (?:are|is|from)|mon(?:day)? ?(?:to|-) "
    r"?fri(?:day)?)\b|"
    r"\b(?:open|staffed|reachable) (?:\w+ ){0,2}(?:from|daily|between|during)\b"
)
_PAUSE = re.compile(r"(?:^|[,;:]\s*|\b(?:and|then) )wait (?:for )?$")
_DONE_ON = re.compile(
    r"\b(?:made|sent|paid|(?!need|schedul|plan|expect|book|target|slat|commit|reserv|postpon|mov|agre)[a-z]{2,}ed) $"
)
