"""Words that show a signal when one sentence holds them together, in whatever order.

A mixture is a line `A & B & C`: one word of each class; a class is written out (`a|b*`) or named in `_CLASSES`.
"""

import re
from collections.abc import Mapping
from functools import lru_cache, reduce
from operator import or_

from cxagent.domain.vocabulary import Signal

_CLASSES = {
    "WE": "we us our ours i me my",
    "NEG": "not no never nothing nobody none without neither hardly barely",
    "ALL": "all every each entire whole complete full everyone everybody none nobody no",
    "PEOPLE": "employee* staff users agents colleagues team company department* crew workforce centre center office*"
    " plant sites branch* students teachers workers people everyone everybody",
    "ENTER": "log logged login logins sign signed sso get getting access authenticat* in into",
    "STUCK": "locked blocked unable stuck out lost broken fails failing shut thrown kicked cut denied refused",
    "SERVICE": "service support answer answers reply replies helpdesk onboarding communication handling experience"
    " quality treatment attitude team staff",
    "POOR": "useless poor terrible lousy unacceptable disappoint* unsatis* dissatis* unhappy annoy* frustrat* upset"
    " angry inadequate mediocre unhelpful careless rude hopeless nightmare shame shameful awful horrible worst"
    " worse appalling ridiculous incompetent unprofessional sloppy joke",
    "TALK": "speak talk discuss word call phone conversation ring chat converse calling speaking talking",
    "PERSON": "person human somebody someone manager boss supervisor employee charge superior lead director",
    "WANT": "want like need could can may please give let prefer wish must insist demand",
    "NUM": "figure figures total totals numbers sums calculation* report data margins statistics inventory export"
    " kpi* sheet balances revenue hours amounts metric metrics dashboard",
    "WRONG": "wrong incorrect inaccurate false miscalculated miscounted overstated understated misstated faulty"
    " erroneous unreliable nonsense garbage flawed mismatch* bogus",
    "RELIED": "committee board investor* auditor* regulator* bank filed payroll tax ordered decided published"
    " presented quoted billed shareholder* supervisory minister* authorit* relied based submitted paid press"
    " clients ceo cfo directors",
    "PAY": "pay paying paid payment* invoice invoices bill bills settle settled money",
    "HELD": "unpaid withh* hold holding stop stopped refuse refusing frozen freeze keep not no",
    "UNTIL": "until unless till",
    "LEAVE": "leave leaving gone quit cancel switch elsewhere competitor* walk off away terminate out",
    "TOOLS": "tools vendors suppliers software subscriptions saas tool vendor contracts providers",
    "CUT": "drop cut replace cancel retire eliminate consolidat* rationalis* rationaliz* ditch trim",
    "LAW": "agreement contract law clause msa dpa legislation regulation statute terms",
    "RIGHT": "rights entitle* breach* violat* infring* obligation* obliged liab* unlawful",
    "STAFF": "colleague colleagues rep reps trainer engineer* salesperson salesman sales manager agent technician"
    " consultant csm director predecessor representative people guys",
    "SAID": "assured promised told offered mentioned confirmed agreed guaranteed swore claimed",
    "CHANGE": "deploy* update upgrade release migration maintenance patch rollout technician engineers developers"
    " people fix",
    "BROKE": "broke took killed destroyed crashed deleted broken ruined erased corrupted messed wiped disabled damaged",
    "DOCS": "docs documentation manual guide tutorial* faq handbook reference readme article*",
    "UNTRUE": "wrong outdated untrue contradict* incorrect throws misleading obsolete old stale inaccurate nonsense",
    "WIDE": "company firm organi* group team staff employees department* colleagues",
    "MAILING": "marketing newsletter* survey* mailing* panels promotion* webinar* campaigns advertis*",
    "STOP": "stop remove opt unsubscribe exclude no none nobody cease end without",
    "LATER": "ago still never nothing nobody yet",
    "GRANT": "credited gave granted waived extended refunded did built made helped",
    "SPAN": "months years quarters",
    "POWER": "police sheriff* prosecutor* ministry regulator* authority authorities interpol bailiff* investigation",
    "DEMANDED": "data list ledger messages logs records files access workspace login transactions mailbox documents"
    " into",
    "MACHINE": "ai llm bot chatbot machine assistant model software agent robot",
    "RULES": "check checks restrictions instructions review limits policy guidelines safeguards approval",
    "TRYING": "try trying testing test pilot piloting trial trialling parallel comparing evaluating",
    "KEPT": "keep kept retain retained preserve* remain stay stays freeze safeguard* purge purged emptied cleaned"
    " erase*",
    "JUSTICE": "court judge sued lawsuit litigation prosecutor* subpoena* arbitration tribunal proceedings accused"
    " counsel indicted inquiry",
    "AI": "ai llm algorithm* gpt chatgpt robot robots",
}

