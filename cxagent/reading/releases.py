"""Where a sentence lets a customer off: a due that need not be paid, a tie that no longer holds; English and German.

What is owed (a due) and what binds (a tie) are small classes of words, and so are the ways to give them up. A due that
an action of the same proposal names is reported, not given away: "the late fee is waived" beside a call that waives it.
"""

import re
from collections.abc import Collection, Iterator

from cxagent.reading.grammar import word_set

_SCREEN = (
    r"(?! (?:steps?|pages?|forms?|methods?|screens?|fields?|buttons?|sections?|details?|address(?:es)?|columns?|"
    r"templates?|settings?|numbers?|cop(?:y|ies)|history|e-?mails?|dates?|tabs?|views?|lists?|reports?|portals?|"
    r"runs?)\b)"
)
_DUE = (
    r"(?:invoices?|bills?|fees?|(?:sur)?charges?|payments?|instal?ments?|amounts?|balances?|debts?|interest|"
    r"penalt(?:y|ies)|fines?|costs?|arrears|reminders?|dunnings?|tariffs?|(?:price )?(?:rises?|increases?|uplifts?)|"
    rf"subscription costs?)\b{_SCREEN}"
)
_TIE = (
    r"(?:notice(?: period)?|minimum (?:terms?|periods?|commitments?)|(?:contract|cancellation|notice|renewal|"
    r"termination) (?:terms?|deadlines?|periods?|windows?|clauses?|dates?)|contracts?|agreements?|commitments?|"
    rf"lock-?ins?|(?:auto-?)?renewals?|clauses?|exclusivity|obligations?|"
    rf"(?:remaining|last|outstanding) (?:months?|years?|terms?|quarters?))\b{_SCREEN}"
)
_THING = rf"(?:{_DUE}|{_TIE})"
_US = r"\b(?:we|i|our \w+)(?:'ll|'re|'m|'ve|'d)?"
_NOT = r"(?:not|never|no longer|cannot|can't|won't|don't|doesn't|didn't|isn't|aren't|shan't|unable)"
_AMID = r"(?: [\w'-]+){0,5}?"
_GIVING_UP = (
    r"(?:waiv|forgo|forgiv|drop|scrap|lift|strik|eat|absorb|swallow|shoulder|bear|foot|ditch|void|annul|relinquish|"
    r"renounc|cancel|suspend|cover|revers|refund|reimburs|settl|credit|remov|skip|overlook|writ|tear|pick|tak|let|"
    r"set|put|knock|call|wip|tor[en]|struck|wrote|do without|get by without|(?:releas\w+|free|spar\w+|excus\w+|"
    r"reliev\w+) you from)(?:[a-z]{0,2}(?:e|es|s|ed|ing|en)?)?(?: (?:off|up|over|on|out|aside|go(?: of)?|back|"
    r"down|away|care of))*"
)
_GONE = (
    r"(?:waived|dropped|void|voided|lifted|scrapped|forgiven|written off|forgone|moot|off the table|off the books|"
    r"skipped|set aside|struck|torn up|on (?:us|our (?:account|side|tab))|ours to (?:bear|pay)|our (?:gift|treat|"
    r"present)|"
    r"history|nil|zero|not due|no longer due|taken care of|withdrawn|irrelevant|over and done with|on hold)"
)
_ENDS = r"(?:falls? away|goes away|disappears?|vanish(?:es)?|lapses?|drops? away|melts? away)"
_SPARING = r"(?:pay|settle|transfer|remit|give notice|observe|honou?r (?:the|your)|commit|renew|cover)\b(?! attention)"

