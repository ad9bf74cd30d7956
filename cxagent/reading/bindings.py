"""Wordings that bind us other than by a date: per kind the words that may open one, the patterns, and what excuses "
"them."""

import re
from enum import StrEnum

from cxagent.reading.grammar import word_set


class Binding(StrEnum):
    """How a sentence binds us."""

    DATE = "date"
    ROADMAP = "roadmap"
    FAULT = "fault"
    TERMS = "terms"
    ASSURANCE = "assurance"
    PRICE = "price"
    REFUSAL = "refusal"
    APPROVAL = "approval"


_MONEY = (
    r"(?:(?:usd|eur|gbp|chf|\$|€|£) ?\d|\d[\d.,]*k? ?(?:usd|eur|gbp|chf|\$|€|£|dollars?|euros?|pounds?|francs?|"
    r"percent\b|%))"
)
_PERCENT = r"(?:\d+(?:[.,]\d+)?|five|ten|fifteen|twenty|thirty|fifty|half) ?(?:percent\b|per cent\b|%)"
_FEATURE = (
    r"(?:support|an?|native|new|that|this (?:feature|request|one)|"
    r"feature|integration|version|api|more|sso|scim|dark|better)\b"
)
_GIVE = (
    r"(?:offer|provid|restor|recover|waiv|refund|giv|grant|extend|accept|agree|honou?r|reduc|lower|undo|revers|"
    r"credit|compensat|support"
    r"|disclos|shar|do (?:this|that|it|so)\b|mak|match|approv|releas|reimburs|includ|cover|fulfil|meet|be there|"
    r"come|take (?:on|this|it|over)"
    r"|maintain|build|deliver|delet|export|reopen|postpone|add|allow|sign|discount|serve|promise|commit|"
    r"help (?:with|you)|move|change)"
)
_DONE = (
    r"(?:restored|recovered|undone|refunded|waived|extended|offered|provided|granted|done|reversed|credited|"
    r"supported|disclosed|shared"
    r"|approved|released|reimbursed|reopened|delivered|postponed|retrieved|brought back|rolled back|accepted|met|"
    r"honou?red|moved|changed|"
    r"exported|reduced|cancelled|returned|transferred|arranged)\b"
)
_NOT = (
    r"(?:cannot|can not|can't|could not|couldn't|will not|won't|unable to|not able to|do not|don't|does not|doesn't|"
    r"not going to|must not|may not)"
)
_SIGNER = (
    r"(?:managers?|directors?|teams?|finance|legal|boss|lead|ceo|cfo|cto|owner|supervisor|colleagues?|board|"
    r"management|head|controller|"
    r"department|vp|she|he|they|executive|sponsor|sales|billing)"
)

