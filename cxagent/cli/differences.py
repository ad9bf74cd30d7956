"""Two playbooks compared by meaning, under the name that commands import."""

from cxagent.differences import Difference, Direction, differences, flat

__all__ = ["Difference", "Direction", "differences", "flat"]
