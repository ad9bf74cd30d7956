"""Wordings that bind us other than by a date: per kind the words that may open one, the patterns, and what excuses "
"them."""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from re import _parser  # type: ignore[attr-defined]
from typing import Any


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

_BAD = r"(?:bad|broken|buggy|defective|faulty|flawed|botched|incorrect|wrong|outdated|misleading|sloppy|careless)"
_LAPSE = (
    r"(?:mistakes?|errors?|faults?|blame|oversights?|slips?|slip-?ups?|blunders?|negligence|bugs?|mix-?ups?|glitch(?:es)?|"
    r"responsibility|failures?|omissions?|confusion|mess)"
)
_OURS = (
    r"(?:ours|us|our (?:own )?(?:side|end|part|fault|doing|making|code|system|software|billing|team|platform|"
    r"servers?|\w*base))"
)
_ADMITS = (
    rf"\b{_LAPSE}\b(?:(?! no\b| not\b)[^.,;]){{0,24}}?\b(?:of|on|at|in|with|from|by|is|was|are|were|all|entirely|"
    rf"fully|solely|squarely|purely) {_OURS}\b|"
    r"\b(?:that|this|it|one|delay|outage|confusion|error|bug|mess|mix-?up)(?: one)?(?: is|'s| was) (?:\w+ )?(?:on|down to|"
    r"because of|due to) (?:us|me)\b|\bdown to us\b|\b(?:that|it|this) was (?:us|me)\b|\bguilty\b|"
    rf"\b{_BAD} [a-z]+ (?:of ours|on our|from our|by our)\b|\b(?:sloppy|careless|negligent|wrong|unfair) of (?:us|me)\b|"
    rf"\b(?:we|i|our (?:\w+ )?(?:team|side|people|engineers?)|somebody here|someone here|one of (?:us|our [a-z]+))"
    rf"(?:'ve| have| had| has)? (?!see\b|saw\b|found|find|notice|correct|fix|repair|replac|remov|spot|detect|know|"
    rf"undo|undid|revers|rolled back|roll back|caught|identif|think|delet|look|check)"
    rf"(?:[a-z]+ ){{1,4}}?{_BAD}\b(?! (?:key|file|format|column|mapping|password|login))|"
    r"\b(?:accidentally|inadvertently|mistakenly|erroneously|unintentionally|wrongfully)\b|"
    r"\b(?:we|i|our \w+|somebody here|someone here|our \w+ \w+)(?:'ve| have| has)? (?:simply |just |really |clearly |"
    r"also |badly )?(?:dropped|fell short|fallen short|slipped|messed|botched|bungled|broke|neglected|mixed|failed|missed|"
    r"let (?:you|this|it)|overlooked|forgot|miscalculated|miscommunicated|misunderstood|misjudged|mislaid|"
    r"misinformed|did not live up|didn't live up|did not do our|didn't do our|introduced (?:a|the|an) (?:\w+ )?(?:bug|"
    r"error|problem|regression)|(?:charged|billed|invoiced|debited) you (?:\w+ )?(?:twice|double|too|for|the wrong|more))\b|"
    r"\b(?:charged|billed|invoiced|debited) (?:\w+ ){0,2}?(?:twice|double|too much|for nothing)\b|\bovercharged\b|"
    r"\b(?:we|i|this|that|it|there|nobody|somebody|someone|our \w+)(?: really| clearly)? (?:should|ought to|must|need)"
    r"(?:n't| not| never)?(?: really| never)? have (?!any\b|a\b|an\b|the\b|access\b|to\b|no\b)\w+|"
    r"\byou (?:should|ought to)(?:n't| not| never)? (?:\w+ )?have (?:been (?:told|warned|asked|informed|charged|"
    r"billed|given|notified)|had to|to have|seen this|seen that|experienced|gone through|waited)\b|"
    r"\b(?:because|due to|caused|cause|triggered|broken|introduced|traced|goes back|result|consequence|owing to|"
    r"reason|came from|stems?)\b[^.;]{0,40}?\b(?:ours|by us|our (?:\w+ )?(?:update|change|migration|maintenance|"
    r"deploy\w*|release|system|code|servers?|team|side|end|config\w*|rollout|upgrade|billing|engineers?|database|script)|"
    r"we (?:\w+ )?(?:made|did|rolled|pushed|shipped|deployed|changed|introduced|released|forgot|missed|didn't|applied))\b|"
    r"\b(?:change|update|release|deployment|patch|migration|config\w*) (?:that )?(?:we|our team|i) [^.;]{0,30}"
    r"(?:broke|caused|took|led|deleted|doubled|stopped|removed)\b|"
    r"\bour (?:\w+ ){1,3}(?:is|was) (?:what|the reason|to blame|behind)\b|\byou did nothing wrong\b|"
    r"\b(?:it )?(?:wasn't|was not|isn't|is not) (?:you|your fault|your mistake|your doing)\b|"
    r"\b(?:mix-?up|mistake|error|slip|fault|happened|went wrong|go wrong)\b[^.;]{0,24}\b(?:here|our end|our side|our part)\b|"
    r"\bgot (?:it|this|that|things|your [a-z]+) wrong\b|\blet you down\b|\bfailed you\b|\bown (?:this|that|the "
    r"(?:mistake|error))\b|\bon our part\b"
)
"""Admissions: a lapse that is ours, a bad thing that we did, an effect that our doing had, what should have been."""
_WILL = (
    r"(?:(?:we|i|our \w+)(?:'ll|'d| will| would| can| could| shall| may| are going to|'re going to|"
    r"'m (?:going|happy|glad) to|'re (?:happy|glad) to| am (?:happy|glad) to| are (?:happy|glad) to|"
    r" want to|'d like to)(?: also| gladly| happily| then| simply| just| certainly)*|\blet me|\blet us)"
)
_GOOD = (
    r"(?:month|year|week|quarter|day|upgrade|training|session|seat|licen[cs]e|user|credit|refund|coupon|voucher|"
    r"discount|add-?on|setup|onboarding|migration|trial|support|storage|gift|bonus|plan)s?"
)
_GIFTS = (
    rf"{_WILL} (?:throw|gift|treat|compensate|reimburse|refund|credit|waive|drop|skip|forgive|write off|cover|pay|honou?r|"
    rf"make up|make it up|make an? |make this|upgrade you|let you|give you|give your|grant|bump you|knock|sort you out "
    rf"with|spare you|absorb|comp|extend|donate|bend|accept liability|accept your|release you|add (?:an?|one|two|three|"
    rf"another|some|\d+) (?:\w+ )?(?:month|week|year|day|extra|bonus|free)|include (?:it|that|this|an?|the)|"
    rf"leave (?:it|the|your) (?:\w+ )?(?:out|off|discount|price))|"
    r"\b(?:make|making|made|grant|allow)(?: you| for you| an| this| one| a)* (?:\w+ )?exception\b|\bas an exception\b|"
    r"\bexceptionally\b|\bjust this once\b|\bthis once\b|"
    rf"\byou(?:'ll| will| can| may|'re going to|'d| would)? (?:also )?(?:get|receive|have|keep|be given|enjoy|be credited|"
    rf"be compensated|be refunded|be reimbursed|take)\b[^.;\d]{{0,30}}?\b(?:free|extra|bonus|complimentary|for nothing|"
    rf"goodwill|compensation|refund|credit|voucher|coupon|discount|back|upgrade)\b(?! to )|"
    rf"\bfree (?:\w+ )?{_GOOD}\b(?! (?:left|available|in|on))|\b{_GOOD} (?:\w+ )?(?:is|are|for|will be|comes?) (?:\w+ )?"
    rf"(?:free|gratis|complimentary|included for)\b|\b(?:goodwill|kind) gesture\b|\bgesture of goodwill\b|"
    rf"\bgoodwill\b(?= (?:we|i|you))|\bas (?:a )?(?:compensation|apology|thank-you|thank you|sign of)\b|"
    rf"\bby way of (?:an )?(?:apology|compensation|thanks)\b|\bto (?:make up|make it up|compensate) (?:for|to|you)\b|"
    r"\bno strings\b|\bon the house\b|\b(?:no|without)(?: any| a)? (?:extra |additional |further )?(?:penalty|cost|charge)\b|"
    r"\byou(?:'re| are| have|'ve) (?:\w+ )?(?:owed|eligible|due a|a right|the right|locked|bound|protected|covered)\b|"
    r"\b(?:leave|cancel|terminate|quit|exit|walk away|get out|step down)\b[^.;]{0,24}\b(?:any ?time|whenever|early|"
    r"for convenience|without|with \d+|from one)\b|\b(?:old|same|existing|current|previous|your) (?:\w+ )?(?:terms|"
    r"conditions)\b(?! (?:of use|of service|are here))|\bpayment terms\b|"
    r"\byou (?:can|may|could|are allowed to|are free to) (?:pay|share|transfer|sublet|assign|resell|hold back)\b|"
    r"\b(?:may|can) be (?:transferred|shared|assigned|terminated)\b|\bwarrant(?:y|ies)\b|\bindemnif|\bdamages?\b|"
    r"\b(?:minimum|uptime|exclusivity|early termination|cancellation|auto-?renewal|renewal)(?: \w+)? (?:commitment|term|fee|"
    r"clause|is off|does not apply|doesn't apply)\b|\bnotice (?:has to|must|is|of)\b|\b(?:contract|agreement|clause|sla|"
    r"dpa|msa)\b[^.;?]{0,30}\b(?:binds?|runs?|holds?|applies|apply|renews?|allows?|ends?|gives?|covers?|says?)\b|"
    r"\b(?:count|counts|counted) [^.;]{0,20}\bagainst (?:the|your|our) (?:sla|contract|uptime)\b|\btreat (?:the|this|it|your)\b"
    r"[^.;]{0,30}\bas an? \w+"
)
"""What we would give or let go without a tool that gives it, and what the contract is said to say."""
_NONE = r"(?:no|none|nobody|no one|nothing|never|not an?|not one|neither|not|n't|cannot|without)"
_HARM = (
    r"(?:lost|loss|exposed|affected|accessed|leaked|leave|leaves|left (?:our|the)|compromised|stolen|breach(?:ed)?|leaks?|"
    r"downtime|outages?|interruptions?|interrupt|damaged?|corrupted|missing|recurs?|recur|happen|repeat(?:ed)?|fear|harm(?:ed)?|"
    r"seen (?:your|the|it)|(?:had|have|has|gained|got) access|at risk|risk|danger|impact(?:ed)?|logged in|misused|"
    r"tampered|touched|read your|sell|sold|share[ds]? (?:your|data|it|them|with)|lose (?:any|your|data|a|it|them)|come back|"
    r"(?:see|have|get|face) (?:this|that|the same|such|it|any) (?:\w+ )?(?:again|error|problem|issue|outages?)|suffer)"
)
_SURE = (
    rf"\b{_NONE}\b(?:(?!\b(?:if|unless|sure|yet|confirm|tell|whether|share that|share this)\b)[^.;?]){{0,40}}?\b{_HARM}\b|"
    r"n't (?:\w+ ){0,3}?(?:happen|recur|come back|repeat|be lost|lose any|lose your|interrupt|see this|be affected)\b|"
    r"\b(?:is|are|was|were|'s|'re|remains?|stays?|stayed|be|keeps?|will stay|will remain)\b(?: [a-z]+){0,3}? (?:safe|secure|"
    r"unaffected|compliant|intact|certified|encrypted|operational|stable|unharmed|untouched|green|up and running|"
    r"destroyed|watertight|bulletproof|protected|(?:fully|all) (?:there|restored)|backed up)\b|"
    r"\b(?:data|backups?|restore|records|files|copy|copies) (?:is|are) complete\b|"
    r"\bmeets? [^.;]{0,20}(?:requirements|standards?)\b|\b(?:iso ?27001|soc ?2|hipaa|gdpr|pci)[- ]?\w* (?:certified|compliant|"
    r"ready|conform\w*)\b|\b(?:stays?|remains?|stored|hosted|kept) (?:only )?(?:in|within) (?:the )?(?:eu|europe|us|"
    r"germany|uk)\b|\b(?:once and for all|for good|permanently (?:fixed|solved|gone|resolved))\b|"
    r"\b(?:you can|you may|please) (?:\w+ )?(?:rely|count|depend|trust|be sure|rest|be certain)\b|\bmy word\b|\bour word\b|"
    r"\bstand by (?:that|it|this|our (?:word|promise))\b|\bfull commitment\b|\b(?:we|i)(?:'ve| have| had)? (?:\w+ )?"
    r"(?:verified|ensured|made sure|confirmed|guaranteed)\b|\b(?:is|are|was|been) confirmed\b|\bnever (?:sell|share|leaves?|"
    r"again|happen|use|look|store|train)|\bonly you (?:can|have)\b|\b(?:will|'ll) (?:stay|remain|keep) (?:up|online|"
    r"available|running|stable)\b|\b(?:there )?(?:will|won't) be (?:no|any) (?:\w+ )?(?:outages?|downtime|interruptions?|loss|"
    r"surprises|problems?|issues?)\b|\bwon't be any\b|\bmake (?:absolutely |very )?sure (?:that )?(?:this|that|it|nothing|no)\b"
)
"""Statements of safety, of completeness and of what will never be."""

