"""A stop: somebody halted what the machine does, in whole or in part."""

from cxagent.domain.value import Text, Value


class Stop(Value):
    """A kill switch that is on: everything, one account, one tool or one channel."""

    scope: Text
    key: Text | None = None
    by: Text
    why: Text
