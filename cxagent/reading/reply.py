"""What a reply says that may bind us: dates, roadmap, fault, terms, assurances, prices, refusals, approvals.

A sentence is read by small classes of words, clause by clause; what looks ahead binds unless the words excuse it.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from cxagent.domain.value import Text, Value
from cxagent.reading.bindings import Binding, bound_by
from cxagent.reading.dates import Moment, moments
from cxagent.reading.grammar import may_hold_time, word_set
from cxagent.reading.promises import promised
from cxagent.reading.releases import released


class Phrase(Value):
    """One sentence of the reply and how it binds us."""

    kind: Binding
    words: Text


__all__ = ["Binding", "Phrase", "read_reply"]

TOO_LONG = "too long to read"
_LIMIT = 20_000
"""Characters of a reply that are read; a longer one cannot be known to be harmless."""


def read_reply(reply: str, today: date, backing: Sequence[str] = (), *, reports: bool = False) -> tuple[Phrase, ...]:
    """Return what in the reply binds us, sentence by sentence; what the actions carry (`backing`) does not.

    `backing` holds the days and lengths of the proposed actions, and the names of their tools. With `reports`, what is
    told as given up already binds like what is given up now.
    """
    if len(reply) > _LIMIT:
        return (Phrase(kind=Binding.ASSURANCE, words=TOO_LONG),)
    support = _Backing.read(backing)
    found: list[Phrase] = []
    for sentence in _sentences(_clean(reply)):
        low = _RATE.sub(r"\1", sentence.lower())
        words = frozenset(_WORDS.findall(low))
        carried = bool(backing) and any(support.covers(moment) for moment in moments(low, today))
        if may_hold_time(low, words) and any(not support.covers(moment) for moment in promised(low, today)):
            found.append(Phrase(kind=Binding.DATE, words=sentence))
        found.extend(
            Phrase(kind=kind, words=sentence)
            for kind in sorted(
                {*bound_by(low), *_bound_abroad(low, words), *_let_off(low, words, support.calls, reports)}
            )
            # "It ends on the 30th" reports what the proposed action does, where that action carries the very day.
            if not (kind == Binding.TERMS and carried)
        )
    return tuple(found)


@dataclass(frozen=True)
class _Backing:
    """The days and lengths that the actions of the same proposal carry, and what they are called."""

    days: frozenset[date]
    lengths: frozenset[int]
    calls: frozenset[str]

    @classmethod
    def read(cls, backing: Sequence[str]) -> "_Backing":
        days, lengths, calls = set(), set(), set()
        for value in map(str.strip, backing):
            if _ISO.match(value):
                try:
                    days.add(date.fromisoformat(value[:10]))
                except ValueError:
                    continue  # a day that does not exist backs nothing
            elif value.isdecimal() and len(value) < 6:
                lengths.add(int(value))
            elif value.isidentifier():
                calls.add(value)
        return cls(frozenset(days), frozenset(lengths), frozenset(calls))

    def covers(self, moment: Moment) -> bool:
        """Say whether an action carries the very day or length that the words name."""
        return not self.days.isdisjoint(moment.days) or moment.length in self.lengths


_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:$|[T ])")
_WORDS = re.compile(r"[a-z]+|[$€£]")
_RATE = re.compile(
    r"(\d[\d.,]*\s*(?:[$€£]|[a-z]{3,8})?(?: (?:per|a|each) (?:seat|user|licen[cs]e))?)"
    r"\s+(?:a|per|each|and)\s+(?:month|year|quarter|week)\b"
)
_MARKUP = frozenset("*_`")
_LINK = re.compile(r"\b(?:https?://|www\.)\S+")
_PLAIN = str.maketrans(
    {
        "’": "'",
        "‘": "'",
        "“": '"',
        "”": '"',
        "–": "-",
        "—": "-",
        "‑": "-",
        "−": "-",
        "\u200b": "",
        "\u00ad": "",
        "\u200c": "",
        "\u200d": "",
        "\u2060": "",
        "\ufeff": "",
        "*": "",
        "_": " ",
        "`": "",
    }
)
_STOP = re.compile(
    r"[.!?…\]\n](?:(?<=[.!?…])[.!?…)\"']*\s+|(?<=\])[.!?]*\s+(?=[A-Z])|(?<=\n)\s*(?:\n|(?:[-•]|\d+[.)])\s)\s*)"
)
_SHORT = re.compile(
    r"(?:\b(?:approx|e\.g|i\.e|no|nr|ca|incl|mr|ms|mrs|dr|st|vs|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|mon|"
    r"tues?|wed|thurs?|fri"
    r"|[ap]\.m|[a-z])|\b\d{1,2})\.\s+$",
    re.I,
)


def _clean(reply: str) -> str:
    if not reply.isascii() or not _MARKUP.isdisjoint(reply):
        reply = unicodedata.normalize("NFKC", reply).translate(_PLAIN)
    return _LINK.sub("[link]", reply) if "http" in reply or "www." in reply else reply


def _sentences(text: str) -> Iterator[str]:
    start = 0
    for stop in _STOP.finditer(text):
        following = text[stop.end() : stop.end() + 1]
        if (following.islower() or following.isdigit()) and _SHORT.search(
            text[max(start, stop.end() - 12) : stop.end()]
        ):
            continue
        if sentence := " ".join(text[start : stop.end()].split()):
            yield sentence
        start = stop.end()
    if sentence := " ".join(text[start:].split()):
        yield sentence


_ABROAD_GATE = word_set(
    "wir sie ihr ihnen unser unsere ist wird der das den dem leider bis nous vous votre notre nos le les la "
    "uns est sera el "
    "los una un se su sus es en fue nuestro nuestra lo del antes garantizamos prometemos"
)
_ABROAD: dict[Binding, re.Pattern[str]] = {
    Binding.DATE: re.compile(
        r"(?<!vom )(?<!seit )(?<!depuis )(?<!desde )(?<!letzten )(?<!letzte )\b(?:(?<!\d )(?<!\d\. )(?<!\d de )"
        r"(?:januar|februar|märz|mai|juni|juli|oktober|dezember|janvier|février|mars|avril|juin|juillet|août|"
        r"septembre|"
        r"octobre|novembre|décembre|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|"
        r"noviembre|diciembre)|"
        r"(?:bis|am|ab|le|avant|el|antes del?|para el|zum) (?:\w+ )?\d\d?\.? (?:de )?[a-zéûä]{3,10}|"
        r"montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|lundi|mardi|mercredi|jeudi|vendredi|samedi|"
        r"dimanche|"
        r"lunes|martes|miércoles|jueves|viernes|sábado|domingo|morgen|übermorgen|demain|mañana|heute noch|noch "
        r"heute|bald|"
        r"demnächst|in kürze|umgehend|sofort|schnellstmöglich|bientôt|prochainement|rapidement|dès que possible|"
        r"pronto|"
        r"en breve|lo antes posible|cuanto antes|esta (?:tarde|noche|semana)|ce soir|cette (?:semaine|nuit)|(?:diese|"
        r"nächste)[rn]? (?:woche|monat|tage)|(?:semaine|mois) prochaine?|próxim[oa] (?:semana|mes)|wochenende|"
        r"week-end|"
        r"fin de semana)\b(?! mittag)|\b(?:in|innerhalb von|binnen|dans|d'ici|sous|en|dentro de) (?:\w+ )?(?:\d+|"
        r"[a-zéü]+) "
        r"(?:stunden?|tage[n]?|wochen?|minuten?|heures?|jours?|semaines?|minutes?|horas?|días?|semanas?|minutos?)\b|"
        r"\b(?:versprechen|versprochen|promettons|promets|prometemos|prometo)\b"
    ),
    Binding.FAULT: re.compile(
        r"\b(?:unser|unserem|unseren|mein) (?:fehler|versehen)|unsere schuld|\bliegt an uns|\bnotre (?:faute|erreur)|"
        r"\bschuld (?:liegt )?bei uns|\b(?:wir haben|haben wir) (?:\w+ ){0,4}?(?:verschuldet|verursacht|"
        r"falsch gemacht|versäumt)\b|"
        r"\b(?:nuestro error|nuestra culpa|culpa nuestra)|fehler unsererseits|erreur de notre part|error nuestro"
    ),
    Binding.PRICE: re.compile(
        r"\b(?:kostenlos\w*|kostenfrei\w*|gratis|gratuit\w*|umsonst|rabatt|preisnachlass|remise|rabais|descuento|"
        r"geschenkt|"
        r"offert\w*|offrons|regalamos|sin coste|sans frais|ohne aufpreis|gutschrift)\b"
    ),
    Binding.ASSURANCE: re.compile(
        r"\b(?:garantieren|garantie[rt]\w*|garantissons|garantizamos|zusichern|versichern ihnen)\b"
    ),
    Binding.REFUSAL: re.compile(
        r"\bleider\b[^.]{0,60}\b(?:nicht|kein\w*)|\bnicht möglich|\bpas possible|\bimpossible\b|\bmalheureusement\b|"
        r"\blamentablemente\b|\bno es posible|\bne pouvons pas|\bno podemos|\bkönnen (?:wir )?(?:\w+ ){0,4}nicht\b"
    ),
    Binding.APPROVAL: re.compile(
        r"\b(?:genehmigt|freigegeben|bewilligt|approuvée?s?|autorisée?s?|aprobad[oa]s?|autorizad[oa]s?)\b"
    ),
    Binding.TERMS: re.compile(
        r"\b(?:kündigungsfrist|vertragslaufzeit|laut vertrag|préavis|selon (?:le|votre) contrat|según (?:el|su) "
        r"contrato|"
        r"ausnahmsweise|exceptionnellement|excepcionalmente)\b"
    ),
    Binding.ROADMAP: re.compile(
        r"\b(?:ist geplant|in entwicklung|est prévue?|en développement|está prevista?|en desarrollo)\b"
    ),
}
"""A light list for German, French and Spanish: such a text stays unread, but an open promise in it is noticed."""


def _let_off(sentence: str, words: frozenset[str], calls: frozenset[str], reports: bool) -> Iterator[Binding]:
    if released(sentence, words, calls, reports=reports):
        yield Binding.TERMS


def _bound_abroad(sentence: str, words: frozenset[str]) -> Iterator[Binding]:
    if not _ABROAD_GATE.isdisjoint(words):
        yield from (kind for kind, pattern in _ABROAD.items() if pattern.search(sentence))
