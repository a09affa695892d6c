"""Templates without side effects and with an end: what jinja2 does for an operator's text, and no more.

A template sees only what it is given, so it gives the same for the same events. Each loop step and call, and each character that
it makes, is counted against a budget, also where it is only kept in a variable.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from jinja2 import StrictUndefined, Template, Undefined, nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

MOST_STEPS: Final = 200_000  # loop steps, calls and filters; a tenth of a second
STEPS_PER_EVENT: Final = 2_000  # more of them for each event that is told
MOST_CHARACTERS: Final = 4 * 1024 * 1024  # that are made, all together
_MOST_BITS: Final = 4096  # of a whole number
_DIGITS: Final = range(-10, 11)  # that `round` keeps
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False)  # made once: json.dumps makes one for each call with options
_MARKUP: Final = re.compile("[<>&']")
_IN_HTML: Final = {ord(char): f"\\u{ord(char):04x}" for char in "<>&'"}
_BUDGET: Final = "budget of the rendering"  # no name that a template can use
_COUNTED: Final = "steps of a loop"

# What is left out is random, reads a clock, or makes much of little (center, indent, format, batch, …).
_FILTERS: Final = (
    *("abs", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "filesizeformat", "first", "float"),
    *(
        "forceescape",
        "groupby",
        "int",
        "items",
        "join",
        "last",
        "length",
        "list",
        "lower",
        "map",
        "max",
        "min",
        "reject",
    ),
    *("rejectattr", "reverse", "safe", "select", "selectattr", "sort", "string", "striptags", "sum", "title"),
    *("trim", "truncate", "unique", "upper", "urlencode", "wordcount", "xmlattr"),
)
_METHODS: Final[Mapping[type, frozenset[str]]] = {
    str: frozenset(
        [
            "capitalize",
            "casefold",
            "count",
            "endswith",
            "find",
            "isalnum",
            "isalpha",
            "isdigit",
            "islower",
            "isupper",
            "join",
            "lower",
            "lstrip",
            "partition",
            "removeprefix",
            "removesuffix",
            "rpartition",
            "rsplit",
            "rstrip",
            "split",
            "splitlines",
            "startswith",
            "strip",
            "swapcase",
            "title",
            "upper",
        ]
    ),
    dict: frozenset({"get", "items", "keys", "values"}),
    list: frozenset({"count", "index"}),
    tuple: frozenset({"count", "index"}),
}
_PRINTED: Final = (str, int, float, type(None), list, tuple, dict, Undefined)
_ELSEWHERE: Final = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)


class TooMuch(Exception):
    """The template does not end, or makes too much of what it is given."""


@dataclass(kw_only=True, slots=True)
class Budget:
    """What one rendering may still do."""

    steps: int
    characters: int = MOST_CHARACTERS

    def step(self, count: int = 1) -> None:
        """Raises TooMuch when the steps are used up."""
        self.steps -= count
        if self.steps < 0:
            raise TooMuch("it takes too many steps; expected loops over what it is given only")

    def make(self, count: int) -> None:
        """Raises TooMuch when too many characters were made."""
        self.characters -= count
        if self.characters < 0:
            raise TooMuch(f"it makes more than {MOST_CHARACTERS // 1024 // 1024} MiB of text; expected less")

    def weigh(self, value: Any) -> Any:
        """The value, once it is counted."""
        self.step()
        if isinstance(value, str):
            self.make(len(value))
        elif isinstance(value, list | tuple):
            self.step(len(value))
        return value


def _budget(context: Context) -> Budget:
    budget = context.parent[_BUDGET]
    if not isinstance(budget, Budget):
        raise SecurityError("there is no budget")
    return budget


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment of every template."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self) -> None:
        super().__init__(undefined=StrictUndefined, finalize=_printed, keep_trailing_newline=True)
        given = {name: self.filters[name] for name in _FILTERS} | {"round": _rounded, "tojson": _as_json}
        self.filters = {name: _weighed(function) for name, function in given.items()}
        self.filters["replace"] = _replaced
        self.filters[_COUNTED] = _counted
        self.globals = {name: self.globals[name] for name in ("range", "dict", "namespace")}

    def rendered(self, template: Template, given: Mapping[str, Any], events: int) -> str:
        """What the template makes of what it is given, within a budget for so many events."""
        budget = Budget(steps=MOST_STEPS + events * STEPS_PER_EVENT)
        # Shared: the names are not copied again for each rendering.
        context = template.new_context({**self.globals, **given, _BUDGET: budget}, shared=True)
        try:
            return str(self.concat(template.root_render_func(context)))
        except Exception:  # noqa: BLE001 it is raised again, with the lines of the template
            self.handle_exception()

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        """Every loop is counted, every ~ weighed; nothing is taken from elsewhere."""
        tree = super()._parse(source, name, filename)
        for node in tree.find_all(_ELSEWHERE):
            raise SecurityError(f"line {node.lineno}: found include, import or extends; expected one text")
        for loop in tree.find_all(nodes.For):
            loop.iter = _filtered(loop.iter, _COUNTED)
        for concat in list(tree.find_all(nodes.Concat)):
            concat.nodes = [_filtered(part, "string") for part in concat.nodes]
        return tree

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 as in jinja2
        """Call what the template calls, at a cost."""
        return _budget(__context).weigh(super().call(__context, __obj, *args, **kwargs))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Operators that make much of little."""
        _check_operands(_budget(context), operator, left, right)
        return _budget(context).weigh(super().call_binop(context, operator, left, right))

    def wrap_str_format(self, value: Any) -> None:
        """`format` makes much of little: it is one of the methods that are not there."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Of the plain types only methods that do little."""
        for kind, methods in _METHODS.items():
            if isinstance(obj, kind):
                return attr in methods
        return super().is_safe_attribute(obj, attr, value)


