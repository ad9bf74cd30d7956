"""Phrases that are no signal by themselves: ways out of the contract, and words against a colleague's order."""

from typing import Literal

Topic = Literal["exit_topic", "disputes_colleague"]

TOPICS: dict[Topic, str] = {
    "exit_topic": """
        export*|download*|extract*|backup|dump ..4 all|everything|entire|complete|full|whole \
            !invoice*|bills|receipts|my_invoices|\
our_invoices|the_invoices|my_bills|our_bills
        all|everything|entire ..4 export*|download*|dump
        full|complete|entire|whole ..1 export|dump|extract|backup
        copy of ..1 everything|all_our|all_data|all_the_data|our_data
        notice ..1 period|deadline|date|term|applies
        what|which|how_much|how_long|give|giving|serve ..3 notice
        terminat*
        last|final ..1 day|date ..8 contract|subscription|term|notice|leave|cancel|it
        term|contract|subscription|agreement|order_form ..3 end|ends|expire*|run_out|finish*|over|run
        when does|do|is ..3 term|contract|subscription|agreement|plan ..4 end|expire|over|up|finish
        hand|handing over !the_phone
        handover|hand_off
        offboard*
        off board*
        migrat*|mov*|switch*|transition* ..4 away|elsewhere|another_provider|another_vendor|another_tool|other_tool
        migrat*|mov* ..2 off|out ..1 of|from|your
        leave|leaving|exit you|your|the_contract|the_platform|plan
        get|getting|take|taking ..3 data ..1 out|back|off|with_us
        get|getting ..1 out of ..3 contract|agreement
        what happens ..4 data
        what happens ..6 if|when ..2 leave|cancel|stop
        cancel*|close|closing|end ..3 account|contract|subscription|agreement|plan
    """,
    "disputes_colleague": """
        ignore|disregard|forget|overrule|overrides|undo|reverse ..2 what ..4 said|asked|wrote|requested|told|\
ordered|sent
        ignore|disregard|forget|overrule|undo|reverse|cancel !my|your ..4 's ..2 request|order|message|ticket|\
email|instruction*|mail|change*
        ignore|disregard|forget|overrule|undo|reverse ..4 request|order|message|ticket|email|mail|\
instruction* ..3 from|of|by|that
        ignore|disregard my|our colleague|boss|assistant|partner|manager|predecessor
        not ..1 listen_to|follow|obey|do|act_on|execute|process ..3 what? ..4 asked|said|ordered|requested|\
wants|told|wrote|request|order|instruction*
        not|never ..2 what|as|like ..1 my|our|the|she|he ..2 colleague*|asked|requested|said|wrote
        contrary|opposite ..2 what ..3 said|asked|wrote|requested|told
        contrary|opposed to ..4 request|order|message|email|ticket
        regardless of|what ..4 said|asked|wrote|requested|told|says
        whatever ..4 told|asked|wrote|said you|from
        my|our colleague|partner|boss|manager|assistant ..2 was|is wrong|mistaken|not_allowed|not_authori*ed|\
no_authority
        has|had|have no authority|right|mandate
        not authori*ed|allowed|entitled ..1 to decide|order|request|ask|cancel|change|speak|instruct
        i|we overrule|override|veto|countermand
        colleague|she|he asked|told|requested|wanted|ordered|wrote ..8 ~4 do_not|ignore|instead|must_not|disregard
        should not have asked|requested|ordered|cancelled|written|been_asked
        without my|our|the_owner approval|consent|knowledge|permission
    """,
}
