"""Marks of instructions that are addressed to the machine, seen in the raw text before it becomes plain words."""

import re

_MARKS = re.compile(
    r"\[/?(?:system|assistant|inst|user|developer|tool|admin)(?: (?:note|message|prompt|override|notice))?\]"
    r"|/\*[ ]?(?:assistant|system|bot|ai|agent|model)\b"
    r"|<\|[a-z_]{2,20}\|>"
    r"|<!--(?!\[if)"
    r"|</?(?:system|assistant|instructions?|prompt|tool_call|tool_use|developer)>"
    r"|#{2,}[ ]?(?:(?:new|updated|further) )?(?:instructions?|system|response|prompt|new task)\b"
    r"|\"?\brole\"?[ ]?[:=][ ]?[\"']?(?:system|assistant|developer|tool)\b"
    r"|\"(?:instructions?|system|system_prompt|prompt|directive|override)\"[ ]?:"
    r"|\"(?:action|command|cmd|do)\"[ ]?:[ ]?\"(?:issue|grant|approve|refund|credit|reset|set|delete|raise|add|book"
    r"|send|ignore|disable|skip)[_ a-z]*\""
    r"|style[ ]?=[ ]?[\"'][^\"'\n]{0,60}(?:display[ ]?:[ ]?none|font-size[ ]?:[ ]?0|visibility[ ]?:[ ]?hidden)"
    r"|\"(?:tool|tool_name|tool_calls?|tool_use|function_call)\"[ ]?:"
    r"|\bsystem(?: (?:override|prompt|message|note|notice))?[ ]?:(?=[^\n]{0,80}?\b(?:approv|credit|refund|grant"
    r"|ignor|overrid|instruct|you |user is|sender|verified|admin|treat|mark|allow|set ))"
    r"|(?:^|\n)[ ]{0,4}(?:assistant|developer|ai|agent|bot|llm|gpt)(?: (?:agent|assistant|model|bot))?[ ]?:",
    re.IGNORECASE,
)


_SIGNS = ("*", "[", "<", "#", '"', ":", "=")


def addressed(text: str) -> str | None:
    """Return the first mark of an instruction to the machine in a text, or None."""
    hit = _MARKS.search(text) if any(sign in text for sign in _SIGNS) else None
    return hit[0].strip() if hit else None
