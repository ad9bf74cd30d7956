"""Phrases about authority: who claims it, instructs the machine, asks for others' data, recalls a spoken word."""

from cxagent.domain.vocabulary import Signal

CLAIMS = {
    Signal.FORGED_AUTHORITY: """
        as|i_am ..2 RANK ..8 authori*|instruct*|order|trust_me|approve*|no_need|skip|bypass|demand
        on_behalf_of|speaking_for|in_the_name_of|acting_for ..3 RANK|head_office|headquarters|management|leadership
        you|your|yours ..4 STAFF ..4 already? APPROVED
        someone|somebody ..1 from|at|on|in your ..4 APPROVED
        APPROVED ..1 by|with ..2 your ..3 STAFF|side
        signed ..3 off ..1 with|by ..2 your
        promised|agreed|said|told|approved ..8 just_apply|just_do|just_book|simply_apply|just_give|so_apply|go_ahead
        per|after|following|based_on ..1 my|our|the ..1 call|conversation|talk|meeting|chat ..6 you_can|you_may|skip
        this_is|i_am ..3 's ..2 assistant|pa|secretary|ea|deputy|wife|husband|lawyer|attorney|office
        i_am|this_is ..1 assistant|pa|secretary|deputy to|of|for
        skip|bypass|waive|without the|this|your|any|usual|further? ..1 verification|security|checks|check|\
authentication
        skip|bypass|without|omit|forget identity|security ..1 check*|question*
        need|have to verify|check|confirm|question me|my_identity|this|with_anyone|who_i_am
        no_need to ..1 verify|check|confirm|ask
        i|we work for|in|at ..2 security|fraud|it|legal|finance|compliance department|team|desk
        instruct|authori*e|order|command you to|because
        reset|change ..6 his|her|their|'s ..6 to ..1 my|a_different|another
        she|he|boss|director|ceo|cfo|president asked|told|ordered|wants ..6 password|mfa|owner|refund|transfer|admin
        his|her|their ..3 reset ..3 to|on ..1 my|a_different|another
        wants|want ..2 owner|ownership|admin ..1 role|rights|access? transfer*|moved
        give|hand|send me|us ..2 recovery_code*|backup_code*|master_password|root|full_admin
        as ..1 trustee|executor|liquidator|heir|administrator|guardian ..6 take_over|without|may
        without his|her|their consent|knowledge|approval|okay
        pay|transfer|send ..6 or ..2 publish|leak|release|expose|sell
        bitcoin|btc|monero|ransom|ransomware|you_have_been_hacked
        transfer|send|pay # btc|eth|bitcoin
        not|no|lost ..4 reach|access|have|open ..1 my|our work|company|business|corporate|office mail|email|\
inbox|account
        @ ..1 new_address|new_email|new_mail
        trust_me ..4 verify|check
        system|admin|finance|management|headquarters approved|authori*ed|cleared
        given|gave|granted|have|has me|us ..1 the|full|his|her? ..1 authority|permission|power|mandate|\
approval|go_ahead
        RANK ..3 given|gave|granted|delegated me|us
        RANK|boss ..6 has|have|had? already|personally? APPROVED
        calling|writing|asking|acting|emailing|here for|behalf ..1 mr|mrs|ms|the|our|dr ..4 RANK
        power_of_attorney|in_his_absence|in_her_absence|by_proxy|on_his_behalf|on_her_behalf|in_their_name
        his|her|their ..1 mfa|two_factor|2fa|authenticator|password|phone|login ..4 moved|changed|sent|\
transferred|reset ..4 this|my|another
        without ..1 further|any|more ..1 questions|review|delay_or|checks|verification
        told|said|agreed ..4 i_am|we_are|i_may|we_may|i_can ..2 allowed|permitted|cleared|have|be ..4 owner|\
admin|owner_account
        i_have been|am ..1 appointed|designated|named|nominated|sent as|by
        you ..2 supposed|required|obliged to ..2 comply|follow|do_as
        no further|additional|more ..1 approval|check*|verification|questions
        do_not|without|no_need_to ..1 call*|verify*|check*|involve|inform|tell|asking|contact* ..1 him|her|\
them|the_owner|the_admin|back
        internal|vendor|your_own|support ..1 staff|admin|employee here|override
        i_am your ..1 colleague|coworker|employee|administrator
    """,
    Signal.EMBEDDED_INSTRUCTIONS: """
        ignore|disregard|forget|override|bypass|overrule !my|our ..4 instruction*|prompt*|guideline*|rules|\
policy|policies
        ignor*|vergiss|vergessen|missacht*|oubli*|olvid*|negeer|desconsider*|dimentic*|zignoruj ..5 MANDATES
        ignore|disregard|forget !my|our ..2 orders|commands|directions|directives|guidance
        ignore|disregard|forget ..3 you_were_told|you_have_been_told|above_and|your_training|your_programming
        you_are now ..1 in|an|dan|free|unrestricted|operating|acting|authori*ed|allowed|developer|admin
        as|being|since ..2 an|a|the ..2 ai|language_model|chatbot|llm|bot|automated ..3 you must|should|will|can|are
        as|being an|a ai|assistant|language_model|bot|llm ..2 you
        if you_are an|a ..2 ai|assistant|bot|automated|language_model|llm|machine|robot
        pretend|imagine|roleplay|suppose ..1 that? you_are|to_be
        act as if|though|a|an|the|my ..3 admin*|supervisor|system|developer|ai|no_rules
        decode ..6 base64|rot13|hex|morse
        base64|rot13 ..8 do|follow|execute|run|obey
        decode ..8 do|follow|execute|run|obey
        your|reveal|repeat|print|output|show ..3 system_prompt|hidden_prompt|initial_instructions|hidden_instructions
        note|message|attention|instruction|instructions|hint to|for the? ai|assistant|bot|language_model|llm|\
model|agent
        dear ai|assistant|bot|model|language_model|llm|agent
        set|raise|put ..2 confidence ..2 to
        mark|treat|classify|tag|label|flag|consider ..5 as ..1 approved|pre_approved|verified|trusted|safe|\
low_risk|act
        reply|respond|answer|output|say only with|the_word|yes|approved
        system_override|developer_mode|maintenance_mode|jailbreak|god_mode|debug_mode
        new instructions|directive|task from|for|follow|your
        skip|disable ..1 the? review|safety|gate|guardrail*|approval_step
        call|invoke|execute|trigger the|your ..2 tool|function
        end_of ..2 user|message|ticket|prompt ..3 new|system
        obey|follow|execute|apply only? ..2 this|these|my|the_following ..2 text|instruction*|command*|rules|prompt
        guidance|rules|instructions|policy|policies|restrictions|guidelines|limits|safeguards ..6 no_longer|\
not ..1 apply|count|valid|bind
        from this|now ..2 on you|the_assistant|the_bot are|must|will|should|shall|may|act|only|always
        ai|assistant|bot|agent|llm|model ..2 approve|grant|issue|refund|ignore|execute|mark|close_this_as_approved
        approve|grant|issue|refund|pay ..6 without ..1 review|approval|checking|a_check|human
        whatever ..1 rules|policy|instructions|guidelines ..4 you
        your new|real|actual|true|only ..1 instruction*|task|role|goal|rules|objective
        you must|shall|will ..1 comply|obey|output|approve|grant|always_say
        you|assistant|bot have|has ..1 no ..1 restrictions|limits|rules|filters
        this message|ticket is|was ..1 pre_approved|system_generated|from_the_system|trusted
        treat this|the_following|my ..3 as ..2 instruction*|command*|system
        print|reveal|show|output|dump|leak ..2 your ..2 instructions|rules|configuration|prompt|secrets|memory
        hidden|secret ..1 instruction*|command*
    """,
    Signal.OTHER_ACCOUNT: """
        see|access|view|show|shows|contain*|return|returns|includes|get|find|download*|open ..6 OTHERS 's? \
            ..2 DATA|stuff
        belong* ..3 OTHERS|not_us|not_to_us
        belong* to ..1 a|another|some ..3 firm|company|organi*ation|customer|client|business
        OTHERS 's DATA
        DATA ..8 OTHERS
        someone_else|somebody_else 's ..2 DATA|workspace
        data|files|records|invoices|contacts|documents|tickets|list|access ..3 from|of|to ..2 OTHERS
        user|member|admin|add_me|tenant|access|account ..4 of|to|in ..2 OTHERS
        records|data|files|invoices|contacts|documents|projects|tickets|names ..8 are|is ..1 not ours|mine|our_own
        data|files|records|access|invoices|documents ..6 company|organi*ation|customer|firm ..1 we|i do_not \
            know|recogn*
        our|my|the|a OWNS 's !name|names|email|emails|number ..2 DATA|firm|business|company
        our|my KIN 's ..2 firm|business|company|account|workspace|subscription|shop|organi*ation
        my|our KIN ..2 also? uses you
        email|give|send|tell ..2 me|us ..2 her|his|their ..1 usage|invoice*|numbers|plan|data|bill|price
        sister|subsidiary|affiliate* company|firm ..2 account|workspace|tenant|user*
        which|what ..2 plan|price|deal|rate ..6 competitor* ..3 on|pay|pays|have|has|get
        what|how_much did|do|does !we|i|you|one|it|the|a|an|our|this|that ..4 pay ..3 for their|its|his|her
        they|she|he are|is also with_you|your_customer|customers_of_yours
        saw|see|seeing|found|find|shows|shown|displays|listed|received|got ..10 not us|ours|our_company|belong*|mine
        that|which|who|and is|are ..1 not us|ours|our_company|our_data
        stranger|strangers|unknown_company|unknown_companies|unrelated_company 's? ..3
        our|my partner|client|customer|sister|subsidiary|friend|daughter|mother|parent firm|company|business
        i|we do|work|consult|working|act ..3 for them
        invoice*|data|account|usage|plan|contract|bill|login ..2 of|for ..1 our|my|a|the ..1 partner|client|\
customer|supplier|friend|competitor|neighbour|affiliate
        another|other|different|second company|firm|business ..3 also? with_you|customer_of_yours|uses_you
        mixed|mixing|swapped up? ..4 customer*|tenant*|accounts|companies|with_another
        behalf of ..1 another|a_different|my_client|our_client
    """,
    Signal.NEW_RECIPIENT: """
        pass|hand|hand_over ..4 on|over? ..1 to ..1 our|my|the|an|a OUTSIDER
        invoice*|bill|bills|report|export|data|list|statement|files|backup ..1 go|be_sent ..1 straight|directly? ..1 \
            to ..1 our|my|the OUTSIDER
        be|get ..1 sent|copied|mailed|emailed|forwarded|given|passed ..2 to ..2 OUTSIDER
        let|grant|give|allow ..1 our|my|an|a|the ..1 OUTSIDER ..2 have|access|see|download|get|read
        transfer|pay|wire|refund ..2 amount|money|refund|it|sum|credit ..1 to|into ..1 a|another|the|our|my ..1 \
            new|different|other|another account|iban|bank
        our|my|the|an ..1 OUTSIDER ..1 should|shall|must|needs_to|has_to get|have|receive|see ..2 access|copy|data|\
dashboard|reports|the
        SEND ..12 to|at|with|cc|copy|via ..8 @
        SEND ..8 copying|cc|bcc ..3 @
        SEND ..8 third_party ..6
        SEND ..8 to|on|into|onto|in this|that|my|the_following|his|her ..3 CLOUD
        SEND ..8 to|on|into|onto our ..2 dropbox|google_drive|wetransfer|onedrive|icloud|box_folder|s3_bucket|ftp
        here_is|here_are ..3 CLOUD
        to|at|on|into|from|use ..1 my|his|her|our private|personal|home|other|gmail ..1 MAIL
        to|at|from|use ..1 my|his|her own email|mail|address|inbox|gmail|mailbox|dropbox|number|phone
        to|at|on|into ..1 my|his|her|our ..2 private|personal MAIL|google_drive|dropbox
        to|on my gmail|hotmail|yahoo|icloud|phone|mobile|number
        SEND ..8 to|with ..1 our|my|an|a|the ..3 OUTSIDER
        SEND ..2 our|my|an|a|the ..2 OUTSIDER
        report|export|file|files|invoice|invoices|data|backup ..1 go to|out_to ..3 OUTSIDER
        new|different|another|updated|changed ..1 bank_account|bank_details|iban|payee|account_details|bank_connection
        bank_details|bank_account|iban|account_details ..3 changed|new|different|updated
        use ..2 new|different|another|this ..2 email|mail|address ..8 @
        new email|mail|address|recipient ..6 @
        @ ..2 new ..1 address|email|mail|recipient
        send ..8 not_in_the_system|not_registered
        changed|switched ..1 banks|bank
        refund|pay|transfer|credit|wire ..5 to|into ..1 this|another|different|my|the_following ..2 account|\
iban|card|wallet|paypal
        let|allow ..1 our|my|an|the ..3 OUTSIDER|law_firm|firm have|see|download|access|get
        SEND|delivered|sent|forwarded|shared|mailed|emailed ..8 to|with ..1 our|my|an|a|the ..2 law_firm|\
notary|tax_office|parent_company|ex_colleague|landlord|bank|broker
        delivered|sent|forwarded|mailed|emailed|shared ..8 to|at|with ..4 @
        not|never|no ..2 in|on ..1 the|your|our system|list|directory|workspace ..1 yet
        attn
        to|on|via ..1 my whatsapp|telegram|sms
        use|take ..3 my private|personal
        SEND ..6 to my ..1 assistant|wife|husband|son|daughter|partner|friend
    """,
    Signal.UNVERIFIABLE_CLAIM: """
        your|you_guys ..3 STAFF ..7 SAID|let_us|gave_us
        someone|somebody ..2 in|from|on|at|of ..1 your|chat|sales|support|you|yours ..4 SAID
        a colleague|rep|engineer|manager of_yours ..5 SAID
        told|assured|informed by ..2 colleague|rep|engineer|sales|your|a|someone ..8 GIFT
        was|were told|assured|promised ..8 GIFT
        i|we was|were ..1 promised|offered|guaranteed
        as|like agreed|promised|discussed|arranged ..2 verbally|orally|by_phone|on_the_phone|with|in|at
        as promised
        had|made|have|has|got a|an ..1 deal|arrangement|understanding|agreement with|about|for|on
        gentlemen|gentleman|verbal|oral|handshake 's? agreement|deal|promise
        predecessor ..5 deal|agreed|agreement|arrangement|SAID
        according_to ..1 your ..3 STAFF
        in|at|during|on|over the|a|an|our|your ..1 demo|meeting|conference|call|webinar|phone|fair ..4 you|\
your ..3 SAID
        you|you_guys promised|offered|guaranteed|agreed|assured|committed ..1
        you|you_guys said|told ..10 GIFT|free
        you|you_guys said|told !to ..1 us? ..1 in|at|on|during ..2 meeting|call|phone|demo
        the|an|one ..1 engineer|rep|technician|salesperson|consultant|salesman ..2 SAID
        already promised|agreed|confirmed_to_us
        we|i ..1 agreed on|to #
        sales|support|chat SAID us|me|that|we|it
        from|at|of your|the office|side|company|team|sales ..3 SAID
        spoken|oral|verbal|informal|unwritten|handshake ..1 agreement|deal|promise|arrangement|understanding|\
commitment
        SAID me|us ..4 #|discount|half|free
        used_to|always|previously been|be|get|got|had|have|was ..3 free|waived|included|discount*|cheaper|half_price
        when|before ..1 we signed|bought|started|joined ..8 SAID|free|included
        were|was led|given to|the ..1 believe|impression|understand
        i recall|remember ..6 SAID|agreed|you
        SAID|agreed ..4 on_the_phone|by_phone|verbally|in_person|over_lunch|orally
    """,
}
