"""Formulas over measures: sums, differences, products and quotients of months, and six functions of a window.

A formula is read as a Python expression and never run as one. Whatever is not known, or divided by zero, is None in
that month, never zero. The cost is linear in the months: a window has a fixed length.
"""

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import stdev

from cxagent.errors import BadInput
from cxagent.trends.series import known, windows

MOST_LETTERS = 400
MOST_MONTHS = 60
"""The longest window."""
MOST_DEEP = 40
MOST = 1e100
"""A figure beyond this is no figure: what is made of it further on, squares and sums, would overflow."""

Column = Sequence[float | None]
"""One figure of each month."""


def _mean(values: Column, length: int) -> list[float | None]:
    return [None if part is None else math.fsum(part) / length for part in windows(values, length)]


def _sd(values: Column, length: int) -> list[float | None]:
    return [None if part is None else stdev(part) for part in windows(values, length)]


def _total(values: Column, length: int) -> list[float | None]:
    return [None if part is None else math.fsum(part) for part in windows(values, length)]


def _lag(values: Column, length: int) -> list[float | None]:
    return [*[None] * min(length, len(values)), *values[: max(0, len(values) - length)]]


def _change(values: Column, length: int) -> list[float | None]:
    return _joined(ast.Sub(), values, _lag(values, length))


@dataclass(frozen=True)
class Window:
    """A function over a window: what it does, the shortest window, and how many months more than it says it sees."""

    apply: Callable[[Column, int], list[float | None]]
    least: int = 1
    beyond: int = 0


WINDOWS: Mapping[str, Window] = {
    "rolling_mean": Window(_mean),
    "rolling_sd": Window(_sd, least=2),
    "total": Window(_total),
    "lag": Window(_lag, beyond=1),
    "change": Window(_change, beyond=1),
}
ROOT = "root"
"""The square root, for the spread of figures whose squares are summed."""
SIGNS = (ast.Add, ast.Sub, ast.Mult, ast.Div)
WORDS = f"{', '.join(WINDOWS)} with a number of months, {ROOT}, measures, numbers, + - * / and parentheses"


@dataclass(frozen=True)
class Formula:
    """A formula that was found to be sound: its text, the measures it names, and how many months one value sees."""

    text: str
    tree: ast.expr
    measures: frozenset[str]
    reach: int

    def over(self, measures: Mapping[str, Column], months: int) -> tuple[float | None, ...]:
        """Return the figure of each month; a measure that is missing is not known in any."""
        return tuple(_value(self.tree, measures, months))


@lru_cache(maxsize=1024)
def parse(text: str, where: str) -> Formula:
    """Read a formula; a `BadInput` names `where`, the column, and what is wrong with it."""
    if len(text) > MOST_LETTERS:
        raise BadInput(f"the formula has {len(text)} letters, {MOST_LETTERS} are the most", where=where)
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        place = f", column {error.offset}," if isinstance(error, SyntaxError) and error.offset else ""
        raise BadInput(f"the formula{place} cannot be read: {text[:60]!r}", where=where) from None
    reach = _Reader(text.strip(), where).reach(tree)
    names = frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
    measures = names - _functions(tree)
    if not measures:
        raise BadInput("the formula names no measure, so it says nothing of anybody", where=where)
    return Formula(text.strip(), tree, measures, reach)


def _functions(tree: ast.expr) -> frozenset[str]:
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return frozenset(func.id for func in calls if isinstance(func, ast.Name))


@dataclass(frozen=True)
class _Reader:
    """Goes through a formula once: refuses what is no part of the language, and counts how far it looks back."""

    text: str
    where: str

    def reach(self, node: ast.expr, deep: int = 0) -> int:
        """Return how many months one value of this part sees."""
        if deep > MOST_DEEP:
            raise BadInput("the formula is nested too deeply", where=self.where)
        deep += 1
        match node:
            case ast.Name(id=name) if name not in WINDOWS and name != ROOT:
                return 1
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool) and _finite(value):
                return 1
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return self.reach(inner, deep)
            case ast.BinOp(left=left, op=op, right=right) if isinstance(op, SIGNS):
                return max(self.reach(left, deep), self.reach(right, deep))
            case ast.Call(func=ast.Name(id="root"), args=[inner], keywords=[]):
                return self.reach(inner, deep)
            case ast.Call(func=ast.Name(id=name), args=[inner, length], keywords=[]) if name in WINDOWS:
                return self.reach(inner, deep) + self._length(name, length) - 1 + WINDOWS[name].beyond
        raise self._refusal(node, f"{self._part(node)!r} is none of {WORDS}")

    def _length(self, name: str, node: ast.expr) -> int:
        least = WINDOWS[name].least
        match node:
            case ast.Constant(value=int() as length) if not isinstance(length, bool) and least <= length <= MOST_MONTHS:
                return length
        raise self._refusal(node, f"{name} looks back {least} to {MOST_MONTHS} months, not {self._part(node)!r}")

    def _part(self, node: ast.expr) -> str:
        # The text itself: writing a deep tree out again would need a stack as deep.
        return (ast.get_source_segment(self.text, node) or "")[:40]

    def _refusal(self, node: ast.expr, said: str) -> BadInput:
        return BadInput(f"the formula, column {node.col_offset + 1}: {said}", where=self.where)


def _finite(value: float) -> bool:
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _value(node: ast.expr, measures: Mapping[str, Column], months: int) -> Column:
    match node:
        case ast.Name(id=name):
            column = measures.get(name)
            return [None] * months if column is None else [_told(value) for value in column[:months]]
        case ast.Constant(value=int() | float() as value):
            return [float(value)] * months
        case ast.UnaryOp(operand=inner):
            return [None if value is None else -value for value in _value(inner, measures, months)]
        case ast.BinOp(left=left, op=op, right=right):
            return _joined(op, _value(left, measures, months), _value(right, measures, months))
        case ast.Call(func=ast.Name(id=name), args=[inner, ast.Constant(value=int() as length)]):
            return WINDOWS[name].apply(_value(inner, measures, months), length)
        case ast.Call(args=[inner]):
            return [_root(value) for value in _value(inner, measures, months)]
    raise AssertionError(f"not checked: {ast.dump(node)}")


def _joined(op: ast.operator, left: Column, right: Column) -> list[float | None]:
    return [_one(op, a, b) for a, b in zip(left, right, strict=True)]


def _one(op: ast.operator, a: float | None, b: float | None) -> float | None:
    if a is None or b is None:
        return None
    match op:
        case ast.Add():
            return _told(a + b)
        case ast.Sub():
            return _told(a - b)
        case ast.Mult():
            return _told(a * b)
        case _:
            return _told(a / b) if b else None


def _told(value: float | None) -> float | None:
    one = known(value)
    return one if one is not None and abs(one) <= MOST else None


def _root(value: float | None) -> float | None:
    """Return a square root; what rounding has pushed just below zero is zero, and less than that is not known."""
    if value is None or value < -1e-9:
        return None
    return math.sqrt(max(0.0, value))
