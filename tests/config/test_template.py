"""Templates: whatever is wrong with one is a mistake of the file, and none of them runs without an end."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poller.config import Config, load, parse
from poller.config.template import LONGEST_TEMPLATE, Misfit, Template, compiled, tried
from poller.core.notification import Notification, notification_of
from poller.core.specimens import examples
from poller.core.trials import AWKWARD, trials
from poller.errors import ConfigError
from tests.config.samples import KEY, notifier, webhook

NOTIFICATION = notification_of(examples()["poller.job.operation_logged"])
TOGETHER = Notification(id="b" * 32, events=tuple(examples().values()))
GOOD = '{"text": {{ summary | tojson }}}'


def rendered(text: str, notification: Notification = NOTIFICATION) -> str:
    return compiled(text).render(notification)


def refused(text: str, content_type: str = "text/plain") -> str:
    with pytest.raises(ValueError, match="found") as caught:
        tried(compiled(text), content_type)
    return str(caught.value)


def read(template: str, extra: str = "", *, secret: str = "", folder: Path | None = None) -> Config:
    return parse(notifier(f"template = {template}\n{extra}", secret=secret), environ={}, folder=folder)


def mistakes(template: str, extra: str = "", *, folder: Path | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        read(template, extra, folder=folder)
    return str(caught.value)


def test_a_template_sees_the_event_the_events_their_summary_and_the_id() -> None:
    assert (
        rendered("{{ event.data.job.state }} {{ events | length }} {{ id }}") == f"MANUAL_VERIFYING 1 {NOTIFICATION.id}"
    )
    assert rendered("{{ summary }}") == "Test Name: SYSTEM_VERIFY_SUCCESS by SYSTEM"
    assert len(rendered("{{ summary }}", TOGETHER).splitlines()) == len(TOGETHER.events)
    assert rendered("{{ event.id }}", TOGETHER) == TOGETHER.events[-1].id


def test_it_gives_the_same_each_time_and_in_each_process() -> None:
    text = "{% for one in events %}{{ one.data | tojson }}{{ one | dictsort }}{% endfor %}"
    assert {rendered(text, TOGETHER) for _ in range(3)} == {compiled(text).render(TOGETHER)}


@given(st.text(max_size=300))
@settings(max_examples=100, deadline=None)
def test_what_goes_through_tojson_is_json_whatever_it_is(words: str) -> None:
    hostile = notification_of(NOTIFICATION.events[0]._replace(data={"summary": words}))
    assert json.loads(compiled(GOOD).render(hostile)) == {"text": words}


def test_a_good_template_is_read_and_needs_no_secret() -> None:
    hook = webhook(read(f"'{GOOD}'"))
    assert hook.template is not None
    assert hook.template.text == GOOD
    assert hook.signing_keys == ()
    assert (hook.content_type, hook.secret) == ("application/json", None)


def test_a_template_may_stand_in_a_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "body.j2").write_text(GOOD, encoding="utf-8")
    (tmp_path / "poller.toml").write_text(notifier('template = { file = "body.j2" }', secret=""), encoding="utf-8")
    hook = webhook(load(tmp_path / "poller.toml", environ={}))
    assert hook.template == compiled(GOOD)
    assert webhook(load(tmp_path / "poller.toml", environ={}, secrets=False)).template is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            '{"text": "{{ summary }}"}',
            "no JSON for an event of type poller.job.state_changed with quotes and line breaks",
        ),
        (
            '{"text": {{ summary }}}',
            "no JSON for an event of type poller.job.state_changed (line 1, column 10 of the result)",
        ),
        ('{"name": {{ event.data.job.name | tojson }}}', "fails for an event of type poller.source.blind"),
        ('{"batch": {{ event.data.job.batch_name | tojson }}}', "poller.job.state_changed with little in it"),
        ("[{% for one in events %}{{ one.id | tojson }}{% endfor %}]", "no JSON for several events"),
        ('{"text": {{ summary | tojson }}', "no JSON for an event of type"),
        ('{"text": {{ sumary | tojson }}}', "fails for an event of type poller.job.state_changed: line 1: "),
    ],
)
def test_json_that_would_break_at_night_is_refused_when_the_file_is_read(text: str, reason: str) -> None:
    said = mistakes(f"'{text}'")
    assert "notifiers.backend.template: found a template" in said
    assert reason in said


def test_what_is_not_json_need_not_be_it() -> None:
    hook = webhook(read("'{{ summary }}'", 'content_type = "text/plain; charset=utf-8"'))
    assert hook.content_type == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("template", "extra", "said"),
    [
        ('"{{ x"', "", "found no jinja2 template: line 1: "),
        ('"{% if %}"', "", "found no jinja2 template: line 1: "),
        ("'''\n{{ 1 | nothing }}'''", "", "No filter named 'nothing'"),
        ("\"{% include 'a' %}\"", "", "found include, import or extends"),
        ('""', "", "found 0 characters"),
        (f'"{"x" * (LONGEST_TEMPLATE + 1)}"', "", f"found {LONGEST_TEMPLATE + 1} characters"),
        ("5", "", "found an integer; expected a jinja2 template"),
        ("{}", "", "a table with none"),
        ('{ fiel = "a" }', "", 'the unknown key fiel; did you mean "file"?'),
        ('{ file = "nowhere" }', "", 'the file "nowhere" cannot be read (No such file or directory)'),
        ('{ file = "." }', "", '"." is not a regular file'),
        ("{ file = 5 }", "", "found an integer as file"),
        (f"'{GOOD}'", 'content_type = "nonsense"', 'content_type: found "nonsense"; expected such as text/plain'),
        (f"'{GOOD}'", 'content_type = "text/plain\\r\\nx: y"', "content_type: found"),
        (f"'{GOOD}'", 'preset = "slack"\ncontent_type = "text/plain"', "a chat robot takes application/json"),
        ("'[{{ summary | tojson }}]'", 'preset = "feishu"', "no JSON object"),
    ],
)
def test_a_mistake_about_a_template_is_said_with_its_path(template: str, extra: str, said: str, tmp_path: Path) -> None:
    text = mistakes(template, extra, folder=tmp_path)
    assert "notifiers.backend." in text
    assert said in text


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ('preset = "irc"', 'preset: found "irc"; allowed: slack, teams, feishu, dingtalk, wecom'),
        ('preset = "slack"\nrobot_secret = "hunter2"', "robot_secret: found robot_secret without one of these presets"),
        (f'secret = "{KEY}"\nrobot_secret = "hunter2"', "robot_secret: found robot_secret without"),
        (f'secret = "{KEY}"\ncontent_type = "text/plain"', "content_type: found content_type without template"),
        (
            'preset = "dingtalk"\nrobot_secret = 5',
            "robot_secret: found an integer; expected a string, or exactly one of",
        ),
    ],
)
def test_keys_that_do_not_fit_together_are_said_with_their_path(extra: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(notifier(extra, secret=""), environ={})
    assert f"notifiers.backend.{said}" in str(caught.value)
    assert "hunter2" not in str(caught.value)


ENDLESS = [
    "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{% endfor %}{% endfor %}{% endfor %}",
    "{% for one in range(100000000) %}{% endfor %}",
    "{{ 'x' * 1000000000 }}",
    "{{ 1000000000 * 'x' }}",
    "{{ [1, 2] * 100000000 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ '%099999999d' % 1 }}",
    "{{ '{:>1000000000}'.format(1) }}",
    "{{ 'x'.replace('', 'y' * 1000) }}",
    "{{ ('x' * 1000000) | replace('x', 'y' * 1000000) }}",
    "{{ 1 | round(99999999, 'floor') }}",
    "{% macro twice(n) %}{{ twice(n) }}{{ twice(n) }}{% endmacro %}{{ twice(1) }}",
    "{% for one in events recursive %}{{ loop([one, one]) }}{{ loop([one, one]) }}{% endfor %}",
    *(
        "{% set ns = namespace(x='ab\"') %}{% for i in range(90) %}{% set ns.x = " + grown + " %}{% endfor %}"
        for grown in (
            "ns.x ~ ns.x",
            "ns.x + ns.x",
            "[ns.x, ns.x] | join",
            "ns.x | tojson",
            "ns.x * 2",
            "[ns.x, ns.x] | string",
        )
    ),
    "{% set ns = namespace(x=['a']) %}{% for i in range(90) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
    "{% set ns = namespace(x='ab') %}{% for i in range(90) %}{% set y %}{{ ns.x }}{{ ns.x }}{% endset %}{% set ns.x = y %}{% endfor %}",
]


@pytest.mark.parametrize("text", ENDLESS)
def test_a_template_without_an_end_is_stopped_soon(text: str) -> None:
    started = time.process_time()
    assert "fails for" in refused(text)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ event.__init__ }}",
        "{{ self._TemplateReference__context }}",
        "{{ range.__globals__ }}",
        "{{ namespace.__init__.__globals__ }}",
        "{% set x = event.update({'a': 1}) %}",
        "{{ events.append(1) }}",
        "{{ event.get }}",
        "{{ events | map(attribute='id') }}",
        "{{ lipsum() }}",
        "{{ cycler('a') }}",
        "{{ config }}",
    ],
)
def test_what_is_not_for_templates_is_refused(text: str) -> None:
    assert "fails for" in refused(text)


@pytest.mark.parametrize(
    "name", ["random", "center", "indent", "format", "batch", "slice", "pprint", "attr", "urlize", "wordwrap"]
)
def test_filters_that_are_random_or_make_much_of_little_are_not_there(name: str) -> None:
    with pytest.raises(ValueError, match=f"No filter named '{name}'"):
        compiled("{{ 1 | " + name + " }}")


def test_what_a_template_is_for_works() -> None:
    text = """{% set job = event.data.job or {} -%}
{% for one in events | sort(attribute="id") if one.data.summary %}{{ loop.index }}/{{ loop.length }} {% endfor -%}
{{ job.get("batch_name", "-") | upper | truncate(8) }} {{ (event.data.seconds_in_previous_state or 0) | round(1) }} \
{{ {"failed": "red"}.get(job.get("class"), "grey") }} {{ "a" if job is mapping else "b" }}"""
    assert rendered(text) == "1/1 SPRING-7 0 grey a"


def test_a_surprise_at_night_is_told_without_a_word_of_the_event() -> None:
    template = compiled("{{ {'TRAINING': 1}[event.data.job.state] }}")
    with pytest.raises(Misfit) as caught:
        template.render(NOTIFICATION)
    assert "MANUAL_VERIFYING" in str(caught.value)
    assert caught.value.brief == "UndefinedError in line 1"


def test_templates_are_compared_by_their_text_and_do_not_show_it() -> None:
    assert compiled(GOOD) == compiled(GOOD)
    assert compiled(GOOD) != compiled(GOOD + " ")
    assert "summary" not in repr(compiled(GOOD))
    assert isinstance(compiled(GOOD), Template)


def test_the_trials_are_every_type_full_sparse_and_awkward_and_all_together() -> None:
    names = [name for name, _ in trials()]
    assert len(names) == 3 * len(examples()) + 1
    texts = list(_texts([[event.data for event in notification.events] for _, notification in trials()]))
    assert AWKWARD in texts


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(inner)


@pytest.mark.parametrize(
    ("preset", "rate", "remarks"),
    [
        ("dingtalk", "20/s", ["a robot of dingtalk takes 20/min, rate is 20/s: it will refuse some"]),
        ("feishu", "101/min", ["a robot of feishu takes 100/min, rate is 101/min: it will refuse some"]),
        ("wecom", "20/min", []),
        ("slack", "20/s", []),
    ],
)
def test_a_rate_that_a_robot_does_not_take_is_remarked_upon(preset: str, rate: str, remarks: list[str]) -> None:
    hook = webhook(parse(notifier(f'preset = "{preset}"\nrate = "{rate}"', secret=""), environ={}))
    assert list(hook.remarks) == remarks
