"""Mistakes of every sort are told in one go."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poller.config import parse
from poller.errors import ConfigError
from tests.config.samples import KEY, PLANTED, notifier, route, source, toml

EVERYTHING = f"""
colour = "red"
[store]
url = "mysql://{PLANTED}"
retain = {{ events = 5 }}
[sources.prod]
kind = "metastudio-avatar"
region = "cn-north-4"
endpoint = "https://{PLANTED}@x"
auth = {{ method = "akks" }}
jobs = ["a", "b/c", "a"]
rate = 5
[sources.test]
kind = "metastudio-avatr"
[notifiers.backend]
kind = "webhook"
url = {{ env = "NOT_SET" }}
secret = "{KEY}"
secrets = ["{PLANTED}"]
pasword = "{PLANTED}"
ordered = "yes"
[[routes]]
on = ["stat:X"]
notify = ["bakend", "backend"]
[[routes]]
sources = ["prd"]
classes = ["faild"]
"""

PLACES = {
    "colour",
    "store.url",
    "store.retain.events",
    "sources.prod.endpoint",
    "sources.prod.auth.method",
    "sources.prod.project_id",
    "sources.prod.jobs[1]",
    "sources.prod.jobs[2]",
    "sources.prod.rate",
    "sources.prod.auth.access_key",
    "sources.prod.auth.secret_key",
    "sources.test.kind",
    "sources.test.region",
    "sources.test.project_id",
    "sources.test.auth",
    "notifiers.backend.url",
    "notifiers.backend.secrets",
    "notifiers.backend.secrets[0]",
    "notifiers.backend.pasword",
    "notifiers.backend.ordered",
    "routes[0].on[0]",
    "routes[0].notify[0]",
    "routes[1].sources[0]",
    "routes[1].classes[0]",
    "routes[1].notify",
}


def test_mistakes_of_single_keys_of_pairs_and_of_references_are_told_in_one_go() -> None:
    with pytest.raises(ConfigError) as caught:
        parse(EVERYTHING, environ={})

    assert {line.split(": ")[0] for line in caught.value.problems} == PLACES
    assert PLANTED not in str(caught.value)


@pytest.mark.parametrize("kind", ['kind = "webhok"', 'kind = "hook-of-sorts"', "kind = 1", ""])
def test_a_kind_that_is_not_known_hides_no_other_mistake_of_its_table(kind: str) -> None:
    text = f'[notifiers.backend]\n{kind}\nurl = "ftp://{PLANTED}"\nretry = ["soon"]\nsecret = "{PLANTED}"\nzip = 1'

    with pytest.raises(ConfigError) as caught:
        parse(text, environ={})

    places = {line.split(": ")[0].removeprefix("notifiers.backend.") for line in caught.value.problems}
    assert places == {"kind", "url", "retry[0]", "secret", "zip"}
    assert PLANTED not in str(caught.value)


def test_what_only_another_kind_needs_or_allows_is_no_mistake_while_the_kind_is_not_known() -> None:
    table = '[sources.ci]\nkind = "x"\nregion = "cn-north-4"\nproject_id = "a"\nstate = "status"\nrate = "fast"'

    with pytest.raises(ConfigError) as caught:
        parse(table, environ={})

    assert [line.split(": ")[0] for line in caught.value.problems] == ["sources.ci.kind", "sources.ci.rate"]


def test_each_line_stands_once_and_the_first_line_counts_them() -> None:
    with pytest.raises(ConfigError) as caught:
        parse(EVERYTHING, environ={}, place="/etc/poller/poller.toml")

    assert len(set(caught.value.problems)) == len(caught.value.problems)
    assert str(caught.value).startswith(
        f"/etc/poller/poller.toml: {len(caught.value.problems)} mistakes in the configuration\n"
    )


def test_an_unknown_reference_is_not_told_when_what_it_refers_to_cannot_be_read() -> None:
    with pytest.raises(ConfigError) as caught:
        parse('notifiers = "x"\n[[routes]]\nnotify = ["backend"]', environ={})

    assert [line.split(": ")[0] for line in caught.value.problems] == ["notifiers"]


def test_a_text_that_a_terminal_would_obey_is_shown_escaped_and_short() -> None:
    with pytest.raises(ConfigError) as caught:
        parse('"\\u001b[2J\\u202e" = 1\nroutes = [{ notify = ["\\u001b]0;x' + "y" * 500 + '"] }]', environ={})

    said = str(caught.value)
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert "\\u001b" in said
    assert max(map(len, said.splitlines())) < 300


KEYS = {
    "store",
    "sources",
    "notifiers",
    "routes",
    "prod",
    "kind",
    "auth",
    "method",
    "secret",
    "url",
    "notify",
    "headers",
    "jobs",
    "every",
    "env",
}

Toml = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.datetimes(), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(sorted(KEYS)), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(["store", "sources", "notifiers", "routes"]), Toml, min_size=1))
def test_whatever_stands_in_a_file_it_is_read_or_refused_with_a_config_error(document: dict[str, object]) -> None:
    text = "\n".join(f"{name} = {toml(value)}" for name, value in document.items())
    try:
        parse(text, environ={})
        problems: tuple[str, ...] = ()
    except ConfigError as error:
        problems = error.problems
    assert not any("not valid TOML" in line or "\n" in line for line in problems), text


GOOD = tomllib.loads(
    "\n".join(
        [
            "[store]\nretain = { events = '1d' }",
            route('on = ["!X"]\nlabels = { team = "x" }\nclasses = ["done"]\nsources = ["prod"]'),
            source(
                'every = { active = "1s" }\njobs = ["a"]',
                auth=f'auth = {{ method = "aksk", access_key = "{PLANTED}", secret_key = "s" }}',
                name="b",
            ),
            notifier('headers = { X-A = "b" }\nretry = ["5s"]', secret=f'secrets = ["{KEY}"]', name="n"),
        ]
    )
)
JUNK = [
    5,
    -0.5,
    True,
    [],
    {},
    [[]],
    PLANTED,
    [PLANTED],
    {"env": [PLANTED]},
    {"q": PLANTED},
    [{"x": PLANTED}],
    {"x": {"y": PLANTED}},
]
SECRET_KEYS = {"url", "secret", "secrets", "headers", "token", "access_key", "secret_key", "auth"}


def _replaced(part: Any, junk: Any) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """The document with each of its nodes in turn replaced by junk, and the path of that node."""
    yield (), junk
    for place, inner in part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ():
        for path, other in _replaced(inner, junk):
            copy = part.copy()
            copy[place] = other
            yield (place, *path), copy


@pytest.mark.parametrize("junk", JUNK, ids=repr)
def test_junk_in_any_place_is_read_or_refused_and_never_shown_where_a_secret_belongs(junk: object) -> None:
    documents = [(path, document) for path, document in _replaced(GOOD, junk) if path]
    assert len(documents) > 40
    for path, document in documents:
        text = "\n".join(f"{name} = {toml(value)}" for name, value in document.items())
        try:
            parse(text, environ={})
            said = ""
        except ConfigError as error:
            said = str(error)
        assert "not valid TOML" not in said, text
        assert PLANTED not in said or not SECRET_KEYS & set(path) or path[-1] == "method", said
