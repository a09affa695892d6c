"""The schema says what a user writes: good files fit it, malformed ones do not, where a schema can tell."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from poller.config import schema
from tests.config.samples import KEY, notifier, route, source

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"
VALIDATOR = Draft202012Validator(schema())


def _fits(text: str) -> bool:
    # Through JSON: TOML's own types are no JSON.
    return bool(VALIDATOR.is_valid(json.loads(json.dumps(tomllib.loads(text), default=str))))


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    json.dumps(schema(), allow_nan=False)


def test_the_example_fits() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")

    assert _fits(text)
    assert [error.message for error in VALIDATOR.iter_errors(tomllib.loads(text))] == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        source(),
        source(where='endpoint = "http://127.0.0.1:8080"'),
        source(auth='auth = { method = "aksk", access_key = { env = "A" }, secret_key = { credential = "s" } }'),
        source('every = { active = "50ms" }\njobs = ["a"]\nfirst_sight = "all"'),
        source('discover = true\nsweep = "list"\nstuck_after = { TRAINING = "72h", waiting_on_us = "24h" }'),
        source('discover = { tags = ["vip"], created_within = "7d" }'),
        notifier('headers = { X-Team = "a", Authorization = { file = "b" } }\nretry = ["10ms"]'),
        notifier(secret=f'secrets = ["{KEY}", {{ env = "OLD" }}]', url='url = { env = "U" }'),
        route('on = ["!X"]\nlabels = { team = "x" }\nclasses = ["done"]'),
        '[store]\nurl = "postgresql://u@h/d"\nretain = { events = "1d" }',
    ],
)
def test_a_good_file_fits(text: str) -> None:
    assert _fits(text)


@pytest.mark.parametrize(
    "text",
    [
        "stoer = {}",
        '[store]\nurl = "mysql://h/d"',
        "[store]\nretain = { events = 30 }",
        source(name='"my prod"'),
        source(where=""),
        source('endpoint = "https://h"'),
        source(where='region = "CN North"'),
        source(project=""),
        source(auth=""),
        source(auth='auth = { method = "akks" }'),
        source(auth='auth = { method = "token", token = { env = "A", file = "b" } }'),
        source(auth='auth = { method = "token", token = {} }'),
        source(auth='auth = { method = "token", token = 5 }'),
        source("rate = 5"),
        source('rate = "5"'),
        source('timeout = "10"'),
        source('timeout = ""'),
        source("concurrency = 0"),
        source("concurrency = true"),
        source('jobs = ["a/b"]'),
        source('jobs = ["a", "a"]'),
        source('first_sight = "loud"'),
        source("discover = 1"),
        source('discover = "true"'),
        source("discover = { tag = [] }"),
        source("discover = { created_within = 30 }"),
        source('sweep = "pages"'),
        source('stuck_after = { training = "1h" }'),
        source('stuck_after = { "TRAIN ING" = "1h" }'),
        source("stuck_after = { TRAINING = 72 }"),
        notifier(url='url = "ftp://h"'),
        notifier(secret=""),
        notifier(f'secrets = ["{KEY}"]'),
        notifier(secret="secrets = []"),
        notifier('headers = { "X Y" = "a" }'),
        notifier("ordered = 1"),
        route(notify=""),
        route("on = []"),
        route('classes = ["faild"]'),
        route('on = ["A B"]'),
    ],
)
def test_a_malformed_file_does_not_fit(text: str) -> None:
    assert not _fits(text)


def _keys(part: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for table in (part, *part["$defs"].values()):
        yield from table["properties"].items()


def test_every_key_has_a_meaning_and_nothing_is_null() -> None:
    keys = list(_keys(schema()))

    assert len(keys) > 40
    assert [name for name, key in keys if not key.get("description")] == []
    assert '"null"' not in json.dumps(schema())


def test_a_default_fits_its_own_key() -> None:
    document = schema()
    wrong = [
        name
        for name, key in _keys(document)
        if "default" in key and not Draft202012Validator({**key, "$defs": document["$defs"]}).is_valid(key["default"])
    ]
    assert wrong == []