READINGS: dict[Binding, tuple[frozenset[str], re.Pattern[str], re.Pattern[str] | None]] = {
    Binding.ROADMAP: (
        word_set(
            "developed prioritized coming planned planning plan plans development works roadmap developing building "
            "built pipeline release version update adding "
            "support supported available add ship launch introduce bring working prioritised prioritized backlog "
            "upcoming intend soon develop "
            "arrive list rolling rolled beta build"
        ),
        re.compile(
            r"\b(?:is|are|'s|'re|will be|be) (?:\w+ ){0,2}?(?:coming(?! back)|planned|in development|in the works|"
            r"on (?:the|our) (?:\w+ )?(?:roadmap|backlog)|"
            r"being (?:built|developed|worked on|added)|under development|in the pipeline|in (?:closed |open |"
            r"private )?beta|next on (?:the|our) list|"
            r"prioriti[sz]ed|supported|rolled out|rolling out)\b|"
            r"\b(?:we|our [a-z ]{0,20}?team|engineers|product|they)(?:'re| are| is)? (?:\w+ly |already |"
            r"now )?(?:working on|building|developing|adding|planning|rolling out) "
            rf"(?:{_FEATURE}|the [a-z -]{{0,30}}(?:feature|integration|version|export|api|support)|to (?:add|build|"
            rf"support|release|ship|launch))|"
            r"\b(?:will|'ll|plans? to|intends? to|going to|aims? to|about to|hope to) (?:\w+ ){0,1}?(?:add|ship|"
            r"launch|introduce|bring|support|develop|build|roll out|release)\b|"
            r"\b(?:next|coming|future|upcoming) (?:major |minor )?(?:release|version|update|sprint) (?:will|brings|"
            r"includes|has|adds|contains|covers)|"
            r"\bupcoming (?:feature|release|version)|\bplanned for\b|\bexpected in (?:the|our) next\b|\b(?:with|"
            r"in) (?:the|our) (?:next|upcoming|coming) (?:\w+ )?(?:release|version)\b|"
            r"\b(?:has|have) been (?:prioriti[sz]ed|taken up|added to (?:the|our) roadmap)|\bon (?:the|"
            r"our) roadmap\b|^coming soon"
        ),
        re.compile(
            r"what is planned|what's planned|\bmaintenance\b|\b(?:coming|planned) call\b|\badd (?:a |"
            r"the )?(?:credit|user|seat)"
        ),
    ),
    Binding.FAULT: (
        word_set(
            "our we i us mistake error fault wrong erroneously wrongly mistakenly incorrectly responsibility blame "
            "human right"
        ),
        re.compile(
            r"\b(?:our|my) (?:own )?(?:fault|mistake|error|bad|oversight|failure|slip|blunder|doing|negligence|"
            r"wrongdoing|omission)\b|"
            r"\b(?:fault|mistake|error|failure|slip|blame|bug|oversight|problem|issue)s? (?:was |is |lies |lay |"
            r"happened |occurred )?(?:with us|on our|at our|by our|of ours|of our)|"
            r"\b(?:we|i) (?:were|was|are|am|have been) (?:\w+ )?(?:wrong|at fault|to blame|responsible|mistaken|"
            r"negligent|careless|too slow|late)\b|"
            r"\b(?:we|i)(?: have|'ve)? (?:\w+ly |just |simply )?(?:made (?:an?|the|some|"
            r"several) (?:\w+ )?(?:mistake|error|slip)s?|failed|messed|screwed|broke|dropped the ball|forgot|"
            r"forgotten|overlooked|"
            r"misconfigured|misread|mishandled|let you down|should have|should not have|shouldn't have|"
            r"could have done|caused|overcharged|double-?charged|mis-?billed|missed (?:the|our|your|this|it))\b|"
            r"\b(?:caused|triggered|broken|introduced) by (?:\w+ ){0,3}?(?:our|us|my)\b|\b(?:caused|triggered|"
            r"broken|introduced) by (?:\w+ ){1,4}of ours\b|"
            r"\bour (?:\w+ ){1,3}?(?:broke|caused|was wrong|were wrong|was at fault|failed|deleted|led to|"
            r"introduced|went wrong|misfired|overlooked|forgot|made an?|missed|should have)\b|"
            r"\b(?:by|of|from) our (?:\w+ ){0,3}?(?:broke|caused|led|took|triggered|brought)\b|"
            r"\bresponsibility for\b|\btake (?:\w+ )?(?:responsibility|the blame)|\bhuman error\b|"
            r"\byou(?:'re| are) right\b[^.]{0,60}\b(?:too (?:long|slow|late|short|high)|wrong|should have)\b|"
            r"\b(?:charged|billed|invoiced|deleted|removed|suspended|sent)\b[^.]{0,30}\b(?:by mistake|in error)\b|"
            r"\b(?:erroneously|wrongly|mistakenly|incorrectly) (?:charged|billed|invoiced|deleted|removed|suspended|"
            r"blocked|rejected|sent|told|closed)"
        ),
        re.compile(
            r"\bif (?:you|we|it|this|that)\b|\byou(?: have|'ve)? (?:\w+ )?(?:deleted|added|removed|sent)\b|"
            r"not our (?:fault|mistake)"
        ),
    ),
    Binding.TERMS: (
        word_set(
            "notice term terms contract agreement clause paragraph article contractually entitled legally liability "
            "msa dpa sla order renews renewal "
            "penalty binding net obliged termination auto subscription renew"
        ),
        re.compile(
            r"\bnotice (?:period|deadline|date)\b|\b\w+ (?:days|months)'? notice\b|"
            r"\b(?:term|contract|agreement|order form) (?:\w+ )?(?:ends?|expires?|runs?|renews?|terminates?|lapses?|"
            r"started|starts|says?|states?|allows?|entitles?|requires?|provides?|permits?|"
            r"covers?|guarantees?|lets|gives|means|does|doesn't|obliges?|includes?|is for|can be|cannot|will|has)\b|"
            r"\bsubscription (?:ends|expires|renews|runs until|terminates) (?:\w+ )?(?:on|until|automatically)\b|"
            r"\b(?:auto-?)?(?:renews|renewal is|renew) (?:\w+ )?(?:automatically|on the|for another|"
            r"for a further)\b|\b(?:clause|paragraph|article|§) ?\d|"
            r"\b(?:under|per|according to|in line with|based on|by|pursuant to|in|of) (?:the|your|our|"
            r"this) (?:\w+ )?(?:contract|agreement|terms|msa|dpa|sla|order form)\b|"
            r"\b(?:sla|msa|dpa|terms) (?:says?|states?|allows?|entitles?|requires?|provides?|permits?|covers?|"
            r"guarantees?|gives?|means?|does not|doesn't|do not|promises?|sets?)\b|"
            r"\b(?:you are|you're|we are|we're) (?:\w+ly )?(?:entitled|obliged|liable|legally|bound)\b|"
            r"\bcontractually\b|\bminimum term\b|\bliability\b|\btermination (?:right|fee|clause)|"
            r"\bcontract(?:ual)? penalty|"
            r"\bnet ?\d{2,3}\b|\blegally (?:binding|entitled|required|obliged)"
        ),
        re.compile(r"\bterms of (?:use|service)(?: are| is)?(?: \w+)?:? \[link\]|\blong term\b|\bin terms of\b"),
    ),
    Binding.ASSURANCE: (
        word_set(
            "confirm confirmed guarantee guaranteed assure assured certify attest warrant promise vouch pledge word "
            "never not no won nothing none safe "
            "secure unaffected compliant intact operational certified good permanently all neither nobody"
        ),
        re.compile(
            r"\b(?:we|i)(?:'ll)? (?:\w+ )?(?:\w+ )?(?:confirm|guarantee|assure|certify|attest|warrant|promise|vouch|"
            r"pledge)\b|\b(?:it is|this is|that is|hereby) (?:confirmed|guaranteed)\b|\b(?:is|are|be) guaranteed\b|"
            r"\b(?:rest|be) assured\b|\byou have (?:my|our) (?:word|assurance|guarantee)\b|\bnever again\b|"
            r"\b(?:will|'ll) never\b|\bwill (?:\w+ )?(?:not|no longer) (?:be )?(?:happen|recur|repeat|apply|charged|"
            r"billed|cut|suspend|"
            r"lose|lost|increase|go up|rais|expire|affect|cost|come back|invoiced|change)|"
            r"\bwon't (?:ever )?(?:be )?(?:happen|recur|repeat|apply|charged|billed|cut|suspend|lose|lost|increase|"
            r"go up|rais|expire|affect|cost|invoiced|come back)|"
            r"\b(?:no|none of (?:your|the)|nothing|not one)(?: \w+){0,3}? (?:was|were|has been|have been|is|are|"
            r"got) (?:\w+ )?(?:lost|exposed|affected|accessed|leaked|compromised|stolen|deleted|shared|at risk|"
            r"missing|damaged|touched|read)\b|"
            r"\bno (?:sign|evidence|indication|trace|risk|danger|downtime|breach|data loss|interruption|"
            r"outage)s?\b(?! [a-z]+ed\b)|\b(?:data|files?|records|accounts?|passwords?|systems?|backups?|"
            r"information|everything|we|services?|logins?)\b"
            r"(?: \w+){0,3}? (?:is|are|was|were|remains?|stays?|stayed)(?: \w+){0,2}? (?:safe|secure|unaffected|"
            r"compliant|intact|certified|encrypted|not (?:affected|exposed|lost|accessed|touched))\b|"
            r"\b(?:all|our)(?: \w+)? (?:systems|services) (?:are|were|is) (?:\w+ )?(?:operational|up|running|fine|"
            r"normal|working|available)\b|\b(?:lifted|doubled|gone|waived|fixed|solved|removed|yours|"
            r"free) for (?:good|ever)\b|"
            r"\b(?:fully|completely|hundred percent|100 ?%|100 percent) (?:safe|secure|compliant|available|"
            r"reliable)\b"
        ),
        re.compile(
            r"\b(?:if|once|before|until|when|after|while) (?:we|i|you) (?:can )?confirm|\b(?:cannot|can't|can not|"
            r"unable to|not able to|do not|don't) (?:yet )?(?:confirm|guarantee|promise|assure)|"
            r"asked? (?:us )?to confirm"
        ),
    ),
    Binding.PRICE: (
        word_set(
            "off discount match offer percent cheaper prices price pricing cost costs free charge house rebate same "
            "lower higher us loyalty meet beat usd "
            "eur gbp chf dollars euros expensive fee rate rates fees discounts $ € £"
        ),
        re.compile(
            rf"\b{_PERCENT} (?:off|cheaper|less|lower|discount|rebate|reduction|reduced|down|below list)\b|"
            rf"\b(?:discount|rebate|reduction) of\b|"
            rf"\b(?:we|i) (?:can |could |will |would |'ll |are happy to |are able to )?(?:also )?(?:offer|give|"
            rf"match|meet|do|beat|go|knock|take off|grant|reduce)\b[^.]{{0,40}}(?:{_MONEY}|{_PERCENT}|discount|"
            rf"\bprice|\bhalf\b)|"
            r"\b(?:we|i) (?:can |will |'ll |could )?(?:match|beat|meet) (?:it|that|them|their|this|the (?:price|"
            r"offer|quote))\b|"
            rf"\b(?:come|comes|amount|amounts|works? out|add(?:s)? up) (?:to|at) (?:about |around |roughly |some |"
            rf"only |just )?{_MONEY}|"
            rf"\b(?:will|would|'ll|should|'d|is going to)(?: \w+)? (?:be|cost|pay|save|stay|run|"
            rf"remain)\b[^.]{{0,25}}?(?:{_MONEY}|\b(?:the same\b(?! (?:\w+ )?(?:day|as|week|page|link))|lower|"
            rf"cheaper|more expensive|half (?:the )?price|free of charge|for free))|"
            rf"\b(?:about|around|roughly|approximately|some|ballpark(?: of)?|circa|ca\.|~|"
            rf"somewhere near) ?(?:{_MONEY})(?! ?of (?:rows|users))(?=[^.]{{0,20}}\b(?:per|a|each|month|year|seat|"
            rf"user|lower|higher|less|more|in total)\b)|"
            r"\b(?:price|rate|fee|discount|cost)s? (?:\w+ ){0,2}?(?:will|stays?|remains?|freeze|is locked|"
            r"are locked|is fixed|won't|is guaranteed|holds?)\b|\bfree of charge\b|\bon (?:us|the house)\b|"
            r"\bat no (?:extra |additional |further )?(?:cost|charge)\b|\b(?:loyalty|special|friendly|partner|"
            r"volume) (?:discount|price|rate)\b"
            rf"|\bcosts? (?:you )?(?:only |just |about )?{_MONEY}|(?<!\w){_MONEY}[^.]{{0,12}}\b(?:per|a|an|each|"
            rf"every) (?:\w+ )?(?:seat|user|licen[cs]e|head|month|year)\b"
        ),
        re.compile(
            r"\blist price\b(?![^.]{0,120}\b(?:off|discount)\b)(?<!off the list price)|\b(?:cannot|can't|can not|"
            r"unable to|not able to|do not|don't|will not) (?:\w+ )?(?:offer|give|match|meet|do|grant)\b|\binv-\d"
        ),
    ),
    Binding.REFUSAL: (
        word_set(
            "cannot not couldn unable won don doesn isn aren possible impossible unfortunately regret afraid "
            "decline declined pass no outside beyond refuse "
            "against eligible policy impossible scope never must"
        ),
        re.compile(
            rf"\b(?:we|i|our [a-z ]{{0,20}}?team|they|nobody here) (?:\w+ )?(?:are |am |'re |"
            rf"'m )?(?:\w+ )?{_NOT} (?:\w+ly |also |currently )?{_GIVE}|"
            rf"\b(?:cannot|can not|can't|could not|couldn't|will not|won't|may not|"
            rf"not to) (?:\w+ )?be (?:\w+ )?{_DONE}|\bnot (?:\w+ )?possible\b(?! (?:that|for me to see))|"
            rf"n't (?:\w+ )?possible\b|\bimpossible\b|"
            r"\b(?:is|are) (?:not|no longer) (?:\w+ )?(?:part of|included|covered|offered|something we|eligible|"
            r"on offer|foreseen|available (?:on|in|for|with) (?:your|this|the))|\b(?:isn't|"
            r"aren't) (?:\w+ )?(?:part of|included|covered|offered|something we|eligible|available (?:on|in|for|"
            r"with) (?:your|this|the))|"
            r"\b(?:plan|package|tier|edition|licen[cs]e|subscription|policy|trial) (?:does not|doesn't|"
            r"do not) (?:include|cover|have|allow|come|permit|contain|provide|support)|\b(?:do not|don't|"
            r"does not) (?:maintain|offer|provide|grant|issue refunds)\b|"
            r"\bunfortunately\b[^.]{0,120}\b(?:not|no|cannot|unable|only|declined?)\b|"
            r"\bunfortunately\b[^.]{0,120}n't\b|\b(?:regret|afraid)\b[^.]{0,120}\b(?:not|no|cannot|unable)\b|"
            r"\bafraid\b[^.]{0,120}n't\b|"
            r"\b(?:have to|must|has to|need to|will|'ll) (?:\w+ )?(?:decline|pass(?! (?:it|this|that|your|the)\b|"
            r" on (?:your|the|it)\b)|refuse|turn (?:this|it|that|you|your \w+) down|say no|reject)\b|\b(?:we|"
            r"i) (?:\w+ )?(?:decline|refuse|reject)\b|\b(?:request|claim|application|refund|exception|credit|"
            r"order)s? (?:was|is|were|has been|have been) (?:declined|rejected|refused|turned down)|"
            r"\b(?:out of|outside|beyond) (?:of )?(?:the |your |our )?(?:scope|plan|package|policy)|"
            r"\bagainst (?:our|the) policy|\bnot in a position\b|\bno (?:refund|exception|discount)s?\b|"
            r"\bwon't be able\b|\bwill not be able to\b|\bis not an option\b|\bno way to\b"
        ),
        re.compile(
            r"\b(?:don't|do not) (?:worry|hesitate)\b|\bpossible that\b|\bif (?:it|that|this) is not possible|"
            r"\bif you (?:cannot|can't)"
        ),
    ),
    Binding.APPROVAL: (
        word_set(
            "approved approval authorised authorized agreed promised discussed decided signed permission green "
            "consent ok okayed cleared accepted granted sign blessing "
            "confirmed said arranged told ahead"
        ),
        re.compile(
            r"\bas (?:\w+ ){0,4}?(?:approved|agreed|promised|authori[sz]ed|discussed|decided|arranged|confirmed|"
            r"granted|said|told you|signed off)\b|\b(?:the|your|an?|this|already|"
            r"pre-?)[ -]?(?:\w+ )?approved (?:\w+ )?(?:credit|discount|refund|offer|request|amount|price|quote|"
            r"extension|plan|change|waiver|exception|sum|deal)|"
            rf"\b{_SIGNER}(?: (?!who|will|can|must|may)[\w']+){{0,3}}? (?:has|have|had|'s|did|just|already|kindly|"
            rf"personally)? ?(?:already |kindly |just |now )?(?:approved|authori[sz]ed|agreed|signed(?: this|"
            rf" it)? off|okayed|ok'd|cleared (?:it|this|the)|granted|accepted|decided|given|gave|said yes|consented|"
            rf"confirmed|promised)\b"
            r"|\b(?:approved|authori[sz]ed|signed off|granted|agreed|decided|cleared|okayed|sanctioned) (?:by|"
            r"with) (?:your|our|my|the|a|[a-z]+)\b|\b(?:got|have|has|obtained|received|with|gave|given|"
            r"secured) (?:\w+ ){0,4}?(?:approval|go-ahead|green light|sign-off|permission|blessing|"
            r"authori[sz]ation)\b|"
            r"\b(?:is|was|been|were|are|it's) (?:\w+ )?(?:approved|authori[sz]ed|green-?lit|signed off|okayed)\b"
        ),
        re.compile(
            r"\b(?:must|needs?|has to|have to|until|once|after|if|when|can|should|before|as soon as|"
            r"wait(?:ing)? for|require[sd]?|unless|not)\b[^.]{0,30}\b(?:approv|authori|permission|consent|sign|"
            r"confirmed)"
        ),
    ),
}
