"""What the tests of quality share: people who sit at browsers of their own."""

from collections.abc import Callable

from review.conftest import Seat, sits

Sits = Callable[..., Seat]

__all__ = ["Sits", "sits"]
