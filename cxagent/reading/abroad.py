"""t"""
from cxagent.domain.vocabulary import Signal
ABROAD: dict[Signal, str] = {}
