"""The proof of a playbook (being written)."""


def require_sound(playbook, tools, cache=None):
    """Placeholder until the proof lands."""
