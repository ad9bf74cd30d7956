"""The grammar of English time expressions: the words that make one, the lead words before it, what follows it."""

import re
from collections.abc import Iterator


def word_set(words: str) -> frozenset[str]:
    """Return the words of a line as a set."""
    return frozenset(words.split())


def _split(words: str) -> list[str]:
    return words.split()


_WORD_NUMBERS = _split(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
)
NUMBERS = {word: value for value, word in enumerate(_WORD_NUMBERS)} | {
    "a": 1,
    "an": 1,
    "another": 1,
    "thirty": 30,
    "forty": 40,
    "forty-eight": 48,
    "fifty": 50,
    "sixty": 60,
    "ninety": 90,
}
MONTHS = _split("jan feb mar apr may jun jul aug sep oct nov dec")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
WEEKDAY = (
    r"(?:m(?:on|no|o|n)d(?:ay|ya|y)|mon|tu?e?u?s+e?d(?:ay|ya|y)|tues?|w[ed]?[den]*e?s?d(?:ay|ya|y)|wed|"
    r"th[urs]+e?d?(?:ay|ya|y)"
    r"|thu(?:rs?)?|f(?:ri|ir|r|i)d(?:ay|ya|y)|fri|sat[aeu]?r?d(?:ay|ya|y)|sunn?d(?:ay|ya|y))\b(?!-)"
)
_COUNT = (
    r"(?:\d+(?:\.5)?|(?:a |the )?(?:next )?(?:few|couple(?: of)?|handful of)|half an?|(?:an? )?(?:hundred|thousand|"
    r"million)|an?|another|some|several|"
    r"forty-eight|thirty|forty|fifty|sixty|ninety|" + "|".join(sorted(_WORD_NUMBERS, key=len, reverse=True)) + ")"
)
_UNIT = (
    r"(?:(?:business|working|banking|bank|calendar|week|short|full|whole|more|extra|additional|further|little|good|"
    r"quick)[ -]?)*"
    r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|h|moments?|days?|nights?|d|weeks?|wks?|fortnights?|months?|"
    r"quarters?|"
    r"years?|sprints?"
    r"|bit|while|jiffy|flash|tick|mo)\b"
)
_LENGTH = rf"{_COUNT}(?:\s*(?:-|to|or)\s*{_COUNT})?[\s-]?{_UNIT}(?: or (?:two|three|so))?"
_PERIOD = (
    r"(?:(?:business|working|billing|calendar|major|minor|product|maintenance|fiscal|financial) )?"
    r"(?:day|week|month|quarter|year|weekend|sprint|release|cycle|billing|version|update|deploy(?:ment)?|iteration|"
    r"hour|"
    r"minutes|hours|days|weeks|months|window|patch|spring|summer|autumn|winter|fall)\b"
)
_PART = (
    r"(?:(?:mid-?)?(?:morning|afternoon|evening)|night|noon|lunch(?:time)?|midday|midnight|breakfast|close of "
    r"business|"
    r"close of play|start of business)\b"
)
_CLOCK = (
    r"(?:\d{1,2}(?:[:.]\d\d)?\s?(?:[ap]\.?m\b\.?|o'clock)|\d{1,2}:\d\d(?:\s?h)?|\d{1,2}\s?h\b|noon\b|midday\b|"
    r"midnight\b)"
)
_LEAD = (
    r"(?:(?P<lead>no(?:t any)? later than|not before|in time for|ahead of|as of|as from|starting|effective|"
    r"beginning|by|before|"
    r"past|beyond|later than|longer than|more than|until|till?|'til|within|inside|under|in|for|from|on|at|around|"
    r"about|after|over|during|through(?:out)?|up to|to|latest|give (?:us|me)|"
    r"for about|expect(?:ed)?|eta:?|come)\s+)?(?P<fill>(?:(?:about|around|roughly|approximately|approx\.?|maybe|"
    r"perhaps|say|the latest|at "
    r"most|at least|less than|under|as early as|some ?time|later|early|earlier|late|mid|middle of|~|less|only|just|"
    r"not|your|our|"
    r"the very|first thing|circa|like)[\s-]+)*)"
)
_EXPRESSIONS = {
    "iso": r"\d{4}-\d\d-\d\d\b",
    "dated": rf"(?:the )?\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}(?:,? \d{{4}}\b)?",
    "american": rf"{_MONTH} (?:the )?\d{{1,2}}(?:st|nd|rd|th)?\b(?!:)(?:,? \d{{4}}\b)?",
    "numeric": r"\d{1,2}(?:\.\d{1,2}\.(?:\d{4}|\d\d)?|/\d{1,2}(?:/\d{2,4})?)(?!\d|\.\d)",
    "ordinal": (
        r"the (?:\d{1,2}(?:st|nd|rd|th)\b(?! (?:quarter|half|time|one|step|row|column|line|page|user|seat|attempt|"
        r"call|"
        r"item|day|of (?!the|next|this|that)))|(?:first|fifteenth)\b(?= of (?:the|next|this)|[.,;!?]|$))"
    ),
    "ending": (
        r"(?:the )?(?:end|close|start|beginning|middle|course|turn|half|first half|second half|first days|(?:first|"
        r"last) (?:(?:business|working) )?day|(?:first|"
        r"second|third|last) week)"
        rf"[ -]of[ -](?:(?:the|this|next|our|your|current|business) )*(?:{_MONTH}|q[1-4]\b|h[12]\b|business\b|"
        rf"play\b|today\b|tomorrow\b|tonight\b|{_PERIOD})"
        r"|(?:month|quarter|year|week)[ -]?end\b|eod\b|eow\b|eom\b|eoq\b|eoy\b|cob\b|cop\b|close of (?:business|play)"
    ),
    "near": (
        r"the day after tomorrow|day after tomorrow|tom+[aeo]?r+[aeo]?w\b|tmrw\b|tmw\b|tonight\b|tonite\b|"
        r"overnight\b|today\b"
        r"|(?:the )?same[ -]day\b|in the (?:morning|afternoon|evening)\b|mid-?week\b|first thing\b"
    ),
    "release": (
        rf"(?:(?:{WEEKDAY}|{_MONTH}|(?:this|next) (?:week|month)|tonight|tomorrow)(?:'s)?,? )"
        r"(?:release|version|update|sprint|build|deploy(?:ment)?|batch|drop)\b|(?:your|the|our) next "
        r"(?:\w+ )?(?:invoice|bill|statement|payment|renewal|run|batch|build)\b"
    ),
    "return": (
        r"(?:before|until|till) you (?!can|could|do|click|press|save|send|upload|import|delete|add|run|"
        r"enable)[a-z]+\b|"
        r"(?:when|once|by the time) you(?: are|'re| get| come) (?:back|in|up|online)\b|when you (?:wake|return|"
        r"start)\b"
    ),
    "coming": (
        rf"(?:the )?(?:next|coming|following|upcoming) (?:{_COUNT} )?(?:{WEEKDAY}|{_MONTH}|{_PERIOD}|"
        rf"one or two (?:days|weeks))"
        rf"|(?:the )?(?:week|day|month) after(?: next)?\b"
    ),
    "present": rf"(?:the )?(?:this|current) (?:very )?(?:coming )?(?:{WEEKDAY}|{_MONTH}|{_PART}|{_PERIOD})",
    "weekday": rf"{WEEKDAY}(?! (?:to|through|till|until) {WEEKDAY})(?!(?: ?[-–] ?|s\b){WEEKDAY}?)",
    "span": r"q[1-4]\b(?:[ /]?\d{4})?|h[12]\b \d{4}|(?:the )?(?:first|second|third|fourth) (?:quarter|half)\b",
    "length": _LENGTH,
    "clock": _CLOCK,
    "hour": r"\d{1,2}(?=\s*(?:[,;!?)]|\.(?!\d)|$|today|tomorrow|tonight|sharp|and\b))",
    "spell": (
        r"(?:the )?(?:weekend|week is out|day is out|month is out|hour|holidays|christmas|xmas|advent|"
        r"thanksgiving|easter|new year|"
        r"year's end|"
        r"summer|winter|spring|autumn|minute|day|week|month|quarter|lunch(?:time)?|breakfast|(?:mid-?)?(?:morning|"
        r"afternoon|evening)|night|holidays?|break|stroke of midnight|"
        r"coming (?:days|weeks|"
        r"hours|months))\b"
    ),
    "month": rf"{_MONTH}(?: \d{{4}}\b)?|20[2-9]\d\b(?!-)|(?:week|cw|kw) ?\d\d?\b",
    "event": (
        r"(?:your|the|our) (?:[a-z-]+ ){0,2}?(?:meeting|launch|go-?live|audit|deadline|review|event|board|demo|"
        r"close|cut-?over|"
        r"kick-?off|presentation|conference|rollout|opening|start|workshop|shift|payroll|season|peak|sale|"
        r"migration)\b|you "
        r"(?:open|start|leave|go live|wake|launch|get (?:in|back)|log off|need it)\b|go-?live\b|long\b|"
        r"you know it\b|the time (?:you|your|we|it)\b|then\b"
    ),
    "soon": (
        r"(?:very |quite |pretty |real )?(?:soon|shortly)\b(?! (?:as|after|before))|a\.?s\.?a\.?p\b|"
        r"as soon as (?:possible|we can|i can|"
        r"practicable|it is (?:done|ready|out))|as (?:quick|fast)(?:ly)? as (?:possible|we can|i can)|momentarily\b|"
        r"imminent(?:ly)?\b|"
        r"any (?:minute|moment|hour|day|time) now\b|any (?:minute|moment|day)\b|no time\b|due course\b|"
        r"the near future\b|"
        r"(?:won'?t|will not|not|shouldn'?t) (?:be|take) (?:too )?long\b|not long now\b|around the corner\b|"
        r"(?:a )?(?:matter|question) of (?:minutes|hours|days|weeks)\b|"
        r"(?:minutes|hours|days|weeks)(?: away| out| from now|, not)\b|(?:within|in) (?:minutes|hours|days|weeks|"
        r"seconds)\b|presently\b|(?:three )?quarters? of an hour\b|(?:two|a couple of) shakes\b|(?:earliest|"
        r"first) (?:opportunity|convenience)\b|before you know it\b|"
        r"sooner rather than later\b"
    ),
    "prompt": (
        r"immediately\b|instantly\b|promptly\b|swiftly\b|right away\b|straight ?away\b|at once\b|"
        r"without (?:any )?(?:further |undue )?delay\b|"
        r"later(?: on)?\b(?! (?:version|than|date))|right now\b|at the earliest\b|same week\b|with (?:top |"
        r"the highest )?priority\b"
    ),
}
_FINDER = re.compile(
    rf"(?:{_LEAD}(?:{WEEKDAY},? (?=the \d|\d|{_MONTH} ))?(?:"
    + "|"
    r"".join(f"(?P<{name}>{body})" for name, body in _EXPRESSIONS.items())
    + "))"
)
TAIL = re.compile(
    rf"(?:,?\s+(?:at|around|by|before|about|in the|from)?\s*(?:{_CLOCK}|{_PART})|,?\s+(?:at the latest|latest|tops|"
    rf"max|at most)\b)+"
)
PAST_BEFORE = (
    "since ",
    "last ",
    "past ",
    "previous ",
    "every ",
    "each ",
    " per ",
    "once a ",
    "twice a ",
    "prior ",
    "former ",
    "sorry for ",
)
NOT_LAST = ("not last ", "to last ", "will last ", "n't last ")
OF = re.compile(r"(?<!week)(?<!course)(?<!morning)(?<!afternoon)(?<!evening)(?<!half)(?<!hours)(?<!night) of $")
PAST_AFTER = re.compile(
    r"(?:s?,? (?:ago|earlier|old|in a row|straight)\b|s? of (?!next|this|the|your)|'s? (?:of|worth))"
)
AHEAD_OF = re.compile(r"s? before\b")
LONGER = re.compile(r"\s*(?:longer|more|later|extra|extension|on top|further|additional|free|from (?:now|today))\b")
ALONE = re.compile(r"(?:^|[,;:(-]\s*)(?:just |only |count |say |give or take |another |maybe |perhaps )*$")
RANGE = re.compile(r"\bmon(?:days?)?\s?(?:to|through|till|until|-)\s?(?:thu|fri|sat|sun)[a-z]*")
BOUND = frozenset(
    {
        "by",
        "until",
        "till",
        "til",
        "'til",
        "from",
        "as of",
        "as from",
        "starting",
        "effective",
        "beginning",
        "not before",
        "past",
        "beyond",
        "later than",
        "longer than",
        "no later than",
        "not any later than",
        "before",
        "ahead of",
        "eta",
        "eta:",
        "expect",
        "expected",
        "latest",
    }
)


