"""What can go wrong, in the words the user reads; each error knows its exit code."""


class CxagentError(Exception):
    """Something went wrong."""

    exit_code = 1


class BadInput(CxagentError):
    """Wrong usage or bad input: the message names file, line and field."""

    exit_code = 2

    def __init__(self, message: str, *, where: str = "") -> None:
        self.where = where
        super().__init__(f"{where}: {message}" if where else message)


class Unreachable(CxagentError):
    """Something could not be measured or reached."""

    exit_code = 3


class Refused(CxagentError):
    """The machine was asked for something that it has no authority for."""


class Unauthorized(Refused):
    """A tool was called without an authorization that covers this exact call."""


class Conflict(CxagentError):
    """Somebody else was first; the message names who and what they decided."""


class Transient(CxagentError):
    """A source failed in a way that may pass: the network, a lock, an overload."""


class Denied(CxagentError):
    """A source refused to show the data."""
