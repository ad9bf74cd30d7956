"""The hold-out: groups that chance keeps away from the machine, so that what it is worth can be measured."""

import hashlib

WHOLE = 2**64


def held_out(root_id: str, share: float) -> bool:
    """Whether a group is held out: by a hash of its ultimate parent, so that nobody chooses, and it stays as it is.

    A group that is held out at one share is so at every larger one.
    """
    drawn = int.from_bytes(hashlib.sha256(f"hold-out {root_id}".encode()).digest()[:8], "big")
    return drawn < share * WHOLE