_TARIFF = r"(?:prices?|pricing|rates?|fees?|bill|costs?|charges?|increase|subscription fee|tariff)"
_AMOUNT = rf"(?:{_MONEY}|\d[\d.,]*k? (?:per|a|an|each|every|/) ?(?:seat|user|month|year|licen[cs]e|head|quarter)\b)"
_PRICES = (
    rf"\b(?:costs?|comes? to|come out at|makes?|totals?|budget|stands? at|drops? to|falls? to|goes? to|goes? (?:up|down) to|pay|"
    rf"save|saves|saving|be|between|around|about|roughly|nearly|almost|circa|under|over|only|just|do|for|'s|worth|"
    rf"reckon|quote) (?:you |a |an |in the region of |somewhere near |only |just |about |around |roughly |maybe )?"
    rf"(?:{_AMOUNT})(?=[^.;]{{0,24}}(?:per|a|each|month|year|seat|user|total|off|less|more|waiting|for|\.|$|,))(?! of)|"
    r"\b(?:could|can|would|will|might) (?:drop|fall|go|come|be reduced|be lowered|do|be) (?:down |up )?(?:to |at )?\d|"
    r"\bbetween \d[\d.,]* and \d[\d.,]* ?(?:usd|eur|gbp|chf|dollars?|euros?)|\broughly \d+|\babout \d+k\b|"
    r"\b(?:cheaper|less expensive|half (?:the|of the|your) (?:price|fee|bill|cost)|half price|pay half|better (?:rate|price|deal|"
    r"offer)|good (?:price|deal)|special (?:price|offer|deal)|volume price|best price|bargain)\b|"
    r"\b(?:a|one|two) (?:third|fifth|quarter|tenth|half|thirds)(?: off| less)?\b(?= off| less|\.|$|,)|\b\w+ percent\b[^.;]{0,12}"
    r"\b(?:off|discount|less|reduction)\b|\b(?:get|take|give|grant|with|save) (?:\w+ ){0,3}?\d+ ?(?:percent|%)|"
    r"\b(?:your|the|a|an|our) (?:\w+ )?(?:discount|rebate|coupon|voucher|promotion|promo)s?\b(?! (?:code )?field)|"
    r"\b(?:coupon|voucher|rebate|discount)s? (?:for|worth|of|on)\b|\bsave (?:a lot|money|some|more|you)\b|"
    rf"\b{_TARIFF}\b(?: \w+){{0,3}}? (?:stays?|remains?|unchanged|the same|as (?:it|they) (?:is|are)|(?:goes?|comes?|going) (?:down|up)|"
    rf"drops?|falls?|rises?|carr(?:y|ies) over|freez|frozen|locked|fixed|lower|higher|gone|off|halve[sd]?)|"
    rf"\b(?:leave|keep|freeze|lock|hold|raise|increase|lower|reduce|halve|cut|match|beat|come down on|room on|take off|drop|"
    rf"cap|changes? in|touch)(?: in)? (?:you )?(?:your|the|our|this|these)(?: \w+){{0,2}}? {_TARIFF}\b|"
    rf"\bconsider (?:the|this|that|your) (?:\w+ )?{_TARIFF} |\b(?:meet you|halfway|half way|come down (?:a|on|to)|sharpen|room for)\b"
    r"|\b(?:will|'ll|won't|would|does|not|n't) (?:not )?(?:cost|bill|charge|invoice) (?:you |us )?(?:for|anything|nothing|more|less|"
    r"extra|this|it|that|a)|\bwon't be (?:billed|charged|invoiced)|\b(?:is|are|'s|be|stays?) (?:completely |entirely |totally |all )?"
    r"(?:free|gratis|complimentary)\b(?! (?:to (?!you)|again|up|now|of (?!charge|cost)))|\bfor (?:free|nothing)\b|\bcomplimentary\b|"
    r"\bno (?:extra |additional |hidden |further |more )?(?:costs?|charges?|fees?)\b|\bwithout (?:extra |additional |any )*"
    r"(?:costs?|charges?|fees?)\b|\bincluded in the price\b|\bqualify for\b|\b(?:match|beat|undercut) [^.;]{0,24}(?:offer|quote|"
    r"price)\b|\bdiscount (?:of|holds?|carries|stays|applies|remains)\b|\b(?:don't|do not|won't) (?:have to |need to )?pay\b"
)
"""What something costs, will cost or no longer costs."""
_RULES = r"(?:rules?|polic(?:y|ies)|guidelines|principles|terms|practice|remit|mandate|scope|standards?|regulations?)"
_NOES = (
    rf"\b(?:against|outside|beyond|breach(?:es)?|contrary to|violates?|not in line with|in conflict with)(?: \w+){{0,2}} {_RULES}\b|"
    rf"\b{_RULES} (?:does not|doesn't|do not|don't|prevents?|forbids?|rules? out|prohibits?|excludes?|says no|bars?|bans?)\b|"
    r"\b(?:reserved|exclusive|restricted|limited|only (?:available|offered|open|possible|included|there|meant|sold)) (?:for|to|on|in|"
    r"with|from|as)\b|\bonly (?:for|on|with|to|in|from|available|admins of|customers)(?: \w+){0,3} (?:plans?|enterprise|business|pro|"
    r"premium|customers?|tier|edition|accounts?|packages?|subscribers)\b|\b(?:only|solely|exclusively) (?:offer|provide|sell|do|"
    r"give|support|accept)\b|\bas far as (?:we|i) (?:can |will )?go\b|\bhands are tied\b|\bfinal (?:position|answer|word|offer|decision)"
    r"|\bdecision (?:is final|stands)|\bstand by (?:our|the|my) decision|\bdecided (?:against|not to)\b|\b(?:nothing|little|not much)"
    r" (?:\w+ )?(?:we|i|that can)\b[^.;]{0,12}\b(?:do|offer|done)\b|\b(?:no|not an?|n't an?|not any|don't see an?|see no) (?:\w+ )?(?:way|option|"
    r"possibility|chance|means|provision)\b|\b(?:say|answer is|it's|is) (?:a )?no\b(?! (?:problem|need|more|longer|charge|cost|"
    r"fee|limit|different))|^(?:i'm |i am |we're )?(?:so |very |really )?(?:sorry|unfortunately|regrettably|alas)[,:;]? (?:but )?no\b|^no,? "
    r"(?:we|i|that|this|it|sorry|not)\b(?=[^.]*(?:\bnot\b|n't|cannot|never|only))|\bturn (?:this|that|it|you|your \w+) down\b|"
    r"\btoo late (?:for|to)\b|\bpast the (?:\w+ )?(?:window|deadline|period|point)|\b(?:period|window|deadline|time)(?: \w+){0,2} has "
    r"(?:passed|expired|closed|ended|run out)|\bno longer (?:possible|available|offered|supported|an option)\b|\b(?:not|n't) (?:\w+ )?"
    r"(?:allowed|permitted|authori[sz]ed|entitled|eligible|foreseen|provided for|designed for|negotiable|up for|on the table|open to|"
    r"something (?:we|i|that we|our))\b|\b(?:is|are|keep \w+|remains?) confidential\b|\b(?:rather|prefer|choose) not\b(?: to)? (?!wait)\w+|"
    r"\b(?:we|i|our \w+) (?:also |currently |generally |really |simply |just )?(?:do not|don't|never|no longer) (?:\w+ly )?(?!know|see\b|have (?:a|an|"
    r"any|the) (?:date|news|update|answer|information|log|record)|think|understand|recogni|find|mind|want|believe|expect|need|yet|worry|"
    r"hold|share your|sell|remember|doubt|quite|get|notice|raise|increase|mean)[a-z]+|"
    r"\b(?:we|i|our \w+|nobody|no one)(?: really| simply| also| unfortunately)? (?:cannot|can't|can not|couldn't|could not|won't|will not) "
    r"(?:\w+ly )?(?!see\b|find|tell|reproduce|name|say\b|know|open|reach|confirm|read|wait|be (?:sure|more)|charge|bill|invoice|raise|"
    r"increase|suspend|guess|lose|share your|judge|thank|locate|promise)[a-z]+|"
    r"\b(?:can't|cannot|can not|couldn't|won't) be (?!reached|opened|seen|found|read|sure|loaded|parsed|more|matched|empty|blank|"
    r"reused|delivered|connected|larger|longer|in )[a-z]+|"
    r"\b(?:need|needs|requires?|have to|has to|would need|must)(?: to)? (?:\w+ )?(?:an? |the )?(?:upgrade|(?:business|enterprise|pro|premium|higher|"
    r"bigger|paid|other|different|larger) (?:plan|tier|package|edition))\b|\b(?:plan|trial|package|tier|edition|licen[cs]e|contract) "
    r"(?:has no|comes without|lacks|excludes|is without|has neither|rules out|stops at)\b|\bfalls? outside\b|\blies outside\b|"
    r"\b(?:does|do|did)(?: not|n't) (?:meet|qualify|satisfy|fulfil|permit|allow)\b|\bonly admins of\b|\breached the (?:limit|end) of "
    r"what\b|\bsay no to\b|\bhave to disappoint\b|\bsadly\b[^.;]{0,80}(?:\bnot?\b|n't|cannot)"
)
"""A no in any wording: a rule, a reserve, an end of what we do, a negated habit of ours."""
_YES = (
    r"(?:yes|okay|ok|nod|fine|on board|signed|agrees?|agreed|approves?|supports?|backs|backing|backed|bless(?:ed|ing)|waved|cleared|"
    r"objections?|happy|thumbs|vot(?:ed|es)|sanctioned|consent(?:s|ed)?|instruct(?:ed|ion)|authori[sz]ed|green light|decided|granted|"
    r"permission|permitted|allowed|promised|said|confirmed|ratified|endors(?:ed|es)|accepted|greenlit|green-lit|ruled|go-ahead|"
    r"behind (?:this|it)|approval)"
)
_BOSS = (
    r"(?:managers?|directors?|finance|legal|boss|lead|leads|ceo|cfo|cto|coo|vp|supervisor|board|committee|management|executive|"
    r"sponsor|controller|deal desk|leadership|head of \w+|procurement|security team|sales team|billing team|sales|everybody here|"
    r"everyone here|higher-ups|superior|president|founders?|partner team)"
)
_UNSURE = r"(?!\b(?:will|can|could|must|may|might|needs?|has to|have to|if|once|until|when|whether|who|ask(?:ed|ing)?|waits?|not)\b)"
_ASSENTS = (
    rf"\b{_BOSS}\b(?:{_UNSURE}[^.;?]){{0,40}}?\b{_YES}\b|\b{_YES}\b(?! if| when)(?:{_UNSURE}[^.;?]){{0,16}}? (?:by|from|with|of|to) (?:\w+ ){{0,2}}?"
    rf"{_BOSS}\b|\b(?:like|per|as|according to|following) (?:your|our|the|my) (?:\w+ )?{_BOSS}(?:,| said| told| promised| wanted| asked)|"
    r"\b(?:i|we)(?: have|'ve|'m| am|'re| are| got| had)+ (?:\w+ )?(?:permission|authority|authori[sz]ed|cleared|clearance|power|mandate|"
    r"approval|sign-off|the okay|the ok|the go-ahead|the nod)\b|\b(?:i|we) (?:got|cleared|obtained|received|secured) (?:\w+ ){0,3}?"
    r"(?:okay|ok|nod|approval|sign-off|it with|this with|that with|permission|go-ahead)\b|\bconsider (?:it|this|that) (?:approved|agreed)\b|"
    r"\b(?:request|exception|waiver|refund|credit|extension|discount|application|appeal)s? (?:was|were|has been|have been|is|went|got) "
    r"(?:\w+ )?(?:granted|approved|through|accepted|allowed|authori[sz]ed|agreed|cleared|passed)\b|\b(?:change|it|this|that|offer|deal)"
    r"(?:'s| has| was| is)(?: been)? (?:officially |formally |already |now )?(?:approved|authori[sz]ed|cleared|signed off|okayed|sanctioned)\b|"
    r"\b(?:we|they)(?:'ve| have)? (?:decided|agreed|resolved) (?:to|that)\b(?! not)|\bas (?:we|you and (?:we|i)|i) (?:\w+ )?(?:agreed|promised|"
    r"discussed|arranged|said)\b|\b(?:the |your )?approval (?:came|is|was|has|of|from)\b|\bgreen light (?:from|by|to|for)\b|\bthumbs up\b|"
    r"\b(?:you have|you've got|got) (?:our|my|the) (?:\w+ )?(?:approval|go-ahead|permission|blessing|okay|consent)\b|\bapproved by\b|"
    r"\bgot the (?:thumbs|nod|okay|go-ahead)|\b(?:checked|spoke|spoken|talked|cleared it|discussed (?:it|this)) (?:\w+ ){0,2}?"
    rf"(?:with|to) (?:\w+ ){{0,2}}?{_BOSS}\b[^.;]{{0,12}}\b(?:we can|and|who|agrees?)"
)
"""Somebody with a say is said to have said yes."""
_THING = (
    r"(?:feature|integration|connector|plug-?in|app|editor|importer|engine|theme|mode|module|support|edit|exports?|calendar view|"
    r"permissions?|roles?|api|sso|scim|saml|version|redesign|reporting|rewrite|functionality|capability|option|view|add-on|tool|"
    r"limitation|gap|column limit|limit of \w+ \w+|interface|dashboard builder|builder|webhooks?)s?"
)
_PRODUCT_PLANS = (
    r"\b(?:we|i|team|engineers?|engineering|developers?|designers?|product|colleagues|they)(?:'re| are|'ve been| have been| is| has been)? "
    r"(?:\w+ly |already |now |currently |also |right now )*(?:building|developing|adding|drawing|designing|implementing|prototyping|"
    r"creating|rewriting|rebuilding|redesigning|exploring|planning|piloting|experimenting|beta[- ]testing|testing (?:this|it|an?|the new))\b|"
    r"\b(?:we|they|i|team|engineers|product)(?:'ve| have| has)? (?:just |already |recently )?(?:started|begun|began|begin|start) (?:work|building|"
    r"developing|on|to build|to add|implementing|designing)\b|\bwork on [^.;]{1,40} (?:has|is) (?:\w+ )?(?:started|begun|under ?way)\b|"
    rf"\b{_THING}\b[^.;?]{{0,24}}?\b(?:(?:is|are|'s) (?:\w+ )?(?:on (?:its|the|their) way|coming|planned|in the making|in the works|under way|"
    rf"underway|in (?:active |early )?development|being|scheduled|just around|around the corner|almost ready|nearly ready|next|in beta|"
    rf"in the pipeline|slated|due)|(?:will|'ll|shall|is going to|are going to) (?!find|be asked|see|get|be shown|need|show)\w+|ships?\b|"
    rf"closes|goes away|follows)|"
    r"\b(?:version|release|v) ?\d[\d.]*(?: \w+)? (?:will|brings|closes|adds|has (?:it|this|that)|comes with|includes|fixes|introduces|"
    r"solves|gets)\b|\b(?:with|in|by) (?:version|release|v) ?\d[\d.]*\b(?=\.?$)|\b(?:future|later|upcoming|coming|next|new) (?:\w+ )?"
    r"(?:releases?|versions?|generation|editions?|updates?)\b(?! of the guide)|\b(?:roadmap|backlog|pipeline|private beta|closed beta|open beta|"
    r"early access|stay tuned|in the works|in the making|for development)\b|\b(?:limit|limitation|restriction|gap)\b[^.;]{0,24}\b(?:will|'ll|going "
    r"to) (?:be )?(?:lifted|go|gone|removed|raised|disappear|closed)|\bget rid of (?:that|this|the)\b|\b(?:this|that|it|idea|request|"
    r"suggestion|feature)(?:'ll| will| is going to)(?: soon| also)? be (?:possible|built|implemented|added|supported|available|included|"
    r"\w+able|introduced|developed|considered|released)\b|"
    r"\b(?:we|product|team|they|i)(?:'ll| will| want to| plan to| hope to| intend to| expect to| aim to|'d like to|'re committed to| are "
    r"committed to| are planning to|'re planning to| are going to|'re going to| would like to)(?: soon| also| eventually| be)* (?:support|"
    r"supporting|add|adding|build|building|ship|bring|bringing|replace (?:the|it|this)|open (?:up )?the|improve|redesign|rewrite|rework|"
    r"overhaul|introduce|extend the|make (?:this|that|it) (?:\w+able|possible|easier|a)|get rid|drop support|integrate|launch|offer this "
    r"feature)\b(?! (?:a |the |your |another |\w+ )?(?:credit|user|seat|licen[cs]e|month|week)s?)|"
    r"\b(?:on|onto|to) (?:the|our|their) (?:\w+ )?(?:product )?(?:team's )?(?:list|agenda)\b(?= |\.|$)(?! page| of)|"
    r"\b(?:product|engineering|development|developers) (?:team )?(?:has|have) (?:\w+ )?(?:picked|accepted|put|taken|scheduled|decided|agreed|"
    r"committed)\b|\baccepted by (?:the )?product\b|\bmade (?:this|that|it) a priority\b|\b(?:decided|promised|agreed|committed) to "
    r"(?:build|add|ship|develop|support|bring)|^(?:it's|it is|that's|that is|this is) (?:\w+ )?planned\b|\bplans (?:to|for)\b|"
    r"\blong-term plan|\bwhat we have planned\b|^expect (?:an?|the) (?:new|redesigned|better)|\bnew \w+(?: \w+)? will replace\b|"
    r"\bvision for\b|\bbringing (?:this|that|it)\b"
)
"""What the product will be able to do."""