_ENGLISH: tuple[str, ...] = (
    rf"{_US}(?: (?!{_NOT}\b)[\w'-]+){{0,4}}? {_GIVING_UP}(?: (?!{_NOT}\b)[\w'-]+){{0,5}}? {_THING}",
    rf"\b{_THING}{_AMID} (?:is|are|was|were|has been|have been|be|'s|gets?) (?:(?!{_NOT}\b)\w+ ){{0,2}}?{_GONE}\b",
    rf"\b{_DUE}{_AMID} (?:is|are|was|were|has been|have been|be|'s|gets?) (?:(?!{_NOT}\b)\w+ ){{0,2}}?"
    r"(?:cancell?ed|reversed|deleted|gone)\b",
    rf"\b{_THING}{_AMID} {_ENDS}\b",
    rf"\b{_THING}{_AMID} (?:does not|doesn't|do not|don't|will not|won't|shall not|shan't|no longer|need not) "
    r"(?:\w+ )?(?:appl(?:y|ies)|matters?|counts?|binds?|reach(?:es)?|concerns?|affects?|hits?|holds?|runs?)\b",
    r"\byou (?:can|may|could|are free to) (?:stop|pause|suspend|defer|delay) (?:the |your |all )?(?:pay(?:ing|"
    r"ments?)|instal?ments?)\b",
    rf"\b{_THING}{_AMID} (?:will|shall|does|'ll)? ?(?:pass(?:es)? you by|spares? you|leaves? you alone)\b",
    r"\bcosts? (?:you|your \w+|us all) (?:nothing|zero|not a \w+)\b",
    r"\b(?:rates?|prices?|fees?|terms|conditions)\b(?: [\w'-]+){0,4}? (?:is|are|remains?|stays?) yours\b",
    r"\byou (?:need not|needn't|(?:don't|do not|won't|will not) (?:have|need) to|(?:no longer|never) (?:have|need) to|"
    rf"(?:aren't|are not|are no longer) (?:obliged|required|bound|expected) to) (?:\w+ )?{_SPARING}",
    rf"\b(?:nor|neither) (?:do|need|will|must) you (?:have to |need to )?(?:\w+ )?{_SPARING}",
    rf"\bno need (?:for you |for your team )?to (?:\w+ )?{_SPARING}",
    r"\b(?:you|your (?:team|company|firm|side)) (?:don't|do not|does not|doesn't|won't|will not|no longer) owe\b|"
    r"\byou owe (?:us )?(?:nothing|no)\b",
    r"\b(?:nothing|not a (?:cent|penny|dime))\b(?: [\w'-]+){0,3}? (?:to (?:pay|settle)|(?:due|owed|owing|payable) "
    r"(?:from|by|of) you\w*|will be (?:charged|billed|invoiced))\b",
    r"\bno (?:\w+ )?(?:payments?|money|invoices?|bills?|fees?|charges?)\b(?: [\w'-]+){0,3}? (?:to (?:pay|settle)|"
    r"(?:due|owed|owing|expected|payable|wanted|required|needed) (?:from|by|of) you\w*|"
    r"will be (?:sent|taken|raised|asked for))\b",
    rf"\bno (?:obligation|duty|requirement|commitment) to (?:\w+ )?(?:stay|{_SPARING})",
    r"\b(?:you|your \w+) (?:won't|will not|shall not) be (?:\w+ )?(?:charged|billed|invoiced|debited)\b",
    rf"\byou (?:won't|will not|will never|'ll never) (?:see|get|receive|find|face)(?: [\w'-]+){{0,3}}? {_DUE}",
    rf"\bleave(?: [\w'-]+){{0,3}}? {_DUE} (?:unpaid|open|aside|be|alone)\b|\bhold back(?: [\w'-]+){{0,3}}? {_DUE}",
    rf"\btreat(?: [\w'-]+){{0,4}}? {_TIE} as\b|\b(?:make|making) good\b|\b(?:our|my) (?:gift|treat|present)\b",
    r"\b(?:you|your (?:team|company|firm|side))(?:'re)? (?:can|may|could|are (?:free|welcome|allowed|able)|"
    r"free)\b[^.;?]{0,16}\b"
    r"(?:walk|leave|go|get out|step (?:out|back|away)|exit|quit|end|terminate|cancel|pull out|withdraw|"
    r"back out)\b[^.;?]{0,30}\b"
    r"(?:any|whenever|before|early|earlier|without|at will|deals?|contract|agreement|commitment|term)\b",
    r"(?:^|[,;:] ?|\b(?:please|just|simply|can|could|may|free to|welcome to|safely|then|and) )(?:ignore|disregard|skip|"
    r"forget(?: about)?|bin|tear up|throw away|discard|never mind)"
    rf"(?: (?!the following)[\w'-]+){{0,4}}? {_THING}",
    rf"\b(?:consider|regard|treat|count)(?: [\w'-]+){{0,5}}? {_DUE}(?: [\w'-]+){{0,2}}? "
    r"(?:settled|paid|cancell?ed|closed|void|done|gone)\b",
    r"\b(?:present|gift|treat|freebie) (?:from|by) (?:us|me|our)\b",
    rf"{_US}(?: (?!{_NOT}\b)[\w'-]+){{0,3}}? (?:match|beat|undercut) [^.;?]{{0,30}}?\b(?:offers?|quotes?|asks?|"
    rf"charges?)\b",
    r"\b(?:refund|credit|discount|waiver|reduction|rebate|extension|exception|money back)\b(?: [\w'-]+){0,2}? "
    rf"(?:is|was|has been|have been) (?:(?!{_NOT}\b)\w+ ){{0,2}}?(?:approved|granted|agreed|yours)\b",
    r"\b(?:take (?:all the|your) time|as long as you (?:like|need|want)|no (?:hurry|rush)|whenever (?:it suits|you))\b"
    rf"[^.;?]{{0,30}}\b(?:pay|paying|settle|settling|{_DUE})\b",
    rf"\b(?:let|lets|letting) (?:you|your \w+) (?:off|out|go)\b|{_US}[^.;?]{{0,12}} (?:not|won't|never)(?: \w+){{0,2}} "
    rf"(?:enforce|insist on|pursue|chase|collect|invoke|claim|hold you to|call in|bill|invoice|charge)\b",
    rf"{_US}(?: will)? (?:not|won't|never) (?:ask|apply|raise|send|demand|require|expect|want|levy|impose|take|"
    rf"make you)\b"
    rf"(?: [\w'-]+){{0,5}}? {_THING}",
    rf"\b{_THING}{_AMID} (?:won't|will not|never|not|no longer) be (?:\w+ )?(?:collected|enforced|applied|charged|"
    rf"due|claimed|"
    r"raised|levied|imposed|pursued|taken)\b",
)
_ENGLISH_HINTS = word_set(
    "obligation duty requirement charged billed invoiced debited "
    "waive forgo forgive drop scrap lift invoice invoices bill bills fee fees charge charges surcharge payment "
    "payments installment instalment amount amounts balance debt interest penalty penalties fine fines cost costs "
    "arrears reminder reminders tariff tariffs rise rises increase increases uplift notice contract contracts "
    "agreement agreements commitment minimum term renewal renewals autorenewal clause clauses exclusivity obligation "
    "pay settle owe owed paying commit renew present gift treat freebie match beat undercut refund credit discount "
    "waiver reduction rebate extension exception money let lets letting enforce insist pursue chase collect invoke "
    "nothing cancellation termination deadline dunning tear bin walk leave exit quit end terminate cancel withdraw "
    "make making uplifts released release remaining rate rates price prices terms conditions last outstanding cover "
    "back "
)

