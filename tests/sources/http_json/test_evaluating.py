"""Expressions give what JMESPath says they give, within a bound on the work."""

import json
import time
from typing import Any

import jmespath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poller.config.expression import parse_expression
from poller.sources.http_json.evaluating import UNREADABLE, Evaluator

FOUR_MB = 4 * 1024 * 1024


def find(expression: str, value: object) -> object:
    return Evaluator().find(parse_expression(expression), value)


DOCUMENT: dict[str, Any] = {
    "status": "completed",
    "conclusion": "success",
    "none": None,
    "jobs": [
        {"name": "a", "steps": [{"n": 1, "ok": True}, {"n": 2, "ok": False}]},
        {"name": "b", "steps": [{"n": 3, "ok": True}]},
        {"name": "c"},
    ],
    "numbers": [3, 1, 2],
    "by": {"x": {"v": 1}, "y": {"v": 2}},
}


@pytest.mark.parametrize(
    "expression",
    [
        "status",
        "nothing.at.all",
        "join('/', [status, conclusion, none][?@])",
        "jobs[].steps[].n",
        "jobs[*].steps[*].n",
        "jobs[?name == 'b'].steps[] | [0].n",
        "jobs[?steps[?ok]].name",
        "jobs[-1:].name",
        "by.*.v",
        "sort(numbers)[0]",
        "sort_by(jobs, &name)[-1].name",
        "max_by(jobs[0].steps, &n).n",
        "map(&name, jobs)",
        "length(jobs) > `2` && 'many' || 'few'",
        "!none",
        "{a: status, b: jobs[0].name}",
        "to_string(numbers)",
        "keys(by) | sort(@)",
        "jobs[?contains(name, 'a')] | [0].name",
        "not_null(none, conclusion)",
        "[jobs, numbers][]",
        "merge(by, {z: status})",
    ],
)
def test_it_gives_what_the_library_gives(expression: str) -> None:
    assert find(expression, DOCUMENT) == jmespath.search(expression, DOCUMENT)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(
    JSON,
    st.sampled_from(
        ["a.b", "[]", "[].a[]", "[?a == b]", "[?a != `1`].b", "[1:]", "*.a", "a == b", "[a, b][]", "@[?@ > `1`]"]
    ),
)
def test_counting_changes_no_result(document: object, expression: str) -> None:
    try:
        given = jmespath.search(expression, document)
    except TypeError:  # a text is ordered before a number: the library stumbles
        given = UNREADABLE
    assert find(expression, document) == given


@pytest.mark.parametrize(
    ("expression", "document"),
    [
        ("join('/', [status, none])", DOCUMENT),
        ("length(none)", DOCUMENT),
        ("sort([status, length(jobs)])", DOCUMENT),
        ("sum(jobs)", DOCUMENT),
        ("sum([@, `1.5`])", 10**400),
        ("avg([@])", 10**400),
    ],
)
def test_what_fails_is_unreadable(expression: str, document: object) -> None:
    assert find(expression, document) is UNREADABLE


BOMBS = {
    "a list doubled 36 times": "[@]" + "|[@,@][]" * 36,
    "a list of the same lists": "[@]" + "|[@,@]" * 36,
    "... written out": f"to_string([@]{'|[@,@]' * 36})",
    "... compared with its like": f"[@{'|[@,@]' * 36},@{'|[@,@]' * 36}]|[0]==[1]",
    "... searched": f"contains([[@]{'|[@,@]' * 36}],[@]{'|[@,@]' * 36})",
    "a text doubled": "'abcdefgh'" + "|join('',[@,@])" * 36,
    "an object doubled": "{a:@}" + "|{a:@,b:@}" * 36,
}


@pytest.mark.parametrize("expression", BOMBS.values(), ids=BOMBS)
def test_no_expression_can_fill_the_memory_or_hang(expression: str) -> None:
    began = time.process_time()
    assert find(expression, [1]) is UNREADABLE
    assert time.process_time() - began < 2


WIDE = {
    "empty lists": "[" + "[]," * (FOUR_MB // 3 - 1) + "[]]",
    "pairs": "[" + "[1,2]," * (FOUR_MB // 6 - 1) + "[]]",
    "objects": "[" + '{"a":[{"b":1}]},' * (FOUR_MB // 16 - 1) + "{}]",
}


@pytest.mark.parametrize(
    "expression", ["[]", "[][][]", "[*].a", "[].a[].b", "[?a == `[]`]", "sort_by(@, &a)", "length(@)", "@"]
)
@pytest.mark.parametrize("text", WIDE.values(), ids=WIDE)
def test_a_wide_answer_of_four_megabytes_takes_no_longer_than_a_moment(expression: str, text: str) -> None:
    document = json.loads(text)
    began = time.process_time()
    assert find(expression, document) is UNREADABLE
    assert time.process_time() - began < 2


def test_a_large_ordinary_answer_is_well_within_the_bound() -> None:
    jobs = [
        {"name": f"job {at}", "steps": [{"name": f"step {n}", "ok": n % 2} for n in range(30)]} for at in range(200)
    ]
    assert len(json.dumps(jobs)) > 150_000
    assert len(find("[].steps[?ok == `1`][].name", jobs)) == 200 * 15  # type: ignore[arg-type]  # a list, or the test fails


def test_all_expressions_over_one_answer_share_a_bound_and_the_first_ones_win() -> None:
    evaluator, bomb = Evaluator(steps=1000, total=2500), parse_expression(BOMBS["a list doubled 36 times"])
    status = parse_expression("status")
    assert evaluator.find(status, DOCUMENT) == "completed"
    assert [evaluator.find(bomb, [1]) for _ in range(3)] == [UNREADABLE] * 3
    assert evaluator.find(status, DOCUMENT) is UNREADABLE


def test_a_deep_answer_does_no_harm() -> None:
    deep: object = 1
    for _ in range(900):
        deep = [deep]
    assert find("[0][0]", deep) is not None
    assert find("to_string(@)", deep) is not None
    assert find("@ == @", deep) in (True, UNREADABLE)