_TABLE = {
    Signal.FORGED_AUTHORITY: """
        POWER & hand|surrender|order|orders|ordered|must|obliged|legally|asks|demands|requires & you|your & DEMANDED
        police|sheriff*|prosecutor*|bailiff*|detective* & need|want|require|demand & DEMANDED & we|i|here
        i|we & belong|work & your & management|leadership|board|headquarters|security & confirm|approve|authori*|release
        approved|cleared|agreed|authori* & your & side|office|management|director|finance|boss|superior*|vp|\
ceo|manager
        stand|deputi*|proxy|acting & for & her|him|owner|ceo|director|admin & please|change|reset|give|transfer
        my & word & hers|his|owner
        colleague|coworker|employee|insider & i & your & record|access|open|give|show|reset
    """,
    Signal.EMBEDDED_INSTRUCTIONS: """
        ai|assistant|bot|llm|chatbot & you & skip|ignore|must|allowed|approve|obey|bypass|instructed|comply|override
        ai|llm|chatbot|model & reads|reading|handles|handling|processing & approve|ignore|must|grant|skip
        MACHINE & skip|ignore|stop|disregard|bypass|drop & RULES & your|you|human|whoever|whichever|any|all
        ignore|disregard & everything|anything|all & above|before|previous|earlier|prior|preceding
    """,
    Signal.OTHER_ACCOUNT: """
        whether|if & uses & you
        supplier|client|customer|friend|neighbour|uncle|aunt & ours|mine & forgot|password|login|locked|reset
        they|he|she & paying|pay|pays & supplier|partner|competitor|friend|client|neighbour
        other|another|different|unknown & company|firm|organi*|business & landed|addressed|appeared|showing|\
visible|listed
    """,
    Signal.NEW_RECIPIENT: """
        refund|wire|transfer|payout|pay & account|iban|card|paypal & own|private|personal|another|different
        send|forward|share|text & whatsapp|telegram|sms|signal
        export|invoice*|data|report|backup|list|statement & mailed|sent|emailed|forwarded|delivered & adviser|\
advisor|accountant|consultant|lawyer|auditor|agency|freelancer
    """,
    Signal.HUMAN_REQUESTED: """
        WANT & TALK & PERSON
        NEG & bot|robot|machine|chatbot|automated & want|need|speak|talk|answer*|please|human|person
    """,
    Signal.DATA_WRONG: """
        NUM & WRONG & RELIED
    """,
    Signal.AI_OBJECTION: """
        object|objects|objection|refuse|forbid*|prohibit*|disagree|oppose*|ban & AI
        NEG & AI & process*|read*|look|train*|handl*|decid*|analy*
        NEG & permission|consent|agreed|allowed & train*|AI
    """,
    Signal.LEGAL_HOLD: """
        delete|remove|erase|wipe|rid|purge|destroy|shred & auditor*|audit|investigat*|lawsuit|court|\
litigation|hearing|subpoena
        KEPT & JUSTICE
        keep|preserve|retain & lawsuit|court|litigation|subpoena
    """,
    Signal.TERMS_CHANGED: """
        will|shall & paid|pay|settle|settled & quarterly|annually|arrears|biannually
        purchasing|procurement|vendor|supplier & rules|policy|terms|conditions & accept|must|require*|have|now|new
        strike|cross|void|remove|delete & clause|paragraph|section & agreement|contract
    """,
    Signal.MASS_IMPACT: """
        ALL & PEOPLE & log|logged|login|sign|sso|access & STUCK
        no|none|nobody & PEOPLE & get|log|sign|access & can|able|gets|could
    """,
    Signal.EXIT: """
        another|different|rival & product|vendor|supplier|provider|software|app|platform & TRYING & we|our|us
        which|whether|asking|decid*|review* & TOOLS & CUT|keep|need
        leaving|exit|departure & look|involve*|mean|means|understand|cost|steps
        others|competition|market|elsewhere|competitors & offer|offers|try|look|looking|cheaper|better|explore
        renew|renewal|renewing & decid*|decision|whether|unsure|sense|justify|worth|consider*|question*|doubt*
        stay|staying|continue|remain & with & you & whether|if|unsure|decid*|convince|reason|why
    """,
    Signal.THREAT: """
        my|our & lawyer*|attorney*|solicitor* & informed|involved|instructed|write|contact|next|hear
        read|watch|see|warn*|all|post & magazine|channel|newspaper*|ombudsman|podcast|blog|forums & you|this|your & \
will|can|goes|tomorrow|about|warning
        public|publicly|openly & post|review|write & about & you|your
        HELD & PAY & UNTIL & we|i|our|your|you
        if & NEG & we|i & LEAVE & will|are|am|be|shall
        unless & we|i & LEAVE
        review|rating|post|tweet & honest|negative|bad|public*|one_star|online & you|your & write|leave|post|\
going|about
    """,
    Signal.LEGAL_CLAIM: """
        LAW & RIGHT
        LAW & right & gives|have|leave|terminate|withdraw|our|refund
        material|serious|fundamental & breach
        formal & letter|notice|claim|demand
        lawyer*|attorney*|solicitor*|counsel & WE
    """,
    Signal.COMPLAINT: """
        POOR & your & SERVICE
        POOR & chase|chasing|waiting|wait & WE
        NEG & what & paying|pay|paid|expected & service|support|get|quality
        disappoint*|dissatisf*|unsatisf*|unhappy & WE
    """,
    Signal.UNVERIFIABLE_CLAIM: """
        SAID & your|yours & STAFF
        agreed & on|to & discount|price|rate|free & with|when|he|she
        from & one & your & people|colleagues|guys|team & charge|free|price|included
    """,
    Signal.RELATIONSHIP_OWNER: """
        still & responsible|charge & us|our
        one|person & we|i & trust & is|only
        miss & calls|chats|talks|days & with
        last|years & all & for & us & he|she & again
        took|takes|take|taking|cared & care & us
        own|dedicated|personal|named & manager|contact|rep & our|us|we
        left|gone|replaced|disappeared & manager|csm|contact|rep & our|my|your
    """,
    Signal.BINDING_WORDS: """
        certain|certainty|sure & know|need & before|solved|will|launch|for
        letter|declaration|affidavit|statement & saying|stating|confirming|that & give|need|send|write|issue|want
        confirm|confirmation & never|will|in_writing|written|always
        guarantee*|assurance*|promise & can|could|please|need|want & you|your|us
    """,
    Signal.OVER_LIMIT: """
        over|exceeded|beyond|above & storage|quota|allowance|entitlement & can|could|please|anyway
        more|further|longer & SPAN|weeks & test*|trial|pilot|evaluat*
    """,
    Signal.RETROACTIVE: """
        discount|price|rate|rebate|terms & invoices|bills|SPAN & past|previous|earlier|old|prior
        back|refund*|reimburs*|return & fee|fees|money|charges|paid|amount|difference & SPAN
        discount|price|rate|fee|cancel* & from|since|start & signed|beginning|outset
    """,
    Signal.REPEATED: """
        again & GRANT & you & please|could|can|like
        same & problem|bug|error|issue|mistake|request|credit & again|back|last|before|did
        second|third|fourth|fifth|sixth & time & write|ask*|writing|happens|happened|report*|this|now
    """,
    Signal.DISTRESS: """
        fighting|struggl* & survival|survive|alive|bills|afloat
        redundant & i|we & been|made|am|are
        fire|flood|burglary|earthquake & destroyed|lost|burnt|burned|ruined & our|my|we
        can|could & not & pay & because|lost|anymore|revenue|right
    """,
    Signal.OUR_FAULT: """
        whose & mistake|fault|error|job|responsib*
        your & CHANGE & BROKE
        your & side|team|end|people|staff & forgot|failed|neglect*|missed|overlooked
        your & fault|mistake|negligence & is|was|cost|caused
    """,
    Signal.AUTHORITY_SCOPE: """
        STOP & WIDE & MAILING
        opt & all|every|everyone & employees|users|staff|us|out
    """,
    Signal.PERMANENT_CHANGE: """
        limit|quota|rate|workaround|exception|increase|cap|sandbox & permanent*|forever|indefinit*|always|\
standard|regular|lasting|norm
        long & run & limit|quota|keep|increase|double|make
    """,
    Signal.IRRITATION: """
        why & nothing|always|never & work|works|ever|again|wrong|happens
        had & it & with & i|we & this|your
        annoy*|frustrat*|ridiculous|infuriat*|unbelievable|tedious
    """,
    Signal.DOCS_DISPUTED: """
        DOCS & UNTRUE
        docs|documentation|manual & not & true|correct|right|accurate|exist
        help & page|article|centre|center & old|outdated|wrong
    """,
    Signal.BROKEN_PROMISE: """
        told|said|promised|assured|agreed & would|will & LATER & someone|you|was|were|somebody
        promised|committed|pledged & where|still|waiting|never
    """,
}  # fmt: skip


