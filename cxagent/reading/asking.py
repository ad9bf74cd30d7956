"""Phrases about what is asked and what went wrong: assurances, limits, the past, records, numbers, blame."""

from cxagent.domain.vocabulary import Signal

ASKING = {
    Signal.DATA_WRONG: """
        NUM ..10 WRONG ~18 RELIED
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
    Signal.LEGAL_HOLD: """
        DELETE ..6 RECORD ~12 HOLD|under_investigation
        DELETE ~12 HOLD|under_investigation
        audit_trail|evidence ..3 deleted|gone|removed|cleared
        HOLD ~8 deleted|wiped|erased|purged|destroyed
        WIPE ..8 before|by|until|prior_to|ahead_of ..1 the|#|MONTH|end
        delete ..2 RECORD ..6 before|by|prior_to|ahead_of ..1 the|MONTH|#
        delete|remove ..3 project|records|documents ..4 before|prior_to
        litigation|lawsuit|subpoena|preservation_order|legal_hold|litigation_hold|spoliation|court_order|\
retention_order
        HOLD ~8 DELETE ..3 RECORD
        DELETE ..6 history|version*|draft*|trace*|trail ..8 nobody|no_one|not|never|anyone
        so_that|so nobody|no_one ..3 see|find|know|trace|prove
        hide|conceal|cover ..2 tracks|traces|evidence|our_tracks|it_up
        before|ahead_of|prior_to ..3 audit*|investigat*|court*|hearing|inspection|lawsuit ~8 DELETE
        retain|preserve|keep ..6 lawsuit|litigation|court|legal_proceedings|investigation|dispute
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
    Signal.BINDING_WORDS: """
        confirm* ..9 in_writing|will|would|no|not|never|stays|remains|guarantee*|there_was_no
        in_writing|written_confirmation|written_statement|written_assurance|signed_statement
        certify|attest|attestation|assurance|assurances
        can|could|do|will|would|please|must you? guarantee|promise|commit|assure|warrant
        your guarantee|assurance|commitment|word|promise that|on|to
        statement that|confirming|of_compliance
        give|tell|need|name|want ..3 date|eta|deadline|timeline ..3 when|for|by|of
        by when|what_date ..4 fixed|ready|released|available|shipped|live|back|done
        when will ..8 fixed|ready|released|available|shipped|live|back|resolved|delivered|done
        eta
        will|is it|this|that|they|everything ..1 definitely|certainly|surely|guaranteed ..6
        can|may|could we|i ..1 rely|count|bank on
        say yes|it ..1 to|so
        yes_or_no
        what|how_much ..3 will|would|does ..8 cost|be|pay|price|fee ..5 next_year|MONTH|20#*|202*|203*
        what MONTH|next_month|next_year will|would be|cost|look
        what will|would it|that|this|the_price|our_bill|the_bill|we ..1 be|cost|pay ..3 in|next|from|for ..1 \
            MONTH|year|202*|203*
        price|cost|rate|fee|bill ..3 next MONTH|year
        ballpark|rough_estimate|rough_figure|rough_idea|indicative|nothing_binding|non_binding|no_obligation|\
unofficially
        roughly ..8 cost|price|pay|charge
        estimate|projection|figure for|of ..2 next|202*|203*|the_group
        rates|prices|price|rate|fees ..2 will|would|does|do not rise|increase|change|go_up
        price_lock|lock_in|lock in
        fill|fill_in|fill_out ..6 questions|questionnaire*|assessment|rfp|rfi
        complete ..6 assessment|questionnaire*|due_diligence|rfp|security_form
        answer ..4 questionnaire*|## questions
        state|declare|put|acknowledge|certify ..5 officially|formally|on_record|in_writing|legally
        officially|formally ..2 state|confirm|declare|acknowledge
        put|place|go ..1 on record
        can|may|could i|we tell|promise|inform|assure ..4 customer*|boss|client*|ceo|board|team|management \
            ..6 will|by|ready|on
        how_much ..4 would|will ..4 pay*|cost|be ..6 in ..1 #|next|years|year
        how much ..1 would|will ..5 pay*|cost|be ..5 in|next|from|by ..1 #|year|years|MONTH|quarter
        in # years
        will|be|is ..4 fixed|ready|live|done|delivered|released|solved|available by ..1 the|MONTH|#|tomorrow|end|next
        take_care|taken_care of ..4 by
        legally|contractually binding
        commit|commitment ..1 to|that|on
        binding ..1 answer|statement|date|offer|quote|price|promise|commitment
        firm|fixed|exact|definite|definitive|concrete ..1 date|deadline|answer|price|timeline|schedule|delivery
        signed|official|formal|written ..1 letter|statement|confirmation|declaration|answer|reply|document|commitment
        proof|evidence that ..1 no|you|our|all|data
        price|cost|fee|rate*|quote ..4 hold|fixed|frozen|guaranteed|locked|stay
        expected|planned|estimated|target ..1 date|price|release_date|delivery
    """,
    Signal.OVER_LIMIT: """
        #30 more|additional|extra|further ..1 days|calendar_days
        another|additional|extra|further|# ..2 more? months|month|quarter ..4 trial|pilot|evaluation|poc|\
test*|free|of|for_free
        another|additional|extra|more # months
        # more months|quarters
        extend* ..6 until|till|to|by ..1 the? end|next|#30|# ..3 quarter|year|months|days
        trial|pilot|evaluation ..4 #30 ..1 more? days
        add|invite|onboard|create|enable|give|register ..2 ## ..2 people|users|persons|colleagues|editors|\
viewers|employees|members|accounts|names
        add|invite|onboard|create ..2 fifty|thirty|twenty|forty ..2 users|people
        plan|tier|package|contract|subscription|licence|license ..2 not ..2 include|cover|allow|come_with|contain
        not ..3 in|part_of|covered_by|included_in|under ..1 our|the plan|package|tier|contract|subscription|licence
        more ..5 than ..2 our|my|the|we ..2 allow*|pay|plan|tier|contract|package|include*|licen*e
        twice|double|triple ..5 we_pay|we_bought|we_paid|included
        exceed*|over ..1 our|the quota|allowance|plan|seats|licen*e*|entitlement|contracted
        beyond|above|over|more_than ..1 the|your usual|normal|standard|policy|allowed
        beyond ..2 plan|limit|policy|contract
        enterprise|premium|pro|business ..1 feature* ..4 on|in|with|for ..1 our|my|the ..2 starter|basic|free|\
current|small|plan
        used_up|ran_out_of|out_of|no|without ..2 seats|licen*es|seat ..6 anyway|still|add
        make|as|grant ..1 exception
        let it|this slide|pass
        anyway $
        another|more|further|additional|extra # ..1 weeks
        # more|additional|extra|further weeks
        accounts|logins|seats|access for ..2 ## ..1 students|people|users|employees|pupils|staff|persons
        set_up|create|add|open|make|provision|invite|set ..3 ## ..3 user|users|accounts|people|logins
        above|beyond|over|outside|exceeds|past ..2 our|the|your|what ..1 allotment|allowance|plan|quota|\
contract|entitlement|package|policy|scope|we_pay|we_bought|subscription
        though|although|while|despite|even ..6 basic|starter|free|small*|cheap*|lowest|entry ..1 plan|tier|package
        not|never ..2 entitled|pay|paid|paying|bought|purchased ..2 for|to|it ..4 but|still|anyway|though|could
        without ..1 paying|upgrading|extra_cost|additional_cost|charge
        for free|nothing ..2 please|this_time|again
        higher|bigger|larger|more ..3 than|then ..2 contract*|plan|agreed|bought|licen*ed|allowed
        exceptionally|as_a_favour|as_a_favor|bend_the_rules|goodwill_gesture_beyond|special_treatment
    """,
    Signal.RETROACTIVE: """
        backdat*|back_dat*|retroactiv*|retrospectiv*|antedat*
        effective|with_effect_from|retroactive last|previous|past ..1 month|year|quarter|january|spring|summer
        with_effect|effective|start*|cancel* ..6 ago
        count*|apply|applied|calculate* ..6 from|since|for|as_of ..2 last|previous|past|earlier|ago
        refund|credit|reimburse|money_back|difference|compensat*|pay_back|give_back|repay ..8 past|previous|\
since|ago|earlier|months|unused|all_of_last|prior
        since ..8 reimburse|refund|pay_us_back
        give|pay|send us|me ..1 money|back ..8 since|for_the_past
        reissue|re_issue|correct|change|amend|redo|rebill ..3 all|earlier|past|previous|prior|old ..2 invoice*|bill*
        reissue|re_issue|rebill|rewrite ..6 last|earlier|past|previous
        all|every earlier|previous|past|prior|old ..1 invoice*|bill*
        start_date|beginning ..8 ago|back|earlier
        should not|never ..1 have been paying|charged|billed|pay* ..6 since
        for the past|last # months|years|quarters
        invoice|bill|contract ..1 date|dated ..4 last|previous|earlier|back
        overpaid|overpayment|overcharged ..6 last|past|since|months|years|previous|all
        back|refund* ..8 over|in|for|during ..1 the|last|past ..1 #|few|several months|years|quarters
        price|fee|rate|discount|downgrade|change|cancellation|reduction|plan|terms ..6 from|starting|since|\
as_of|valid_from|effective ..3 last|previous|past
        as_of|from|effective this past MONTH
        valid|effective|count ..2 as_of|from|since ..2 past|last|previous
        cancel*|downgrad*|reduce ..6 as_of|from|since|effective|dating ..2 last|previous|past|ago
        for all ..1 previous|past|earlier|prior ..1 months|years|quarters|invoices|bills
        go|dating|date back to ..2 last|MONTH|start|beginning
    """,
    Signal.REPEATED: """
        ORD time|month|invoice|week|year|bill|request|attempt|reminder|ticket|mail|email|message
        in a row
        once more|again ..2 we|i|please|the|need|want
        yet again
        same ..3 as|like|thing ..1 last|before|previous|in|earlier|always
        like|as ..1 last_time|you_did|you_have_done|the_previous|the_last|before|every_time|we_did_before
        keeps|kept|keep happening|coming|occurring|recurring
        twice|several_times|many_times|repeatedly|multiple_times ..2 already|before|now
        already|have|has asked|wrote|written|reported|requested|mentioned|raised|told|sent ..5 twice|several|\
before|times|already|repeatedly
        asked|wrote|written|reported|mentioned|complained ..4 before|already|twice|several|earlier|times
        as i|we ..1 wrote|said|mentioned|reported|asked ..1 before|earlier|already|last
        following|follow|chasing up? again|once_more
        again on|about my|our|the ..1 request|ticket|earlier
        no|not|without ..3 answer|reply|response ..3 to|on ..1 my|our ..1 previous|earlier|last|two|three|first
        my|our previous|earlier|last # messages|emails|tickets|requests|mails
        extend*|renew|waive|credit ..2 again
        every single week|day|time|month
        you gave|granted|did us|it|for ..4 last
        times already|now
        how_many|how many|often times|do ..4 ask|tell|explain|write
        reminder
        yet|still another ..1 time|occasion|outage|mistake|error
        like|as ..1 last year|time|month|quarter|week|spring|summer|autumn|winter ..4 could|can|please|you|\
build|make|give|again|we|i
        told|asked|wrote|reported|said|explained ..4 two_times|three_times|# ..1 times
        happened|happens|occurred ..2 again|before|yet_another|repeatedly|every
        two|three|four|five|several|many|multiple|countless|dozen times
        already ..2 told|asked|wrote|written|reported|explained|complained|contacted|requested|raised
        still waiting ..2 for|on ..3 answer|reply|response
        my # message|mail|email|ticket|request
        again and again
        as usual|always|ever
        recurring|recurrent|reoccurring|repeatedly|time_and_again|every_month|each_month ..1 problem|issue|\
error|mistake|wrong
        repeat of
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
    Signal.PERMANENT_CHANGE: """
        lift|raise|keep|make|want|need|increase|leave|let|get|have|grant|allow|set|remove|waive|use|disable|\
enable ..8 PERM
        PERM ..2 unlimited|limit|increase|higher|quota|please|raise*|exemption|exception|change|solution
        be|become|made|stay|remain ..1 PERM|new_default|the_default|the_norm|standard
        as|be|become|this ..2 new ..1 default|standard|norm
        exception|it|this standard for|$
        for the_rest|remainder|whole|entire ..1 of ..2 contract|term|year|agreement
        never ..2 apply|throttle|charge|limit|bill|restrict ..5 again
        stop using|training|sharing|collecting ..1 our|my
        from|as_of now_on|today_on
        for_good|once_and_for_all|indefinitely
        for|to always|ever|all_time|keeps
        stay|stays|remain|remains ..3 with_us|in_place|this_way|that_way|like_this|like_that ..3
        as a|the|our ..1 lasting|standing|permanent|general|standard ..1 rule|solution|arrangement|setting|limit
        long_term|longterm|unlimited_duration ..3 limit|increase|quota|solution|exception
        never ..3 limit*|throttle*|cap|restrict* ..3
        every|each month|quarter|year|week ..2 from_now|going_forward|from_here
        from here on
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
        how long ..6 take|wait|going_to|must
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