_READINGS: dict[Binding, tuple[str, re.Pattern[str] | None]] = {
    Binding.ROADMAP: (
        (
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
            r"our) roadmap\b|^coming soon|" + _PRODUCT_PLANS
        ),
        re.compile(
            r"what is planned|what's planned|\bmaintenance\b|\b(?:coming|planned) call\b|\badd (?:a |"
            r"the )?(?:credit|user|seat)"
        ),
    ),
    Binding.FAULT: (
        (
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
            r"blocked|rejected|sent|told|closed)|" + _ADMITS
        ),
        re.compile(
            r"\bif (?:you|we|it|this|that)\b|\byou(?: have|'ve)? (?:\w+ )?(?:deleted|added|removed|sent)\b|"
            r"not our (?:fault|mistake)"
        ),
    ),
    Binding.TERMS: (
        (
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
            r"\bnet ?\d{2,3}\b|\blegally (?:binding|entitled|required|obliged)|" + _GIFTS
        ),
        re.compile(r"\bterms of (?:use|service)(?: are| is)?(?: \w+)?:? \[link\]|\blong term\b|\bin terms of\b"),
    ),
    Binding.ASSURANCE: (
        (
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
            r"reliable)\b|" + _SURE
        ),
        re.compile(
            r"\b(?:if|once|before|until|when|after|while) (?:we|i|you) (?:can )?confirm|\b(?:cannot|can't|can not|"
            r"unable to|not able to|do not|don't) (?:yet )?(?:confirm|guarantee|promise|assure)|"
            r"asked? (?:us )?to confirm"
        ),
    ),
    Binding.PRICE: (
        (
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
            rf"every) (?:\w+ )?(?:seat|user|licen[cs]e|head|month|year)\b|" + _PRICES
        ),
        re.compile(
            r"\blist price\b(?![^.]{0,120}\b(?:off|discount)\b)(?<!off the list price)|\b(?:cannot|can't|can not|"
            r"unable to|not able to|do not|don't|will not) (?:\w+ )?(?:offer|give|match|meet|do|grant)\b|\binv-\d"
        ),
    ),
    Binding.REFUSAL: (
        (
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
            r"\bwon't be able\b|\bwill not be able to\b|\bis not an option\b|\bno way to\b|" + _NOES
        ),
        re.compile(
            r"\b(?:don't|do not) (?:worry|hesitate)\b|\bpossible that\b|\bif (?:it|that|this) is not possible|"
            r"\bif you (?:cannot|can't)"
        ),
    ),
    Binding.APPROVAL: (
        (
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
            r"\b(?:is|was|been|were|are|it's) (?:\w+ )?(?:approved|authori[sz]ed|green-?lit|signed off|okayed)\b|"
            + _ASSENTS
        ),
        re.compile(
            r"\b(?:must|needs?|has to|have to|until|once|after|if|when|can|should|before|as soon as|"
            r"wait(?:ing)? for|require[sd]?|unless|not)\b[^.]{0,30}\b(?:approv|authori|permission|consent|sign|"
            r"confirmed)"
        ),
    ),
}


