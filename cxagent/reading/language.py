"""Tell whether a text is English enough to be read; what cannot be read lowers authority."""

import re
from collections.abc import Sequence

_ENGLISH_WORDS = """
    the be is are was were been am to of and that have has had it for not on with he she we they you your our us me
    my his her their this these those but from will would can could should may might must do does did what which who
    how when where why there if or so please thanks thank hi hello need want just any some all no nothing nobody
    everything get got at by as its again still since after before about into out up down off over than then too
    very more most send add remove reset cancel login invoice seats error works working broken fails help user users
    account password report slow sync syncs plan price extend delete everywhere limit them someone now today
"""
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
_FOREIGN_WORDS = """
    und der das ist nicht ein eine einen einem einer ich wir sie ihr ihre ihren mit für fuer auf von zu zum zur den
    dem des bitte wie wann warum kann können koennen haben hat sind wird werden unser unsere unseren uns mir mich
    dass auch aber oder wenn noch nur bei nach über hallo danke rechnung kündigen kündigung guten sehr geehrte damen
    herren le les et est une du que qui nous vous je pas pour dans sur avec sont mais ou où notre nos votre vos
    cette ce ces il elle au aux ne bonjour merci plaît plait facture peut pouvez avons avez faire résilier comment
    pourquoi los las un una por para con su sus nuestro nuestra nuestros como pero más mas muy hola gracias factura
    puede pueden quiero tenemos favor cuando donde usted ustedes esta este hay sin cancelar cuenta os uma não nao é
    em com seu sua nosso nossa nossos obrigado obrigada olá ola fatura quero temos você voce lo gli di che non sono
    abbiamo nostro nostra nostri ciao grazie fattura vorrei questo questa possiamo buongiorno siamo della del dei
    alla het een van niet met voor zijn wij ik hebben heeft kunnen kan onze ons deze dit dat ook maar als
    alstublieft graag bedankt factuur hoe waarom wanneer naar worden wordt goedemorgen geachte jullie nie jest się
    na że ze dla proszę prosze dziękuję dzień dobry czy jak mamy nasze nasz faktura faktury prosím děkuji není jsme
    můžete och att det som inte jag är av till på med har ni vår vårt hej tack og ikke er jeg til vores venligst
    hilsen takk tak ve bir bu için değil lütfen merhaba teşekkürler nem egy és kérem köszönöm számla nu și si pentru
    vă rog mulțumesc ja ei kiitos lasku että olemme
"""
_MORE_FOREIGN = """
    die wo warum alle vom beim jetzt keine kein bleibt sofort ohne gib el la de se nos hasta si mi estamos vamos donde
    dónde cuándo cómo qué porque tu toutes tous maintenant sei tutte tutti ci avevate aveva potete chiamarmi al op om te
    al twee weken geen denken staan kunt mij alle vorige vanaf licenties werkt weer alles hartelijk dank podem ligar
    onde altero idioma todas todos anteriores od tygodni brak jeśli tego nam marzec wasz już mam nowy
    telefon proszę o jest wszystkie poprzednie jetzt guten morgen moi toi leur leurs han
"""
"""More of the same, so that a short sentence holds at least one."""
"""German, French, Spanish, Portuguese, Italian, Dutch, Polish, Czech, Nordic, Turkish, Hungarian, Romanian, Finnish."""
_FOREIGN = frozenset((_FOREIGN_WORDS + _MORE_FOREIGN).split())
_SHARED_WORDS = "no me he on so as an am was will die is in we of at or do to all not his her it but has"
_PROVING = _ENGLISH - frozenset(_SHARED_WORDS.split())
"""The English words that are not words of those languages as well: beside foreign words only these prove English."""
_LETTER = re.compile(r"[^\W\d_]")
_OTHER_SCRIPT = re.compile(r"[\u0370-\u1cff\u2c00-\u2dff\u2e80-\ud7ff\uf900-\ufdff\ufe70-\ufeff]")
_MARKED = re.compile(r"[ß-öø-ÿĀ-ſșț]")


def is_english(text: str, words: Sequence[str]) -> bool:
    """Tell whether a visible text, and the plain words in it, read as English; a few telegraphic words do."""
    words = [word for word in words if word.isalpha()]
    if not words:
        return False
    if not text.isascii() and len(_OTHER_SCRIPT.findall(text)) * 4 > len(_LETTER.findall(text)):
        return False
    english = sum(map(_ENGLISH.__contains__, words))
    foreign = sum(map(_FOREIGN.__contains__, words))
    if foreign and _PROVING.isdisjoint(words):
        return False
    if not english and not text.isascii():
        foreign += sum(_MARKED.search(word) is not None for word in words)
    if foreign > english or (foreign >= 4 and foreign * 5 > english * 2):
        return False
    return english > 0 or len(words) < 8
