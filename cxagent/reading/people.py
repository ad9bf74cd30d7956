"""Phrases about people and machines: who shall answer, who looks after the account, who speaks for everyone."""

from cxagent.domain.vocabulary import Signal

PEOPLE = {
    Signal.HUMAN_REQUESTED: """
        talk|speak|speaking|talking|chat to|with ..4 HUMAN|whoever|one_of
        connect|transfer|put|pass|hand|get|forward me|us|this ..2 to|through|with|on|over ..3 HUMAN
        put|pass me|us|this through|on|over
        get me|us ..3 human|person|agent|representative|operator|manager|supervisor
        want|need|prefer|demand|require|like|wish a|an|some|any|real|actual|to ..1 human|person|human_being|\
agent|operator
        want|need|demand|like to ..1 speak|talk ..1 with|to ..4 HUMAN
        real|actual|live|flesh human|person|people|human_being|agent
        a|any|some human ..1 being|please|there|who|to|instead|here|on
        is there a|any|an human|person|human_being|agent|anyone|somebody
        can|could|would|have|let|please|ask|get someone|somebody|anyone|your_manager ..2 call|ring|phone
        have|ask|let|get ..1 your|a|the|one ..3 call|ring|phone me|us|back
        called_back|call_back|callback|phoned by|from|please|with
        want|request|need|like|arrange|schedule ..4 call_back|callback|called_back
        can|could|may|will|would you|i ..1 call|phone|ring|be_called|be_phoned
        no_more|stop|not|without|instead_of|enough|hate|keep_getting|tired_of ..4 bot|robot|chatbot|\
automated_*|machine|auto_*
        than|not this|your|a|with ..1 assistant|bot|machine|chatbot|robot
        are|is you|this ..1 a|an|even robot|bot|human|machine|real|person
        escalate ..3 to ..3 HUMAN|boss|senior*|level*|tier*
        please|must|should|you escalate $
        escalate this|it ..2 $
        who|someone|somebody|one ..4 actually|really? decide*|in_charge|responsible_here
        human_agent|human_support|human_operator|human_being
        human please|now|instead|$
        a|any|some human ..1 look|read|answer|check|help|take|handle|reply|see
        phone|telephone|video|quick|personal call ..1 with|from|please
        one of|from your ..1 people|staff|team|colleagues|experts|employees|humans|specialists ..1 call|talk|\
speak|look|contact|please|$
        with|from one of your ..1 people|staff|team|colleagues|experts|employees|humans
        let|have|want|need|prefer|ask|make ..1 an|a|some|your employee|colleague|person|human|somebody|\
someone|expert ..3 look|handle|answer|read|deal|take|decide|respond|reply|check
        not|stop|no ..1 answer*|reply*|respond*|repl* ..1 automatic*|by_bot|with_a_bot|with_bots
        automatic|automated|canned|generic|robot ..1 answer*|repl*|response* ..4 no|not|stop|enough|more
        hand|pass|turn me|us|this over ..1 to
        is|are|anyone|anybody ..2 real|human there|here|person
        want|need|prefer|demand|insist|require ..3 a|real ..1 person|human
        i|we insist on ..3
        rather|prefer ..2 talk|speak|deal|write with|to ..1 a|an|your
        talk|speak|discuss ..2 in_person|personally|directly|face_to_face|on_the_phone|by_phone|over_the_phone
        personal|human ..1 contact|answer|reply|assistance|touch|attention please|$
    """,
    Signal.AI_OBJECTION: """
        our|my|us|personal ..6 to|for|from|in|into ..3 train|training|machine_learning|llm
        use|using|used|feed|fed|put ..5 our|my ..6 train|training|ai|machine_learning|llm|models
        stop|exclude|opt|object*|refus*|forbid*|prohibit*|disallow*|withdraw*|ban|bans|oppose* ..10 STRICTAI
        not want|agree|consent|allow|comfortable|like|accept|authori*e|permit|appreciate ..10 STRICTAI
        not|no ..2 consent* ..10 STRICTAI
        no|without|never|not STRICTAI ..4 may|should|must|shall|touch*|on_our|with_our|for_our
        must|may|shall|should not|never ..4 used|fed|processed|handled|touched|read ..5 AI
        must|may|shall|should not|never ..1 train|be_trained
        turn|switch|disable off? ..3 ai ..4 for|in ..1 our|all|us|everyone
        served|handled|answered|processed|decided|treated|judged by ..2 an|a? AI
        refus*|object*|not ..6 AI ..3 process*|handl*|read*|decid*|answer*|see|sees
        no|without|zero ..1 STRICTAI ..2 read*|process*|touch*|handl*|look*|answer*|decid*|use*|access*|involv*
        must|may|shall|should|can|do not|never ..8 with|by|through|using|into|for ..1 AI|generative_ai|\
machine_learning
        withdraw|revoke|retract ..3 permission|consent|approval ..6 AI|training
        not accept|want|agree|like|tolerate|allow ..3 machine|computer|robot|software|algorithm|automat* ..3 \
            decid*|answer*|handl*|process*
        policy|policies|contract|works_council|law|rules|compliance ..5 no|not|prohibit*|forbid*|ban*|against \
            ..6 STRICTAI
        keep|leave our|my|us ..5 out|away of|from ..3 STRICTAI|training|models
        STRICTAI|openai|chatgpt ..3 not ..1 allowed|permitted|acceptable|wanted|welcome|authori*ed
        without ..1 our|my consent|permission|knowledge ..8 STRICTAI|train*
    """,
    Signal.RELATIONSHIP_OWNER: """
        who|where|which|new|our|my|no|without|dedicated|named|assign*|get|have ..4 OWNERROLE
        who replaces|succeeds|replaced|follows !the|this|that|it
        who|somebody|someone ..2 take|takes|taking|took over ..1 from|for|our
        who|somebody|someone ..2 replac* !the|this|that|a|an
        successor ..2 of|to|for|as
        since !our|my|the|i|we|it|this|that|you|they ..1 left|moved_on|departed|retired|went|resigned|moved|quit
        has|did !the|it|our|my|anyone|this|any|your ..2 left|leave|gone the_company|you|your|$
        route|assign|direct|send|give everything|all|it|these|this|them|our_tickets|tickets ..3 to ..4 he|she
        assign ..2 it|this|them|everything to him|her
        only|just|let|want only|just|have? ..3 handle|handles|knows|understands|touch
        only !the|our|one|some|a|an|admins|users|those|this knows|understands|handles
        he|she knows|fixed|understands|understood|saved|helped|sorted our|us|everything
        keep|have|retain ..3 as ..1 our|my ..2 contact|person|manager|counterpart
        we|i miss ..6 he|she|follow*
        like|the_way she|he did|does|used_to
        look|looks|looking|looked after us|our|this_account
        nobody|no_one ..3 follows_up|looks_after|takes_care
        dedicated|named|personal|fixed|single ..1 contact|person|point_of_contact|manager
        follow_up ..1 since
        rep|manager|contact ..3 gone|left|disappeared
        who do|should|can i|we ..1 turn_to
        keep|continue|stay|prefer|like|love|rather ..2 working|dealing|work|stay with !you|it|the|this|that|your|our
        familiar|acquainted with us|our|everything
        pass|give|hand|assign|leave it|this|them|us to|with ..3 he|she|who
        person|someone|whoever|somebody|who ..2 responsible|in_charge|assigned for|of|to ..1 us|our_account
        who is ..2 our|my ..2 contact|manager|person|rep
        not heard|hear from ..2 our|my ..2 contact|manager|rep
        has|have ..2 been replaced|reassigned
        asks|ask|asking for !the|a|an|your ..1 by_name|personally
    """,
    Signal.AUTHORITY_SCOPE: """
        STOP ..9 EVERYONE|our_domain|the_firm|our_firm|any_of_us|our_offices|our_staff|our_people|every_mailbox
        EVERYONE ..8 newsletter*|marketing|survey*|webinar*|mailing|unsubscribed|opted_out
        nobody|no_one|none ..4 our|us|the ..4 receive*|wants|get|gets|be_contacted ..6
        unsubscribe|opt_out|opt ..3 company|organi*ation|firm|team|domain|department*|all
        on_behalf_of ..1 all|every|the_whole|our_entire|the_entire|everyone|the_company
        decide|speak|decides|speaks for|on_behalf_of ..1 the|our|all ..1 entire|whole|company|group|firm|all
        for everyone|everybody|anyone|all in|at|of ..1 the|our|us ..1 firm|company|organi*ation|group|office*
        company_wide|organi*ation_wide|group_wide ..3
        block|stop ..3 company_wide|group_wide|organi*ation_wide
        STOP|no ..6 to|at|for|of|from our|the|my ..1 company|firm|organi*ation|employees|staff|offices|group|\
people|subsidiaries|colleagues
        speak|speaking|decide|deciding|acting for ..1 all|our|the ..3 company|companies|subsidiaries|\
departments|group|firm|organi*ation|offices
        all of ..1 us|our ..4 ..1 unsubscribed|removed|off|out|opted_out
        employees|staff|colleagues|people ..4 may|must|should|shall not|never ..2 be_contacted|contacted|\
receive|emailed|surveyed
        product|marketing|promotional ..1 emails|mails|mailings ..4 for|to all|everyone|everybody|us_all
    """,
}