def _openings(tree: Iterable[tuple[Any, Any]]) -> tuple[set[str], set[str]]:
    """Return the letters with which a parsed pattern can begin: whole words, and beginnings that may go on."""
    whole: set[str] = set()
    going = {""}
    for op, value in tree:
        if not going:
            break
        done, more = _piece(str(op), value)
        whole |= {start + end for start in going for end in done}
        going = {start + end for start in going for end in more}
    return whole, going


def _piece(op: str, value: Any) -> tuple[set[str], set[str]]:
    if op in ("AT", "ASSERT", "ASSERT_NOT"):
        return set(), {""}
    if op == "LITERAL":
        return (set(), {chr(value)}) if chr(value).isalpha() else ({"."}, set())
    if op == "SUBPATTERN":
        return _openings(value[3])
    if op in ("BRANCH", "IN"):
        branches = [
            _openings(branch if op == "BRANCH" else [branch]) for branch in (value[1] if op == "BRANCH" else value)
        ]
        return {one for done, _ in branches for one in done}, {one for _, more in branches for one in more}
    if op in ("MAX_REPEAT", "MIN_REPEAT"):
        done, more = _openings(value[2])
        if value[1] != 1:
            done, more = done | {one + "*" for one in more}, set()
        return done, more | ({""} if value[0] == 0 else set())
    return {"*"}, set()


