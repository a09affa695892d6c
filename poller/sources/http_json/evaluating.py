"""Evaluating JMESPath with a bound on the work: an expression cannot hang the daemon, whatever it and the answer are.

JMESPath has no loops, but `[@,@][]` doubles a list, and written fifty times in a row it would fill any memory; a list of a list of the
same list is small until something walks it. So every step is counted, and so is the size of whatever is copied, compared, handed to a
function or given back.
"""

from collections.abc import Callable
from typing import Any, Final

from jmespath.functions import Functions
from jmespath.visitor import Options, TreeInterpreter

from poller.config.expression import Ast

MAX_STEPS: Final = 100_000  # of one expression: at most two tenths of a second
MAX_TOTAL: Final = 300_000  # of all expressions over one answer
_CHARACTERS_A_STEP: Final = 64


class Unreadable:
    """Stands where a value could not be found out: a wrong type, too much work, no JSON."""


UNREADABLE: Final = Unreadable()

# What jmespath lets through for odd values: its own errors are ValueErrors, the others come from Python's functions in it.
_MISHAPS: Final = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError, RecursionError)


class _TooMuch(Exception):
    """The steps are used up."""


class Evaluator:
    """Evaluates expressions over one answer; `steps` bounds each of them, `total` all together."""

    def __init__(self, *, steps: int = MAX_STEPS, total: int = MAX_TOTAL) -> None:
        self._steps = steps
        self._total = total

    def find(self, ast: Ast, value: object) -> object:
        """What the expression gives; UNREADABLE when it fails or would take too much work."""
        counted = _Counted(min(self._steps, self._total))
        before = counted.left
        try:
            found = counted.visit(ast, value)
            counted.charge(found)
        except (_TooMuch, *_MISHAPS):
            found = UNREADABLE
        self._total -= min(before, before - counted.left)
        return found


class _Counted(TreeInterpreter):
    """jmespath's interpreter with `left` steps to go; only the operations whose cost does not show in the number of visits are changed."""

    def __init__(self, left: int) -> None:
        super().__init__(Options(custom_functions=_CountedFunctions(self.charge)))
        self.left = left

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        self.left -= 1
        if self.left < 0:
            raise _TooMuch
        return super().visit(node, *args, **kwargs)

    def charge(self, value: object) -> None:
        """Pay for walking through all of `value`."""
        self._pay(_weight(value, self.left))

    def visit_flatten(self, node: Any, value: Any) -> Any:
        base = self.visit(node["children"][0], value)
        if isinstance(base, list):
            self._pay(sum(1 + len(item) if isinstance(item, list) else 1 for item in base))
        return super().visit_flatten(_with(node, base), value)

    def visit_slice(self, node: Any, value: Any) -> Any:
        if isinstance(value, list):
            self._pay(len(value))
        return super().visit_slice(node, value)

    def visit_comparator(self, node: Any, value: Any) -> Any:
        left, right = (self.visit(child, value) for child in node["children"])
        self.charge(left)
        return super().visit_comparator(_with(node, left, right), value)

    def _pay(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise _TooMuch


class _CountedFunctions(Functions):
    def __init__(self, charge: Callable[[object], None]) -> None:
        super().__init__()
        self._charge = charge

    def call_function(self, function_name: Any, resolved_args: Any) -> Any:
        for argument in resolved_args:
            self._charge(argument)
        return super().call_function(function_name, resolved_args)


def _with(node: Any, *values: object) -> Any:
    """The node with values that are known in place of its children."""
    return {**node, "children": [{"type": "literal", "value": value, "children": []} for value in values]}


def _weight(value: object, most: int) -> int:
    """How many values there are in `value`, repeated ones counted again; something above `most` as soon as it is more."""
    total, stack = 0, [value]
    while stack and total <= most:
        item = stack.pop()
        total += 1
        if isinstance(item, str):
            total += len(item) // _CHARACTERS_A_STEP
        elif isinstance(item, dict | list):
            if total + len(stack) + len(item) > most:
                return most + 1
            stack.extend(item.values() if isinstance(item, dict) else item)
    return total