_FAELLIG = (
    r"(?:rechnung(?:en)?|\w*gebühr(?:en)?|\w*mahnung(?:en)?|(?:rest)?betr(?:ag|äge)|kosten|zahlung(?:en)?|raten?|"
    r"\w*zins(?:en)?|\w*preis(?:e|es)?|\w*tarif(?:e|s)?|\w*(?:erhöhung|anpassung)(?:en)?|\w*strafe|aufschl(?:ag|äge)|"
    r"aufpreis)\b"
)
_BINDUNG = r"(?:\w*frist(?:en)?|\w*laufzeit(?:en)?|\w*vertrags?|\w*vertrages|\w*bindung|\w*verlängerung|\w*klauseln?)\b"
_SACHE = rf"(?:{_FAELLIG}|{_BINDUNG})"
_KEIN = r"(?:nicht|nie|kein\w*|leider)"
_ZWISCHEN = rf"(?: (?!{_KEIN}\b)[\wäöüß-]+){{0,6}}?"

_GERMAN: tuple[str, ...] = (
    rf"\bverzichte[nt]?\b{_ZWISCHEN} {_SACHE}|\b{_SACHE}{_ZWISCHEN} (?:verzichte[nt]?|erlassen|erlasse)\b",
    rf"\b(?:erlassen|erlasse|streichen|stornieren|übernehmen|tragen|schenken)\b{_ZWISCHEN} {_SACHE}",
    rf"\b{_FAELLIG}{_ZWISCHEN} (?:streichen|stornieren|übernehmen|tragen|schenken) wir\b",
    r"\bschreiben?\b[^.;?]{0,40}\bgut\b(?=[.!]?$)|\bgutschreiben\b|\b(?:erstatten|erstatte|zahlen|"
    r"schenken) (?:wir )?ihnen\b|"
    r"\b(?:(?:sie )?(?:bekommen|erhalten)(?: sie)?) [^.;?]{0,24}\b(?:erstattet|zurück|geschenkt|gutgeschrieben)\b|"
    r"\b(?:bekommen|erhalten) [^.;?]{0,24}\b(?:geld) zurück\b|\bkommen ihnen\b[^.;?]{0,24}\bentgegen\b",
    r"\b(?:stellen|stelle|berechnen|berechne)\b[^.;?]{0,50}\b(?:nicht|nichts|keine?n?)\b",
    r"\b(?:müssen|brauchen) [^.;?]{0,50}\b(?:nicht|nichts|keine?n?)\b[^.;?]{0,20}\b(?:zahlen|bezahlen|begleichen|"
    r"einhalten|überweisen|zahlung\w*|frist\w*)\b|\b(?:zahlen|schulden) (?:sie )?(?:\w+ ){0,2}?(?:nichts|keine?n?)\b",
    rf"\b{_SACHE}{_ZWISCHEN} (?:entfällt|entfallen|fällt weg|(?:fällt|fallen)\b[^.;?]{{0,24}}\bweg|fallen weg|"
    rf"hinfällig|gegenstandslos|vom tisch)\b|"
    rf"\bentfällt{_ZWISCHEN} {_SACHE}",
    rf"\b{_SACHE}(?: [\wäöüß-]+){{0,4}}? (?:gilt|gelten|greift|trifft|betrifft)(?: \w+){{0,3}}? nicht\b",
    rf"\b{_FAELLIG}{_ZWISCHEN} (?:bleibt|bleiben){_ZWISCHEN} (?:unverändert|gleich|bestehen|stabil|wie)\b",
    rf"\b(?:behalten|halten|belassen|garantieren)\b{_ZWISCHEN} (?:{_FAELLIG}|konditionen|rabatt)|"
    rf"\b(?:{_FAELLIG}|konditionen|rabatt){_ZWISCHEN} (?:behalten|halten|belassen) (?:wir|sie)\b",
    rf"\b(?:können|dürfen)\b{_ZWISCHEN} {_SACHE}{_ZWISCHEN} (?:ignorieren|vergessen|wegwerfen|verlassen)\b|"
    rf"\b{_SACHE}{_ZWISCHEN} (?:können|dürfen)\b{_ZWISCHEN} (?:ignorieren|vergessen|wegwerfen)\b",
    r"\b(?:jederzeit|fristlos|vorzeitig|sofort|wann (?:immer )?sie|ohne (?:\w+ )?frist)\b[^.;?]{0,40}\b(?:kündigen|"
    r"aussteigen|gehen|beenden|vertrag|heraus|raus)\b|\blassen [^.;?]{0,30}\b(?:aus dem|"
    r"vorzeitig)\b[^.;?]{0,20}vertrag",
    r"\bgeht auf (?:uns|unsere)\b|\bauf unsere (?:kosten|rechnung)\b|\bwir drücken ein auge zu\b",
)
_GERMAN_HINTS = word_set("wir ihnen ihr ihre ihren ihrem sie sich uns der die das den dem ein eine")