def _alternatives(pattern: str) -> Iterator[str]:
    """Yield the alternatives of a pattern: what its outermost bars part."""
    depth = start = at = 0
    while at < len(pattern):
        letter = pattern[at]
        at += 1 if letter == "\\" else 0
        depth += (letter in "([") - (letter in ")]")
        if letter == "|" and not depth:
            yield pattern[start:at]
            start = at + 1
        at += 1
    yield pattern[start:]


def _index() -> tuple[dict[str, tuple[tuple[Binding, re.Pattern[str]], ...]], dict[Binding, re.Pattern[str]]]:
    """Sort every wording under the words that can open it; those that anything may open stand apart."""
    by_word: dict[str, dict[Binding, list[str]]] = {}
    loose: dict[Binding, list[str]] = {}
    for kind, (says, _) in _READINGS.items():
        for wording in _alternatives(says):
            whole, going = _openings(_parser.parse(wording))
            words = {word.removesuffix(".") for word in whole} | going
            if any(not word.isalpha() for word in words) or (going and not wording.endswith(r"\b")):
                loose.setdefault(kind, []).append(wording)
                continue
            for word in words:
                by_word.setdefault(word, {}).setdefault(kind, []).append(wording)
    compiled: dict[str, re.Pattern[str]] = {}
    for kinds in by_word.values():
        for wordings in kinds.values():
            pattern = "|".join(wordings)
            compiled.setdefault(pattern, re.compile(pattern))
    return (
        {
            word: tuple((kind, compiled["|".join(wordings)]) for kind, wordings in kinds.items())
            for word, kinds in by_word.items()
        },
        {kind: re.compile("|".join(wordings)) for kind, wordings in loose.items()},
    )


_OPENED, _LOOSE = _index()
_WORD = re.compile(r"(?<![a-z])[a-z]+")


def bound_by(sentence: str) -> frozenset[Binding]:
    """Return how a lower-case sentence binds us, dates apart."""
    found = {kind for kind, pattern in _LOOSE.items() if pattern.search(sentence)}
    for word in _WORD.finditer(sentence):
        for kind, pattern in _OPENED.get(word[0], ()):
            if kind not in found and pattern.match(sentence, word.start()):
                found.add(kind)
    return frozenset(kind for kind in found if not ((excuse := _READINGS[kind][1]) and excuse.search(sentence)))
