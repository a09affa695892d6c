"""The table of any REST job API: what a good one gives, and every mistake with its key path, what was found and what is allowed."""

import json
import tomllib

import pytest
from jsonschema import Draft202012Validator

from poller.config import HttpJsonConfig, parse, redacted, schema
from poller.errors import ConfigError
from tests.config.samples import PLANTED

URL = 'url = "https://ci.example.com/jobs/{job_id}"'
STATE = 'state = "status"'
VALIDATOR = Draft202012Validator(schema())


def api(extra: str = "", *, url: str = URL, state: str = STATE) -> str:
    """A [sources.ci] table."""
    return "\n".join(["[sources.ci]", 'kind = "http-json"', url, state, extra, ""])


def log(entries: str = 'entries = "steps"', more: str = 'type = "name"') -> str:
    return api(f"[sources.ci.log]\n{entries}\n{more}")


def pages(
    url: str = 'url = "https://ci.example.com/jobs?n={limit}&p={page}"',
    items: str = 'items = "jobs"',
    id_: str = 'id = "id"',
) -> str:
    return api(f"{id_}\n[sources.ci.pages]\n{url}\n{items}")


def loaded(text: str) -> HttpJsonConfig:
    table = parse(text, environ={"T": PLANTED}).sources["ci"]
    assert isinstance(table, HttpJsonConfig)
    return table


def test_the_least_that_is_needed_is_kind_url_and_state() -> None:
    table = loaded(api())
    assert (table.not_found, table.classes, table.keep, table.headers) == ((404, 410), {}, {}, {})
    assert (table.id, table.name, table.log, table.pages, table.bearer) == (None, None, None, None, None)
    assert (table.address, table.proof) == ("https://ci.example.com", "no credentials")


def test_a_bearer_token_is_a_header() -> None:
    table = loaded(api('bearer = { env = "T" }\nheaders = { X-Team = "a" }'))
    assert {name: value.reveal() for name, value in table.sent_headers.items()} == {
        "X-Team": "a",
        "Authorization": f"Bearer {PLANTED}",
    }
    assert table.proof == "bearer token"


def test_nothing_shows_a_token_wherever_it_stands() -> None:
    config = parse(
        api(
            f'bearer = "{PLANTED}"\nheaders = {{ X-Key = "{PLANTED}" }}\nid = "id"\n'
            f'[sources.ci.pages]\nurl = "https://h/jobs?n={{limit}}&p={{page}}&key={PLANTED}"\nitems = "jobs"',
            url=f'url = "https://h/{{job_id}}?key={PLANTED}"',
        ),
        environ={},
    )
    assert PLANTED not in repr(config) + json.dumps(redacted(config))


def test_states_of_any_form_may_be_stuck_and_classes_are_in_the_order_of_the_file() -> None:
    table = loaded(
        api('stuck_after = { "completed/failure" = "1h", active = "2h" }\nclasses = { b = "done", "a*" = "failed" }')
    )
    assert table.stuck_after == {"completed/failure": 3600.0, "active": 7200.0}
    assert list(table.classes) == ["b", "a*"]


@pytest.mark.parametrize(
    "text",
    [
        api(),
        api('name = """join(\' \',\n  [a, b])"""'),
        api('not_found = [404, 422]\nkeep = { tags = "labels[].name" }\nheaders = { PRIVATE-TOKEN = { env = "T" } }'),
        log(more='time = "at"'),
        pages(),
        pages(url='url = "https://h/?o={offset}&n={limit}&s={create_since}"'),
        api(url='url = { env = "U" }'),
    ],
)
def test_good_tables_load_and_fit_the_schema(text: str) -> None:
    parse(text, environ={"T": "t", "U": "http://h/{job_id}"})
    assert [error.message for error in VALIDATOR.iter_errors(tomllib.loads(text))] == []


