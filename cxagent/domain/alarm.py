"""An alarm: a risk sensor that is up on an account, a segment or everything; while it is, a person looks there."""

from typing import Literal

from cxagent.domain.value import Text, Value


class Alarm(Value):
    """Which metric is up, on what, and since when; `key` is empty where it concerns everything."""

    metric: Text
    scope: Literal["account", "segment", "everything"]
    key: Text
    why: Text
    since: Text

    def concerns(self, accounts: frozenset[str], segment: str) -> bool:
        """Whether it is up on one of these accounts, or on their segment; without a segment any may be theirs."""
        match self.scope:
            case "account":
                return self.key in accounts
            case "segment":
                return not segment or self.key == segment
            case "everything":
                return True
