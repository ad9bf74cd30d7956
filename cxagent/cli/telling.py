"""One decision as screens tell it, under the name that commands import."""

from cxagent.telling import Told, find, tell, told

__all__ = ["Told", "find", "tell", "told"]
