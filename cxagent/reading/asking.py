"""Phrases about what is asked for: assurances, limits, the past, the same again, records gone, changes that last."""

from cxagent.domain.vocabulary import Signal

ASKING = {
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
        extend* ..6 until|till|to ..1 the? end|next ..3 quarter|year|month
        extend* ..5 by|for|another #30 days|more
        extend* ..5 by|for|another # months|weeks|quarters|years
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
        from|since|as_of january|february|march|april|may|june|july|august|september|october|november|december \
..8 credit|refund|reimburse|difference
        credit|refund|reimburse ..8 from|since|as_of january|february|march|april|june|july|august|september|october|\
november|december
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
        START ORD month|week|year
        ORD month|week|year ..3 row|now|running|without|already|that|still|and|we|i|this
        ORD time|invoice|bill|request|attempt|reminder|ticket|mail|email|message
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
        friendly|gentle|kind|polite|second|third|another|last|final|my reminder
        this_is|as a|another|our reminder
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
        keep|leave|always|want|need|raise|double|stay|make|standard|never ..10 from here on
    """,
}