_PATTERNS = {
    hints: tuple(re.compile(one) for one in wordings)
    for hints, wordings in ((_ENGLISH_HINTS, _ENGLISH), (_GERMAN_HINTS, _GERMAN))
}
_NAMED = re.compile(rf"\b(?:{_DUE}|{_TIE}|(?:refund|credit|discount|rebate|extension)s?\b)")
"""Dues, ties and goods by name: a call that has the very word in its own name carries what is said of it."""


def released(sentence: str, words: Collection[str], calls: Collection[str] = (), *, reports: bool = False) -> bool:
    """Say whether a lower-case sentence lets the customer off something that none of the proposed `calls` is about.

    What is told as done already is left alone, unless `reports` count as well: nobody but us can have done it.
    """
    pieces = _releases(sentence, frozenset(words))
    return any((reports or not _DONE.search(piece)) and not _carried(piece, calls) for piece in pieces)


def _releases(sentence: str, words: frozenset[str]) -> Iterator[str]:
    for hints, patterns in _PATTERNS.items():
        if not hints.isdisjoint(words):
            yield from (found[0] for pattern in patterns for found in pattern.finditer(sentence))


def _carried(piece: str, calls: Collection[str]) -> bool:
    """Say whether everything that a piece names is in the name of a proposed call."""
    if not calls or _WIDE.search(piece):
        return False
    own = {part for call in calls for part in call.split("_")}
    named = [found[0] for found in _NAMED.finditer(piece)]
    return bool(named) and all(name.removesuffix("s") in own for name in named)


_DONE = re.compile(r"(?:\b(?:have|has|had|was|were)|'ve)\b(?! (?:to|decided)\b)")
_WIDE = re.compile(r"\b(?:all|any|every|each|both|next|future|further|always|ever|from now on|whatever|whenever)\b")