def _check_operands(budget: Budget, operator: str, left: Any, right: Any) -> None:
    sizes = [value.bit_length() for value in (left, right) if isinstance(value, int)]
    if operator == "%" and isinstance(left, str):
        raise SecurityError("found % after a text; expected ~ to join texts")
    if operator == "**" and (len(sizes) != 2 or max(sizes) > 6):  # noqa: PLR2004 two numbers below 64
        raise SecurityError("found a power of numbers above 63; expected smaller ones")
    if operator == "*" and sum(sizes) > _MOST_BITS:
        raise SecurityError("found numbers too large to multiply")
    for text, times in ((left, right), (right, left)):
        if operator == "*" and isinstance(text, str | list | tuple) and isinstance(times, int):
            budget.make(len(text) * max(times, 0))


def _as_json(value: Any) -> str:
    """JSON that may also stand in HTML, as jinja2's own filter makes it."""
    text = _ENCODER.encode(value)
    return text.translate(_IN_HTML) if _MARKUP.search(text) else text


@pass_context
def _printed(context: Context, value: Any) -> Any:
    """What stands between {{ and }}, weighed. A method or a generator would print an address, other on each attempt."""
    if not isinstance(value, _PRINTED):
        raise SecurityError(
            f"found a {type(value).__name__} to print; expected a value: call the method, or add | list"
        )
    text = str(value)
    _budget(context).make(len(text))
    return text


@pass_context
def _counted(context: Context, items: Iterable[Any]) -> list[Any]:
    found, budget = [], _budget(context)
    for item in items:
        budget.step()
        found.append(item)
    return found


@pass_context
def _replaced(context: Context, text: Any, old: str, new: str) -> str:
    whole = str(text)
    _budget(context).make(len(whole) + whole.count(old) * len(new))
    return whole.replace(old, new)


def _rounded(value: float, digits: int = 0) -> float:
    if digits not in _DIGITS:
        raise SecurityError("found more than 10 digits to round to; expected fewer")
    return round(value, digits) if digits else round(value)


def _weighed(function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, at a cost."""
    wanted = getattr(getattr(function, "jinja_pass_arg", None), "name", "")

    @pass_context
    def filtered(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        given: Mapping[str, Any] = {
            "context": context,
            "eval_context": context.eval_ctx,
            "environment": context.environment,
        }
        first = [given[wanted]] if wanted else []
        return _budget(context).weigh(function(*first, value, *args, **kwargs))

    return filtered


def _filtered(node: nodes.Node, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)