_SENTENCE_END = re.compile(" [.?!] ")
_REMEMBERED = 16_384
"""How many words keep their answer: a language has few, and each is looked up in every message."""


class Mixtures:
    """Compiled mixtures: each class is a bit, a sentence is the union of its words' bits."""

    def __init__(self, table: Mapping[Signal, str], classes: Mapping[str, str]) -> None:
        """Give every class a bit and every mixture the bits it needs; a mixture is filed under its rarest class."""
        self._bits: dict[str, int] = {}
        self._exact: dict[str, int] = {}
        self._begun: dict[str, list[tuple[str, int]]] = {}
        self._classes = classes
        self._mixtures = tuple(
            (self._needs(line), signal.value) for signal, text in table.items() for line in text.strip().splitlines()
        )
        self._bits_of = lru_cache(_REMEMBERED)(self._word_bits)

    def find(self, line: str) -> dict[str, str]:
        """Return each signal with the first sentence that shows it."""
        found: dict[str, str] = {}
        sentences = [(sentence, self._seen(sentence)) for sentence in _SENTENCE_END.split(line)]
        missing = ~reduce(or_, (seen for _, seen in sentences))
        near = [mixture for mixture in self._mixtures if not mixture[0] & missing]
        for sentence, seen in sentences if near else ():
            for needs, label in near:
                if not needs & ~seen:
                    found.setdefault(label, sentence.strip())
        return found

    def _seen(self, sentence: str) -> int:
        """Return the bits of all words of a sentence."""
        return reduce(or_, map(self._bits_of, sentence.split(" ")))

    def _word_bits(self, token: str) -> int:
        """Return the bits of all classes that hold a word."""
        begun = self._begun.get(token[:3], ())
        return self._exact.get(token, 0) | sum({bit for prefix, bit in begun if token.startswith(prefix)})

    def _needs(self, line: str) -> int:
        return sum({self._bit(item.strip()) for item in line.split("&")})

    def _bit(self, item: str) -> int:
        """Return the bit of a class, and file its words under it the first time."""
        if item in self._bits:
            return self._bits[item]
        bit = self._bits[item] = 1 << len(self._bits)
        for name in item.split("|"):
            for word in self._classes.get(name, name).split():
                if word.endswith("*"):
                    self._begun.setdefault(word[:3], []).append((word[:-1], bit))
                else:
                    self._exact[word] = self._exact.get(word, 0) | bit
        return bit


MIXTURES = Mixtures(_TABLE, _CLASSES)
