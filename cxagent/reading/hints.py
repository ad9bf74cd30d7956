"""Phrases said between the lines or with a borrowed voice: comparing, leaning on a person, claims, public pressure."""

from cxagent.domain.vocabulary import Signal
from cxagent.reading.topics import Topic

_WHOSE = "my|a|an|one_of_my|one_of_our|another|some"

HINTS: dict[Signal | Topic, str] = {
    Signal.EXIT: """
        side_by_side|scorecard*|matrix|comparison|grid|table|bake_off|long_list|longlist|beauty_contest|ranking \
            ..7 tools|platforms|vendors|products|candidates|contenders|suppliers|providers|options|the_others|\
two_others|three_others|the_other_two
        tools|platforms|vendors|products|candidates|contenders|suppliers|providers ..3 side_by_side|next_to_each|\
scorecard*|matrix|in_the_running|we_might|on_our_list|under_review
        side_by_side ..6 your|you|yours
        column|row|cell|line|field|box|slot ..3 with|next_to|for|beside|under|behind|per your|you|yours|product|\
vendor|supplier|platform
        for yours i ..4 miss|lack|need
        scorecard* ..2 for|of|with ..3 platforms|vendors|tools|you|suppliers|providers|products
        short_list|shortlist* ..6 you|your|yours|of_two|of_three|of_four|others|vendors|tools
        you|yours ..6 shortlist*|short_list|final_round|bake_off
        shortlisted|short_listed
        bake_off
        rank|ranking|rate|rating|score|scoring|weigh|weighing|benchmark* ..2 you|tools|platforms|vendors|products ..3 \
            against|category|list|each|others|rest|market
        weigh|weighing|comparing|compare|benchmarking|measure|measuring|hold you|your|yours ..4 against|with|to \
            ..4 other*|rest|two|three|market|another
        each of the contenders|candidates|vendors|platforms|finalists
        pros and cons ..4 tools|tool|platforms|vendors|you|your|every|each
        pilot|piloting|trial|trialling|testing|tested|test|proof_of_concept|poc ..3 a|another|an|the|some|with ..2 \
            different|another|second|other|new|rival ..1 supplier*|vendor*|provider*|platform|tool|product|\
app|system
        second|another|different|other ..1 supplier|vendor|provider|platform ..3 on_trial|in_parallel|on_test|\
is_running|in_testing|in_a_pilot
        run|running|have|having|get|getting|bring|bringing|move|moving|put|putting|rebuild* ..6 \
            in|on|into|onto|to|inside ..3 group|parent|owner|own|house|in_house|internal ..2 \
            platform|system|solution|software|erp|stack
        group|parent|parent_company|owner|headquarters|holding 's ..1 platform|system|solution|software|tool|stack
        own|in_house|home_grown|homegrown|internal|self_built ..1 platform|solution|software|replacement ..3 \
            from|next|by|in|instead|which|will|so|what
        preparing|prepare|plan|planning|prepares|plans|start|starting ..2 switch|move|change_over|changeover|\
migration ..1 to ..2 in_house|another|other|group|new_provider|new_vendor|new_supplier|own
        hand|handed|handing|pass|passed|passing|transfer|transferred|give|given|load|loaded|move|moved|carry|\
carried|port|ported ..2 over|on|in? ..1 to|into|by ..2 another|other|different|next|successor|follow_up ..2 \
            system|platform|vendor*|provider*|supplier*|software|tool|solution
        different|another|other|new ..1 provider|vendor|supplier|system|platform ..1 load|read|import|take|use ..2 \
            them|it|our|the
        follow_up|following|subsequent|future ..1 solution|system|tool|vendor|provider|supplier ..3 get|receive|\
read|need|load|from_you
        into|to the system|platform|tool|software of ..2 new|parent|group|owner|headquarters
        run|running|have|having ..8 on|in the platform|system|software of ..1 our|the|her|their group|parent|owner|\
holding
        how you ..1 do|compare|stand|rank|score|fare ..1 against|to|with|among
        replac* ..2 each|every|all ..1 tool|tools|software|vendor
        made|make|reached|through ..3 second|next|final|last ..1 round
        new owner|owners|parent|shareholder ..4 own ..1 software|system|platform|tool
        account ..2 at|with ..2 other|another|different platform|provider|vendor|supplier
        decide|choose|wish|want|prefer not ..1 to ..1 carry_on|go_on|continue|stay|prolong|renew
        second source|supplier|vendor|provider ..2 for|to|alongside|beside|as
        prefer* ..4 vendor|supplier|provider|tool|system they|he|she|we ..1 had|used|know|knew
        market overview|comparison|survey|scan
        using|use|run|move ..3 headquarters|parent|hq|parent_company 's? software|system|platform|tool|solution
        outgrown ..2 you|this|your|the
    """,
    "exit_topic": """
        keep|kept|data|records|history|receive|happens|get|delete* ..8 after|once|when|at|beyond|\
following ..3 end of ..2 \
            term|contract|agreement|subscription|licence|license
        end of ..2 term|contract|agreement|subscription ..6 data|records|history|delete*|keep|kept|receive
        once|when|after|if ..2 contract|agreement|subscription|term ..1 is|has|ends|ended|runs|expires|over|finished
        data|records|history|entries|files ..6 handed|hand|passed|transferred|moved|carried ..2 over|on? ..1 to ..2 \
            another|other|different|new|next
        format*|form|file_type* ..8 handed_over|hand_over|take_with|another_system|leave|leaving|other_system|\
another_tool|follow_up|successor|if_the_agreement|at_the_end|end_of_the
        take ..3 with_us|along ..3 if|when|once|after
        if|when|once ..2 contract|agreement|subscription ends|ended|expires|stops
        outgrown ..2 you|this|your
    """,
    Signal.RELATIONSHIP_OWNER: """
        START|and|but|since|because|as !my|our|it|this|that|you|we|i|the|your|they|support|which|and ..1 \
            always|usually|normally|used_to|generally|mostly ..1 SHOWED ..3 me|us|our|this_for|these_things|\
such_things|that_with
        he|she|who always|usually|normally|used_to ..1 SHOWED
        i|we used_to|always|usually|normally ask|asked|call|called|ring|rang|phone|phoned|turn|turned|went|go ..1 \
            to? !you|the_help|the_docs|support|for|it
        has|have always|usually done|helped|handled|sorted|looked|taken|shown|explained|set ..2 this|that|it|us|me|\
after|everything
        normally|usually|always|before i|we ..1 would|could? ..1 ring|call|ask|phone|go_to|turn_to|speak
        START is|when ..1 will|does|is? !the|it|this|that|our|my|your|everything|a ..3 back|return|returning|\
returns ..2 from|at_work|in_the_office|to_work ..1 \
            leave|maternity|paternity|holiday|holidays|vacation|sabbatical|parental|sick|hospital|honeymoon|her|his|\
work|$
        START or? is !the|it|this|that|our|my|your|there|everything|service|access ..3 on|from holiday|vacation|leave|\
sabbatical|parental_leave|maternity_leave|sick_leave !how
        when ..1 will|is|does ..1 he|she ..2 back|return|available|in
        only|just trust* !the|this|that|your|these|you
        trust ..1 him|her|only|nobody_but|no_one_but
        only|rather|prefer|would ..2 discuss|talk|speak|work|deal|wait ..2 with|to|for|until ..3 him|her|he|she|\
is_back|comes_back
        wait|waiting ..2 for|until him|her|he|she
        wait|waiting until ..2 is back
        he|she is|was ..1 the ..1 only ..1 one|person
        the|only only|one|person ..1 one|person? ..1 who|i|we|that gets|get|knows|know|understands|trust|trusts|\
fully ..3 our|us|setup|$
        he|she ..2 knows|known|understands|gets how|our|us|what|everything|since ..2
        he|she set|built|configured ..3 up? ..3 for_us|for_me|with_us
        set all_of_this|everything|this|all_this|it|that up for us|me
        helped|showed|walked|explained ..4 last_time|back_then|the_other_day ..3 can|could|would he|she
        could|can he|she ..3 again|do|take_a_look|look|help|show|call|ring|answer
        is ..2 around|available|there|in|on_duty|at_his|at_her today|at_the_moment|$
        still|even? ..1 work|works|working there|here|with_you|for_you|at_your
        is !the|it|this|that|our|my|there|everything|your|data|support ..1 still with_you|at_your|there $
        check|ask|asking|consult ..1 with? ..2 he|she ..1 knows|has|set|did|does|always|understands
        not|never heard ..1 from !you|your|support|the|anyone|anybody ..6 in_a|for_a|since|lately|him|her
        without !a|an|the|any|our|my|your|it|this|that i|we ..3 lost|stuck|helpless
        changed|switched|moved teams|jobs|departments|to_another_team
        since day one
    """,
    Signal.FORGED_AUTHORITY: """
        i_am|we_are|this_is|is|am|speaking|writing|here ..5 your|vendor|vendor's|own|corporate ..2 engineering|\
platform|security|operations|support|product|finance|leadership|management|infrastructure|compliance|corporate ..2 \
team|leadership|department|staff|lead|management|group|division|office|on_your_side
        i_am|we_are|am|are|is|this_is ..2 from|with|at|in|of|one_of ..1 your|the|vendor's ..1 own|internal|\
corporate|vendor|security|engineering ..2 team|staff|people|admins|administrators|engineers|leadership|management|\
department|office
        i|we work for|at ..1 your|the_vendor|vendor
        vendor|vendor's ..1 staff|employee|employees|engineering|leadership|operations|support|management|security
        your|own own|head|security|internal ..1 security|of|staff|support|engineering|admin* ..2 staff|support|\
team|sales|engineering|finance|it|security ..1 here|speaking|writing
        this_is|i_am your ..2 RANK|head|vp|director|chief|manager|boss
        as your ..1 vice_president|head|director|RANK|vp|chief|manager|boss ..6 i
        writing|write|posted|posting|sent|send|speaking|working|using|use|borrow*|message* ..3 \
            through|via|out_of|over|using|by|this? ..2 customer*|client* ..1 's? ..1 \
            mailbox|account|inbox|portal|mail|email|login|address
        writing|write|message ..2 from ..2 customer|client|customers 's mailbox|account|inbox|portal
        mailbox|account|inbox|portal|login of ..1 your|a|the|this customer|client
        this|their|the|his|her|that customer|client 's mailbox|account|inbox ..3 to
        i|we ..1 authorise|authorize|sanction ..1 it|this|that|the|them
        i|we hereby approve|release|clear|confirm
        i_am|we_are ..2 a|the director|manager|vp|head|chief at|in|of your
        we from your|the headquarters|management|leadership|board
        i take ..1 full? responsibility ..1 for|$
        is|are|was|been hereby? ..1 authorised|authorized $
        i sign off on
        acting|writing|calling|speaking|here on|for|in ..1 behalf|name|the? of? ..3 police|authority|authorities|\
regulator|prosecutor*|ministry|court|government|bank|customs|leadership|state|tax_office|supervisory
        we_are|i_am|as|this_is|here_is|here ..1 with|from|of|at|the|a? ..5 police|prosecutor*|customs|\
tax_authority|tax_office|supervisory|regulator|ministry|bailiff|detective*|investigator*|inspector*|\
authorities|interpol|europol|law_enforcement|secret_service ..10 require*|need*|must|demand*|order*|instruct*|\
request*|hand|give|send|surrender|release|provide|disclose|grant|want*|obliged|do_not|data|list|full_access
        police|prosecutor*|customs|tax_authority|tax_office|supervisory_authority|regulator|ministry|authority|\
authorities|law_enforcement|bank|fraud_department ..4 order*|require*|demand*|needs|instruct*|oblige*|wants|\
request* ..2 you|the|your|us|full|access|all|data|payment ..6
        police matter|order|investigation|business|request
        fraud|security|risk|anti_money ..1 department|desk|team|unit ..4 require*|need*|demand*|request*|wants
        work for|at the|a ..1 bank of
        you ..2 obliged|required|bound|compelled to ..2 hand|give|provide|send|surrender|release|disclose|\
cooperate|us|grant
        you ..2 obliged|required|bound|have|must|compelled ..1 by? ..1 law|legally? ..2 \
            hand_over|surrender|disclose|keep_this|provide_it
        legally obliged|required|bound to give|hand|provide|send|release|grant
        without|do_not|never|not ..1 let|inform|informing|tell|telling|notify|notifying|alert|alerting|involving|\
the ..2 owner|account_holder|account_owner|company|customer|admin|administrator|manager|her|him|holder|them \
            ..1 know|that|about|$
        without the|her|his|their knowledge of
        keep this|it ..2 confidential|secret|between_us ..2
        auditors|auditor appointed by
        as ..1 auditor*|inspector*|investigator*|supervisory|regulator|authority ..6 require*|instruct*|demand*|order*
        leadership|management|operations_team|security_team|engineering_team on your|the_vendor side
        with|from ..2 leadership|management|engineering on your side
        internal request from|of|by
        customer|client|account ..6 actually|really|in_fact ..1 with|from|at|part_of your
    """,
    Signal.EMBEDDED_INSTRUCTIONS: """
        p s|ps ..1 for|to ..3 ai|assistant|bot|language_model|llm|model|agent|machine|robot|chatbot|helper
        ps|pps|postscript ..2 for|to ..2 ai|assistant|bot|language_model|llm|model|agent|machine|robot|chatbot|\
whichever|whoever
        to|for the|any|whichever|whatever|every ai|assistant|bot|language_model|llm|chatbot|machine|agent|model|\
robot ..1 reading|which|handling|who|answering|handles|in_charge
        to|for|dear|hey the? ..1 ai|language_model|llm|chatbot|bot ..6 must|treat|approve|approval|mark|you_may|\
you_can|from_now|from_here|confirmed|no_human|skip|ignore
        note|message|hint|memo|remark|reminder ..1 to|for the|any|our|your? ..2 ai|assistant|bot|language_model|\
llm|model|agent|chatbot|machine|robot
        answer|reply|act|decide|respond|continue|proceed|go|approve|book|work without ..2 human|people|person|\
asking|approval|sign_off|confirmation|supervision|oversight|review ..1 approval|sign_off|review|human|anyone|\
confirmation|people|person|from
        no|without ..1 human|person|employee|colleague ..3 approve|approval|confirm|confirmation|sign_off|review|check
        disable|deactivate|remove|drop|lift|switch_off|turn_off|suspend|forget ..1 all|every|any ..1 \
            limits|restrictions|safeguards|guardrails|safety !on|in|per|for_guests
        disable|deactivate|remove|drop|lift|suspend|forget|stop ..3 your ..2 limits|restrictions|safeguards|\
guardrails|\
filters|safety|rules|checks|controls
        switch|turn off all|every? your|safety ..3 limits|limit|restrictions|safeguards|guardrails|filters|rules|\
checks|controls
        if ..1 an|a|any ai|bot|llm|machine|language_model ..1 reads|handles|answers|processes
        system message|note|prompt|notice follows|begins|starts
        whatever|what they|you ..2 taught|told|trained|programmed you|to ..4 switch|ignore|forget|drop
        written|meant|intended|text for|to ..1 machine|model|bot|ai|language_model|assistant
        you may|can decide|answer|act|approve ..1 without
        language_model|llm|ai_agent|chatbot book|credit|refund|grant|approve|pay|the_above|treat|issue|give
        ai agent|assistant|model the|you|treat|approve|grant|above|book
        model|bot|assistant|machine deactivate|disable|ignore|override|switch|approve|grant|bypass
        above|following approval|permission ..1 counts|applies|holds ..1 for|to ..2 later|all|every|future|following
    """,
    Signal.OTHER_ACCOUNT: f"""
        my|our|a|an KIN|buddy|pal|mate|uncle|aunt|client|customer|landlord|tenant|employer|boss's_wife ..1 of? ..1 \
            mine|who? ..1 runs|owns|has|manages|operates|leads ..6 reset*|unlock*|add|send|login|log_in|password|\
locked|stuck|his|her|their|them|him|your|you|platform|also
        {_WHOSE} KIN|client|customer|buddy ..8 locked|stuck|lost_his|lost_her|\
can_not|needs_a|reset|unlock|password
        friend|client|customer|acquaintance|relative|buddy|supplier of mine|ours ..10 login|password|locked|log_in|\
unlock|\
reset|account|plan|seats|bill|invoice|uses|him|them
        's other|second|own company|firm|business|shop
        one of my|our clients|customers|friends|suppliers|tenants|contacts ..6 with_you|login|password|his|her|\
their|plan|portal|uses|locked|stuck
        user|users|login|account|workspace|tenant|password|admin|seat|seats|bill|invoice* ..3 for|of|in|at|to ..1 \
            our|my|a|an|another|the|this ..1 other|second|sister|affiliated|affiliate|subsidiary|different|\
friend|company_we|client|partner_company|partner_firm !seat|seats|user|users|workspace|login ..2
        account|workspace|user|login|tenant of ..1 our|my|the|a|an affiliate|subsidiary|sister|client|customer|\
friend|supplier|partner_company|KIN
        for|of|at|to our|my sister|affiliate|affiliated|partner|client|parent company|firm|business
        our|my neighbour*|neighbor*|competitor*|friends|partners ..5 use|uses|have|has you|your|it ..2 as_well|too|also
        set_up|setup|configured|configuration of|by|from ..3 neighbour*|competitor*|other_company
        OTHERS 's ..2 orders|order|bookings|boards|customers|tickets|prices
        my|our KIN|client|clients|customer 's ..3 shop|restaurant|business|company|firm|studio|garage|practice|\
store|salon|cafe|bakery|account|login ..2
        books|accounts|bookkeeping|accounting of|for ..1 another|other|a_second|a_different|several|two|more|them
        we|i have|own|run|got ..1 a|another ..1 second|another|other|sister|further company|business|firm ..4
        another|other|second|different|sister|further company|firm|business ..3 too|as_well|with_you|also
        his|her|their|its company|firm|business|shop|studio is|called ..2
        password|login|account|access of the|a|that company|firm|business ..1 we|that|which|next|who
        he|she|him|her ..1 back_in|in_again
        also? with you ..2 as_well|too|please|when|and|his|her|unlock|add|raise|reset
    """,
    Signal.HUMAN_REQUESTED: """
        anybody|anyone|somebody|someone|person real ..1 behind|at|on|in|there|here|reading
    """,
    Signal.THREAT: """
        steer clear of
        telling|tell everyone|everybody|people|others ..5 to? ..1 avoid|stay_away|steer_clear|clear_of|keep_away
        one_star|one|single|zero star|stars|star_rating|star_review
        leave|give|post|write|leaving|giving ..4 one_star|bad|negative|poor|terrible|scathing|public|damning \
            ..2 review*|rating*|feedback|everywhere
        bad|negative|poor|public|scathing|damning ..1 rating*|review* ..4 from|on|will|follow|portal|everywhere|every
        public reviews|review|rating ..1 will|follow*
        end_up|ends_up|be in ..1 news|papers|paper|press
        tell ..2 world|internet|everyone|everybody ..2 how|what|about
        people|thousand|million follow me|us
        put ..4 in a ..1 review
        followers|readers|subscribers|viewers ..4 hear|know|learn|see|read
        newspaper*|gazette|local_paper|local_press|trade_press|journalist|reporter|tv_station|radio|tabloid*
        tell|inform|contact|call|write|go ..2 press|media|papers|paper
        the|our lawyer*|solicitor*|attorney*|counsel ..1 will ..1 be|write|contact|call|get ..3
        hand|pass|give|refer|take ..2 to|over ..1 to? ..1 our|my|a lawyer*|solicitor*|attorney*|counsel
        have|let|get my|our|a lawyer|attorney|solicitor ..1 write|call|contact|handle|deal
        will|shall|going_to|am_about_to ..3 post|tweet|share|blast|write|publish|film|warn|rant ..6 \
            everywhere|everybody|everyone|instagram|tiktok|youtube|facebook|x|twitter|forum*|internet|publicly|\
social_media|linkedin|people|about_you|this_on
        post|write|tweet|rant about you|this_company|your
        see|read ..2 what i|we write|say|post ..2 about
        read|hear about|of it|this ..2 on|in google*|press|paper*|news|trustpilot|internet|facebook|reviews
        whole|entire ..1 town|city|world|industry|village|internet|web ..3 read|know|hear|learn|see
        # star|stars ..2 at_most|if|unless|from_me|from_us|is_all|for_this
        make|making|take|taking this|it|that public
        consumer association|protection|council|agency|organi*ation|centre|center|group|rights
        share|publish ..2 experience* ..4 everybody|everyone|public*|online|facebook|twitter|reviews
    """,
    Signal.LEGAL_HOLD: """
        keep|kept|keeping|retain*|preserv*|freeze|frozen|safeguard*|stored|secure|needed|need ..14 proceedings|\
lawsuit|court|court_case|litigation|investigation|inquiry|arbitration|trial_in|at_trial|tribunal|evidence|\
prosecutor*|legal_proceedings|dispute|claim_against|auditors_hold
        lawyer*|counsel|attorney*|solicitor*|regulator|prosecutor*|auditor*|court|judge|ombudsman ..8 kept|keep|\
preserve*|retain*|no_message|nothing|freeze|safeguard*|old_files|old_messages|old_tickets|disappear*
        proceedings|lawsuit|court_case|litigation|investigation|arbitration|dispute|inquiry ..12 kept|preserve*|\
retain*|no_file|nothing_may|must_not|not_be_removed|not_be_deleted|switch_off|turn_off|not_delete
        as|for|be evidence|proof
        no|nothing|not_a_single ..2 may|must|should|can|shall ..1 be ..1 removed|deleted|erased|lost|purged|changed
        stop|pause|suspend|disable|deactivate|switch_off|turn_off|halt|freeze|stopping ..4 deletion|deleting|\
auto_delete|auto_purge|purge|clean_up|cleanup|retention|rotation|erasure|expiry ~14 court*|case|trial|lawyer*|\
counsel|auditor*|dispute|investigation|arbitration|proceedings|lawsuit|prosecutor*|regulator|claim|evidence|mailbox
        turn|switch off|of ..4 deletion|auto_delete|auto delete|purge|clean_up|cleanup|retention ~14 court*|case|\
lawyer*|lawsuit|counsel|dispute|proceedings|investigation|trial
        proceedings|lawsuit|court|case|dispute|investigation|lawyer* ~14 stop|switch|turn|pause|suspend|disable|\
deactivate ..5 deletion|auto_delete|auto|purge|clean|clean_up|cleanup|retention
        legal|court|criminal|civil ..1 proceedings
        ordered to|us ..2 freeze|keep|preserve|retain|hold
        freeze|hold|lock ..1 all|every ..2 records|documents|data|messages|files|correspondence
        audit|litigation|legal|preservation hold
        put|place|apply|keep ..1 a|the? hold on
        correspondence|messages|documents|mails|emails|chats ..6 concerning|about|with|from ..5 must|have_to|\
may_have_to|need_to|to be preserved|kept|retained|safeguarded|secured
        switch|turn off ..2 automatic ..1 clean|deletion|clean_up|cleanup|purge
    """,
}