def may_hold_time(text: str, words: frozenset[str]) -> bool:
    """Say cheaply whether lower-case text can hold a time expression at all; `words` are its words."""
    return not words.isdisjoint(_HINTS) or (_DIGIT.search(text) is not None and _DIGITS.search(text) is not None)


def expressions(text: str) -> Iterator[re.Match[str]]:
    """Yield matches without overlap; only words that can open a time expression are tried."""
    words = [(token.start(), token[0]) for token in _TOKEN.finditer(text)]
    hints = [start for start, word in words if word in _HINTS or word[0].isdigit()]
    end = at = 0
    for start, word in words:
        while at < len(hints) and hints[at] < start:
            at += 1
        if at == len(hints):
            return
        opens = start >= end and hints[at] - start < _NEAR and (word in _OPENERS or word[0].isdigit())
        if opens and (match := _FINDER.match(text, start)):
            end = match.end()
            yield match


_NEAR = 36
"""Characters from the first word of a time expression to the word that makes it one."""


def _misspelt(words: str) -> Iterator[str]:
    """Yield each word with one letter lost, doubled, or two neighbours swapped."""
    for word in words.split():
        for at in range(1, len(word)):
            yield word[:at] + word[at + 1 :]
            yield word[:at] + word[at] + word[at:]
            yield word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]


