"""JMESPath expressions are parsed and checked when the file is read: what the library finds out at the first poll is told at once."""

import pytest

from poller.config.expression import DEEPEST_EXPRESSION, LONGEST_EXPRESSION, parse_expression


@pytest.mark.parametrize(
    "text",
    [
        "status",
        '"odd name".x',
        "join('/', [status, conclusion][?@])",
        "jobs[].steps[?conclusion][]",
        "sort_by(@, &time)[-100:]",
        "conclusion && join('/', [status, conclusion]) || status",
        "merge(a, b, c)",
        "a.\n  b",
        "a[::-1]",
        "a" + ".b" * 30,
        "x" * LONGEST_EXPRESSION,
    ],
)
def test_a_good_expression_is_parsed(text: str) -> None:
    assert parse_expression(text)["type"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it has 0 characters; expected a JMESPath expression of 1 to 1000 characters"),
        ("x" * (LONGEST_EXPRESSION + 1), "it has 1001 characters"),
        ("status..x", "no JMESPath from character 8 on"),
        ("jobs[", "no JMESPath from character 6 on"),
        ("$.status", "no JMESPath from character 1 on"),
        ("'open", "no JMESPath from character"),
        ("`{`", "found no JSON between backquotes; expected such as `1`"),
        ("a == `text`", "'text'"),
        ("a ==", "no JMESPath"),
        ("concat(a, b)", "the function concat(), which JMESPath has not; allowed: abs, avg"),
        ("jobs[?lenght(steps) > `1`]", 'the function lenght(), which JMESPath has not; did you mean "length"?'),
        ("length(a, b)", "found length() with 2 arguments; expected 1"),
        ("join('/')", "found join() with 1 arguments; expected 2"),
        ("merge()", "found merge() with 0 arguments; expected at least 1"),
        ("sort_by(jobs, name)", "found sort_by() without an &expression"),
        ("a[::0]", "a slice with the step 0"),
        ("!" * 900 + "a", "nested too deep"),
        ("(" * 480 + "a" + ")" * 480 + "." + "b.b" * 10, "character"),
        ("a" + "[]" * 100, f"nested too deep; at most {DEEPEST_EXPRESSION} levels"),
    ],
)
def test_a_bad_expression_is_told_with_what_is_allowed(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=r".") as told:
        parse_expression(text)
    assert said in str(told.value)
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 500
