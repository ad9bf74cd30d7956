"""Phrases about what went wrong: numbers, promises, whole teams locked out, blame, documents, temper."""

from cxagent.domain.vocabulary import Signal

FAULTS = {
    Signal.DATA_WRONG: """
        NUM ..10 WRONG ~18 RELIED
        filed|submitted|declared|presented|lodged ..10 totals|figures|numbers|sums|data ~24 short|off|wrong|missing|\
mismatch*|rejected|queried
        WRONG ..2 NUM ~14 RELIED
        RELIED ~16 NUM ..8 WRONG
        RELIED ~14 WRONG ..2 NUM
        auditor|auditors|board|regulator ..2 found|noticed|says|discovered ..6 NUM ..5 WRONG|error*
        error|mistake|bug in ..2 your|the ..2 NUM ~8 RELIED
        RELIED ~8 error|mistake in ..3 NUM
        overstated|understated|miscalculated|misstated ..6 ~10 RELIED
        NUM ~8 WRONG ~14 on_them|with_them|on_that|based|decided|paid|published|reported|shown|told|sent|gave|\
signed|used
        RELIED ~16 NUM ~10 WRONG
        AUDIENCE ~14 NUM ~8 WRONG
        AUDIENCE ~12 WRONG ..2 NUM
        NUM ~8 WRONG ~14 AUDIENCE
        WRONG ..2 NUM ~12 AUDIENCE
        WRONG ~8 because_of your ..2 NUM
        every|all NUM ..4 WRONG
    """,
    Signal.BROKEN_PROMISE: """
        told|promised|assured|informed ..6 would|will|to ..4 ship|be|arrive|come|launch|go_live|deliver*|land|\
finish*|have ..4 by|before|in ..1 MONTH|#|the_end
        promised|pledged|assured|announced|guaranteed|committed|agreed_on|agreed ..3 ~14 NOTYET
        i|we|you|someone|somebody|your_team was|were supposed_to ..10 ~4 nothing|never|not|no_one|nobody
        i|we was|were supposed_to ..1 get|receive|have|hear ~10 nothing|never|not|no_one
        you|they|he|she said|told ..10 ~2 not|never|still
        waiting for|on ..8 promised|pledged|agreed|announced|committed|guaranteed
        another|you|your|missed|second deadline|delivery_date|due_date ..6 gone|passed|missed|slipped|broken
        missed ..2 deadline|your_deadline|delivery|the_date
        not keep|kept|honour*|honor* ..2 your|the ..1 word|promise*|commitment*
        broke|broken|breaking|empty ..2 promise*|your_word
        promised ..4 by|before|for|in|last ..1 MONTH|week|month|year
        where is ..6 promised
        never|not ..2 delivered|materiali*ed|kept|happened ..3 promised|as_agreed|as_promised
        said|told|promised|agreed|assured ..10 by|before|on|in|until|within ..2 MONTH|#|week|month ~2 it_is|\
still|now|that_was|and_now|nothing|today_is
        not you|they going_to|supposed_to|meant_to|about_to
        you|they|we were going_to|supposed_to|meant_to|to_deliver|to_get|to_receive ..10
        waited|waiting|wait ..6 ~6 committed|promised|agreed|announced|pledged|guaranteed
        that|which|as you|they|your_team ..2 committed|promised|pledged|guaranteed|announced
        announced|promised|planned|scheduled ..3 for|by last|this? ..1 MONTH|year|quarter|month ~6 nothing|\
never|not|still
        was|were due|scheduled|promised ..4 MONTH|week|month|ago ~6 not|never|still|nothing
        whatever|what happened|became to|of ..2 promise*|announced|the_fix_you|the_feature_you
        no_show|never_happened|never_showed
        was|were to_be ..10 ~3 not|never|still
        not ..1 deliver*|kept|honour*|met ..3 promise*|commitment*|agreed|deadline
        overdue|late ..4 promised|your_delivery|delivery
    """,
    Signal.MASS_IMPACT: """
        no|not_a|not_one|not_single ..1 PEOPLE ..3 can|gets|able|is ..4 ENTER|into
        nobody|no_one|none|not_one ..7 can|able|could|is|manages|manage ..3 ENTER
        nobody|no_one|none ..6 can|able ..1 to? open|use|work_with|start ..2 the|it|your|our ..2 app|system|\
tool|platform|anything|software|$
        all|every|entire|whole|complete|full|our ..4 PEOPLE ..6 LOCK|sso_*
        everyone|everybody ..5 LOCK
        every user ..3 error|locked|out
        login*|sso|sign_in|authentication|mfa|saml ..4 fail*|broken|down|error* ..2 for ..1 all|every|\
everyone|everybody|the_whole|the_entire|our_entire
        LOCK ..3 everyone|everybody|all_of_us|all_our|our_entire|the_entire|the_whole
        ## ..2 PEOPLE ..5 LOCK
        hundreds|thousands|dozens of ..2 PEOPLE|customers ..5
        locked out the|our|all ..2 PEOPLE|everyone
        locks|locked|kicked ..1 out ..2 all|every|everyone|whole
        not ..2 a_single user|employee|person|colleague ..4 ENTER
        none|nobody|no_one|not_one ..8 gets|get|got|comes|logs ..1 past|in|into|through|on
        all|every|entire|whole|complete|full|our ..4 PEOPLE ..4 cut_off|thrown_out|locked_out|stuck|offline|\
blind|stranded|shut_out
        whole|entire|complete|full ..1 PEOPLE|company|firm|site|plant|floor|school ..5 out|down|blocked|\
locked|cut|offline
        everyone|everybody|all_of_us ..4 locked|out|blocked|thrown|kicked|stuck|affected|offline
        # PEOPLE ..4 locked_out|can_not_log|can_not_sign|can_not_access|can_not_get_in|without_access
        affects|affecting|hits|hitting|impacts|blocking|blocks ..2 all|every|everyone|everybody|entire|whole|\
hundreds|thousands|## ..2
    """,
    Signal.OUR_FAULT: """
        your|you mistake|fault|error|negligence|carelessness|screw_up|failure|bug ..3 cost|caused|made|lost|\
broke|ruined|is|was|that|$
        your fault|mistake|negligence
        because_of|due_to|thanks_to|owing_to|as_a_result_of you|your ..2 bug|mistake|error|outage|downtime|\
update|release|upgrade|failure|fault|change|system|
        you|your_team|your_people|your_engineers broke|deleted|messed|disabled|destroyed|caused|corrupted|\
ruined|screwed|lost_our
        your ..2 update|release|upgrade|technician|engineer|team|deploy*|change|bug|colleague|portal|system|\
patch|migration ..2 broke|deleted|messed|disabled|destroyed|caused|corrupted|removed|wiped|ruined|lost
        your ..3 rejects|refuses|blocks|rejected|prevents ..8 so|we|us can|could|from
        who ..2 broke|caused|screwed|messed|to_blame|is_at_fault
        who ..4 your ..4 responsible
        to_blame|at_fault|take_the_blame
        admit|accept|acknowledge|own_up ..6 caused|fault|responsib*|blame|mistake|failure
        on|at|from|with your end|side|part ..4 messed|broke|caused|deleted|mistake|fault
        error|problem|fault|mistake|issue|failure is|was|lies|lay ..1 on|at|with your|you
        caused|broken|destroyed|triggered by you|your|yourselves
        you are|were ..1 responsible|to_blame|at_fault
        cost us|me ..2 customer*|client*|contract|deal|order*
        your ..1 people|team|staff|engineers|colleagues|support|company|side ..3 made|did|make ..3 error|mistake|mess
        because you|your|of_you ..5 failed|broke|crashed|forgot|messed|deleted|changed|missed|not|made
        due_to|thanks_to|because_of|owing_to|result_of your ..3
        you ..1 forgot|failed|neglected|overlooked|mishandled|misconfigured|botched|ruined
        caused|done|made on|by ..1 your|you
        your ..3 failed us|our
        take|accept|bear|assume ..1 responsibility|the_blame|liability
        a|the bug|mistake|error|failure|fault of_yours|on_your_part|on_your_side
    """,
    Signal.IRRITATION: """
        had it with
        seriously|ridiculous|unbelievable|absurd|kidding|incredible_that|laughable|annoying|annoyed|frustrat*|\
infuriat*
        come on $
        thanks|thank for|you nothing
        for the love|god|sake|heaven* of|'s|sake
        for god|heaven|christ 's sake
        how hard|difficult can|is
        not have|got ..1 time for
        hello QM
        anyone|anybody there|home
        which|who ..4 lying|telling_the_truth|right_now|wrong_here
        which_one is
        nobody|no_one|not_once told|informed|warned|asked us|me
        just what i|we need*
        great|wonderful|fantastic|brilliant|lovely ..1 another|yet|again
        so|this|too|needlessly complicated|difficult|hard|slow QM
        slow|broken|down|dead|failing|wrong|late|stuck again
        supposed to be ..1 simple|easy|quick|fast
        is this|that|it ..2 joke
        joke
        fix|do it|this|that already|finally|now !and
        whatever it takes
        waste of ..1 time|money
        about time
        still not working|fixed|resolved|solved
        who ..1 broke
        and_now|now what QM
        can not|hardly|barely believe
        not believe this|it
        pay you for
        wow|sigh|ugh|wtf|omg|argh|grr|jeez|geez
        how long ..2 must|will|do|are|is|does !an|a|the|my|our ..3 take|wait|going_to|have_to
        how many times
        really QM
        at_all QM
        at all QM
        managed to ..1 break|ruin|lose
        typical $
        of_course it
        of course it ..1 not|fail*|broke|is
        here we go
        every single|damn
        damn|bloody|crap|stupid|idiotic|hell|insane|nuts|silly|lol
        enough|tired of|is
        honestly what|how|why|who
        what is going_on|wrong_with
        do you ..2 even|ever|actually
        am i ..2 only|alone|talking
        yeah|oh right|great|sure|no
        not again
        must be ..1 joking|kidding
        who on_earth|thought
    """,
    Signal.DOCS_DISPUTED: """
        DOCS ..6 is|are|seems|look*|has ..2 UNTRUE|mistake*|error*|typo_in_code
        DOCS ..6 UNTRUE
        UNTRUE ..2 in|on|about ..2 DOCS
        DOCS ..4 say|says|said|claim|claims|list|lists|describe*|mention*|state|states|tell*|show|shows|\
promise* ~14 not|but|no|never|fails|error*|missing
        page|site|faq ..4 says|claims|lists|describe*|states|contradict* ~12 not|but|never|fails
        not ..8 as|like|where|although|though|what ..2 DOCS ..1 say*|claim*|describe*|mention*|state*|suggest*
        according_to ..2 DOCS ~12 not|but|never|fails|no
        mistake*|error*|inaccurac* ..2 in|on ..2 DOCS
        follow* ..3 DOCS ~12 not_exist|not_there|is_not|not_match|missing|not_find
        contrary|opposite|unlike to|of|what? ..1 your|the DOCS
        DOCS ..5 missing|lacks|omits|incomplete|confusing|nonsense|unclear|broken|old|dated
        DOCS ..5 out of date
        not ..2 work*|behave*|match*|look*|happen* ..2 as|like ..1 described|documented|written|stated|shown|\
explained|promised
        follow* ..3 DOCS|guide|steps ~10 nothing|no_longer|leads|dead_end|does_not|fails_at|stuck
        DOCS ..4 it? says|say|state* ~14 nothing|instead|yet
        described|documented|stated|shown ..3 in ..2 DOCS ~10 not|but|missing|no_longer|nowhere
        different|differs|differ from|than ..2 DOCS
        link|links|example|sample|snippet|code ..3 in ..2 DOCS ..4 not|broken|dead|fails|wrong|outdated
        DOCS ..6 no_longer
    """,
}