_DIGIT = re.compile(r"\d")
_TOKEN = re.compile(r"(?<![\w/.-])(?:[a-z]+|\d+)")
_DIGITS = re.compile(
    r"\d(?:st\b|nd\b|rd\b|th\b|\s?[ap]\.?m\b|:\d|-\d\d-\d|/\d|\.\d{1,2}\.|\s?h\b|\s?d\b|\s?o'clock)|"
    r"(?<= in | by |ore |til | at |und |est |eta |ta: |ter |rom |out )(?:20)?\d\d?\s*(?:[,;!?)]|\.(?!\d)|$|today|"
    r"and |"
    r"tomorrow|tonight|sharp)"
)
_NAMED = (
    word_set(
        "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri tomorrow tmrw "
        "tmw tonight tonite today overnight january february march april may june july august september october "
        "november december jan feb mar apr jun jul aug sep sept oct nov dec eod eow eom eoq eoy cob cop noon midday "
        "midnight midweek month quarter week year soon shortly asap momentarily imminent imminently presently "
        "immediately instantly promptly swiftly sooner minutes hours days weeks seconds"
    )
    | frozenset(_misspelt("monday tuesday wednesday thursday friday saturday sunday tomorrow wendesday"))
    | {"wensday"}
)
_HINTS = _NAMED | word_set(
    "mid bank day days d wk wks weekend weekends months quarters years hour hr hrs h minute min mins second sec secs "
    "moment moments bit while jiffy flash tick mo fortnight fortnights sprint sprints release cycle billing "
    "iteration morning afternoon evening night lunch lunchtime breakfast business play q h1 q1 holidays christmas "
    "xmas easter spring summer autumn winter fall next before ahead until long then later now delay earliest "
    "priority corner matter straight right course future time launch audit deadline coming upcoming meeting "
    "review event board demo opening cut kick presentation conference rollout workshop shift payroll season peak "
    "sale migration go shakes convenience opportunity thing when "
    "stroke advent thanksgiving nights posted updated touch informed"
)
_OPENERS = (
    _NAMED
    | frozenset(NUMBERS)
    | word_set(
        "give no not in ahead as starting effective beginning by before past beyond later longer more until til till "
        "within inside under for from on at around about after over during through throughout up to latest expect "
        "expected eta come roughly approximately approx maybe perhaps say less early earlier late mid middle only "
        "just your our the first circa like some sometime this current next coming following upcoming end close "
        "start "
        "turn half second last same day week any few couple handful several forty thirty fifty sixty ninety q h cw "
        "kw "
        "hour hours weekend lunch christmas xmas easter summer winter spring autumn right straight without with very "
        "quite pretty real won shouldn will sooner go you it matter a s shouldnt wont third fourth when once "
        "question three quarter advent thanksgiving"
    )
)