C = "sources.ci"
CASES: list[tuple[str, str, str, str]] = [
    (api(url=""), f"{C}.url", "found nothing", "{job_id} is filled in"),
    (api(state=""), f"{C}.state", "found nothing", "the state of the job"),
    (api(url='url = "https://h/hunter2"'), f"{C}.url", "no {job_id}", "https://HOST/jobs/{job_id}"),
    (api(url='url = "ftp://hunter2/{job_id}"'), f"{C}.url", "the scheme ftp", "https:// or http://"),
    (api(url='url = "https://{job_id}/hunter2"'), f"{C}.url", "braces in the host", "path or the query"),
    (api(url='url = "https://h/{job_id}/{hunter2}"'), f"{C}.url", "braces around something else", "allowed: {job_id}"),
    (api(url='url = "https://h/{job_id}/{"'), f"{C}.url", "braces around something else", "allowed: {job_id}"),
    (api(url='url = "https://h/{{job_id}}"'), f"{C}.url", "braces around something else", "allowed: {job_id}"),
    (api(url='url = "https://u:hunter2@h/{job_id}"'), f"{C}.url", "a user or password", "without"),
    (api(url='url = "https://h/{job_id}#hunter2"'), f"{C}.url", "#fragment", "without it"),
    (api(url='url = "https://h/{job_id} hunter2"'), f"{C}.url", "found spaces", "%XX"),
    (api(url="url = 5"), f"{C}.url", "found an integer", "expected a string"),
    (api(state="state = 5"), f"{C}.state", "found 5", "a JMESPath expression of 1 to 1000"),
    (api(state='state = ""'), f"{C}.state", 'found ""', "1 to 1000"),
    (api(state=f'state = "{"x" * 1001}"'), f"{C}.state", "it has 1001 characters", "1 to 1000"),
    (
        api(state='state = "a..b"'),
        f"{C}.state",
        'found "a..b"; no JMESPath from character 3 on',
        "a JMESPath expression",
    ),
    (api(state='state = "jion(a, b)"'), f"{C}.state", "the function jion()", 'did you mean "join"? allowed: abs'),
    (api(state='state = "length(a, b)"'), f"{C}.state", "length() with 2 arguments", "expected 1"),
    (api(state=f'state = "a{"[]" * 60}"'), f"{C}.state", "nested too deep", "at most 40 levels"),
    (api('name = "a["'), f"{C}.name", 'found "a["', "a JMESPath expression"),
    (api('keep = { state = "status" }'), f"{C}.keep.state", "has its place", "any but state, name, class"),
    (api('keep = { "a b" = "x" }'), f'{C}.keep."a b"', 'found "a b"', "the name of a field"),
    (api('keep = { a = "x(" }'), f"{C}.keep.a", 'found "x("', "a JMESPath expression"),
    (api("keep = { a = 5 }"), f"{C}.keep.a", "found 5", "a JMESPath expression"),
    (api('keep = "status"'), f"{C}.keep", "found a string", "expected a table"),
    (api('keep_fields = ["a"]'), f"{C}.keep_fields", "unknown key keep_fields", "keep"),
    (api('classes = { "done/*" = "finished" }'), f'{C}.classes."done/*"', 'found "finished"', "allowed: active"),
    (api('classes = { "" = "done" }'), f'{C}.classes.""', 'found ""', "a glob of 1 to 200"),
    (api("not_found = [500]"), f"{C}.not_found[0]", "found 500", "from 400 to 499"),
    (api("not_found = [404, 401]"), f"{C}.not_found[1]", "found 401", "400 to 499 but 401, 408, 429"),
    (api('not_found = ["404"]'), f"{C}.not_found[0]", 'found "404"', "from 400 to 499"),
    (api('bearer = "hunter2\\nX: y"'), f"{C}.bearer", "characters that an HTTP header cannot carry", "printable ASCII"),
    (api('headers = { Host = "hunter2" }'), f"{C}.headers.Host", 'found "Host"', "any header but those"),
    (api('headers = { "a b" = "hunter2" }'), f'{C}.headers."a b"', 'found "a b"', "the name of an HTTP header"),
    (api('headers = { X-A = "a", x-a = "b" }'), f"{C}.headers.x-a", "the header X-A again", "remove one"),
    (
        api('bearer = "hunter2"\nheaders = { authorization = "hunter2" }'),
        f"{C}.headers.authorization",
        "found the header and bearer",
        "exactly one",
    ),
    (api("discover = true"), f"{C}.discover", "discover without a list", "the table pages"),
    (api('stuck_after = { "" = "1h" }'), f'{C}.stuck_after.""', 'found ""', "a class, or a state"),
    (log(entries=""), f"{C}.log.entries", "found nothing", "the list of entries"),
    (log(more=""), f"{C}.log.type", "neither time nor type", "at least one"),
    (log(more='type = "a b"'), f"{C}.log.type", 'found "a b"', "a JMESPath expression"),
    (api('log = "steps"'), f"{C}.log", "found a string", "keys entries, time"),
    (pages(id_=""), f"{C}.id", "found nothing", "where the id is"),
    (pages(items=""), f"{C}.pages.items", "found nothing", "the list of jobs"),
    (pages(url='url = "https://h/jobs"'), f"{C}.pages.url", "no {limit}, or neither", "page={page}"),
    (pages(url='url = "https://h/jobs?n={limit}"'), f"{C}.pages.url", "neither {page} nor {offset}", "page={page}"),
    (pages(url='url = "https://h/{job_id}?n={limit}&p={page}"'), f"{C}.pages.url", "something else", "{limit}, {page}"),
    (pages(url='url = "https://{page}.hunter2/?n={limit}"'), f"{C}.pages.url", "braces in the host", "one host"),
    (api('project_id = "x"'), f"{C}.project_id", "unknown key project_id", "allowed: "),
]


@pytest.mark.parametrize(
    ("text", "path", "found", "allowed"), CASES, ids=[f"{n}-{case[1]}" for n, case in enumerate(CASES)]
)
def test_a_mistake_is_one_line_with_its_path_what_was_found_and_what_is_allowed(
    text: str, path: str, found: str, allowed: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, environ={})

    (line,) = caught.value.problems
    assert line.startswith(f"{path}: ")
    assert found in line
    assert allowed in line
    assert PLANTED not in line.replace("{hunter2}", "")


def test_many_mistakes_are_told_at_once() -> None:
    text = api('name = "("\nkeep = { a = "[", b = "b(c" }\nclasses = { x = "y" }', url="", state='state = "no such"')
    with pytest.raises(ConfigError) as caught:
        parse(text, environ={})
    assert [line.partition(":")[0] for line in caught.value.problems] == [
        f"{C}.{key}" for key in ("url", "state", "name", "keep.a", "keep.b", "classes.x")
    ]
