"""What follows a done effect, each at most once: a person takes it back, and we look again whether it held.

Both are calls of declared tools, with an authorization, a record and an execution of their own. What did not hold goes
to a person and costs the cell its standing; nothing here gives the machine more than it had.
"""

from cxagent.aftercare.looking import check, checks_due
from cxagent.aftercare.rounds import MOST_CHECKS, Swept, resume, sweep
from cxagent.aftercare.undoing import undo

__all__ = ["MOST_CHECKS", "Swept", "check", "checks_due", "resume", "sweep", "undo"]
