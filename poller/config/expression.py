"""JMESPath expressions (jmespath.org) as keys: parsed and checked when the file is read, so that none of them is found wrong at a poll."""

import warnings
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, TypeAlias

import jmespath
from jmespath.exceptions import JMESPathError, LexerError, ParseError
from jmespath.functions import Functions

from poller.config.fields import Text
from poller.config.problem import listed, nearest, quoted_key

LONGEST_EXPRESSION: Final = 1000  # characters
DEEPEST_EXPRESSION: Final = 40  # levels of the parsed form; each takes a few frames of Python's stack
_FORM: Final = f"a JMESPath expression of 1 to {LONGEST_EXPRESSION} characters"
_BY_EXPRESSION: Final = frozenset({"map", "max_by", "min_by", "sort_by"})  # functions that take an &expression

Ast: TypeAlias = Mapping[str, Any]
"""A parsed expression: `type`, `children` and `value`."""


def parse_expression(text: str) -> Ast:
    """The parsed form. Raises ValueError with what is wrong and what is allowed."""
    if not 0 < len(text) <= LONGEST_EXPRESSION:
        raise ValueError(f"it has {len(text)} characters; expected {_FORM}")
    try:
        ast = _compiled(text)
    except JMESPathError as error:
        raise ValueError(f"{_where(error)}; expected {_FORM}") from None
    except RecursionError:
        raise ValueError(f"it is nested too deep; expected {_FORM} with at most {DEEPEST_EXPRESSION} levels") from None
    for fault in _faults(ast):
        raise ValueError(fault)
    return ast


def _compiled(text: str) -> Ast:
    # The only warning is about a literal in backquotes that is no JSON, which the library takes for a text.
    with warnings.catch_warnings():
        warnings.simplefilter("error", PendingDeprecationWarning)
        try:
            ast: Ast = jmespath.compile(text).parsed
        except PendingDeprecationWarning:
            raise ValueError(
                "found no JSON between backquotes; expected such as `1`, `true` or, for a text, 'text'"
            ) from None
    return ast


def _check(text: str) -> None:
    parse_expression(text)


# Newlines too: a long expression is written as a multi-line string.
Expression: TypeAlias = Annotated[str, Text(pattern=rf"[\s\S]{{1,{LONGEST_EXPRESSION}}}", allowed=_FORM, check=_check)]
OptionalExpression: TypeAlias = Annotated[
    str | None, Text(pattern=rf"[\s\S]{{1,{LONGEST_EXPRESSION}}}", allowed=_FORM, check=_check)
]


def _where(error: JMESPathError) -> str:
    """Where the expression stops being one, in our words: the library's own cite it over several lines."""
    if isinstance(error, LexerError):
        return f"no JMESPath from character {error.lexer_position + 1} on ({' '.join(str(error.message).split())[:80]})"
    if isinstance(error, ParseError) and error.lex_position is not None:
        return f"no JMESPath from character {error.lex_position + 1} on"
    return "no JMESPath"


def _faults(ast: Ast) -> Iterable[str]:
    """What the parser lets pass: too many levels, functions that do not exist, a wrong number or kind of arguments, a step of 0."""
    level: list[Ast] = [ast]
    for _ in range(DEEPEST_EXPRESSION):
        for node in level:
            yield from _CHECKS.get(node["type"], _nothing)(node)
        level = [child for node in level for child in node.get("children", ()) if isinstance(child, dict)]
        if not level:
            return
    yield f"it is nested too deep; at most {DEEPEST_EXPRESSION} levels are allowed"


def _nothing(_: Ast) -> Iterable[str]:
    return ()


def _slice_faults(node: Ast) -> Iterable[str]:
    if node["children"][2] == 0:
        yield "found a slice with the step 0; expected any other step"


def _function_faults(node: Ast) -> Iterable[str]:
    name, given = node["value"], node["children"]
    known: Mapping[str, Mapping[str, Any]] = Functions.FUNCTION_TABLE
    if name not in known:
        hint = nearest(name, known) or ";"
        yield f"found the function {quoted_key(name)}(), which JMESPath has not{hint} allowed: {listed(sorted(known))}"
        return
    wanted = known[name]["signature"]
    variadic = bool(wanted) and bool(wanted[-1].get("variadic"))
    if len(given) < len(wanted) or (len(given) > len(wanted) and not variadic):
        least = "at least " if variadic else ""
        yield f"found {name}() with {len(given)} arguments; expected {least}{len(wanted)}"
    elif name in _BY_EXPRESSION and not any(child["type"] == "expref" for child in given):
        yield f"found {name}() without an &expression among its arguments; expected one, such as &name"


_CHECKS: Final = {"function_expression": _function_faults, "slice": _slice_faults}
