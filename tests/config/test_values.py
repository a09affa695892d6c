from pathlib import Path

import pytest
from pydantic import ValidationError

from poller.config import (
    AkskAuth,
    AvatarConfig,
    Config,
    DatabaseLocation,
    Discover,
    PasswordAuth,
    TokenAuth,
    VoiceConfig,
    check_job_id,
    database_location,
    parse,
    redacted,
)
from poller.core.secret import Secret
from poller.core.vocabulary import CLASSES
from tests.config.samples import KEY, avatar, notifier, route, source, voices, webhook


def test_an_empty_file_is_a_configuration_with_the_defaults() -> None:
    config = parse("", environ={})

    assert config == Config()
    assert config.store.url.reveal() == "sqlite:///poller.db"
    assert config.store.retain.events == 180 * 86400
    assert (config.sources, config.notifiers, config.routes) == ({}, {}, ())


def test_durations_are_seconds_and_rates_are_per_second() -> None:
    prod = parse(source('timeout = "200ms"\nrate = "120/min"\nevery = { done = "1h30m" }'), environ={}).sources["prod"]

    assert (prod.timeout, prod.rate, prod.every.done) == (0.2, 2.0, 5400.0)
    assert prod.forget_done_after == 7 * 86400


def test_a_partial_table_of_intervals_keeps_the_other_defaults() -> None:
    every = parse(source('every = { active = "50ms" }'), environ={}).sources["prod"].every

    assert {name: every.of(name) for name in CLASSES} == {
        "active": 0.05,
        "waiting_on_us": 120,
        "waiting_on_vendor": 120,
        "failed": 300,
        "done": 3600,
        "unknown": 60,
    }


def test_the_endpoints_follow_from_the_region() -> None:
    auth = 'auth = { method = "password", user = "u", password = "p", domain = "d" }'
    prod = avatar(parse(source(auth=auth, where='region = "la-south-2"'), environ={}))

    assert prod.endpoint == "https://metastudio.la-south-2.myhuaweicloud.com"
    assert isinstance(prod.auth, PasswordAuth)
    assert prod.auth.endpoint == "https://iam.la-south-2.myhuaweicloud.com"


def test_a_written_endpoint_stays_as_it_is() -> None:
    auth = (
        'auth = { method = "password", user = "u", password = "p", domain = "d", endpoint = "http://127.0.0.1:9/iam" }'
    )
    prod = avatar(parse(source(auth=auth, where='endpoint = "http://[::1]:8080"'), environ={}))

    assert (prod.region, prod.endpoint) == (None, "http://[::1]:8080")
    assert isinstance(prod.auth, PasswordAuth)
    assert prod.auth.endpoint == "http://127.0.0.1:9/iam"


def test_the_auth_table_has_the_form_of_its_method() -> None:
    signed = 'auth = { method = "aksk", access_key = "a", secret_key = "s" }'
    aksk = avatar(parse(source(auth=signed), environ={})).auth
    token = avatar(parse(source(), environ={})).auth

    assert isinstance(aksk, AkskAuth)
    assert (aksk.access_key, aksk.secret_key, aksk.security_token) == (Secret("a"), Secret("s"), None)
    assert isinstance(token, TokenAuth)


def test_webhook_defaults_are_those_of_the_contract() -> None:
    hook = webhook(parse(notifier(), environ={}))

    assert list(hook.retry) == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert (hook.timeout, hook.rate, hook.concurrency) == (15, 20, 4)
    assert hook.ordered
    assert not hook.public_only
    assert not hook.headers
    assert not hook.secrets


def test_no_retry_at_all_may_be_asked_for() -> None:
    assert parse(notifier("retry = []"), environ={}).notifiers["backend"].retry == ()


@pytest.mark.parametrize(
    "pattern",
    [
        "SYSTEM_VERIFY_SUCCESS",
        "*",
        "!X",
        "state:*_FAILED",
        "!operation:REDO_*",
        "job:STUCK",
        "source:*",
        "notifier:?AIL*",
        "comment:[AB]*",
    ],
)
def test_a_route_takes_globs_with_families_and_exclusions(pattern: str) -> None:
    assert parse(route(f'on = ["{pattern}"]'), environ={}).routes[0].on == (pattern,)


def test_a_route_key_that_is_left_out_is_empty() -> None:
    (found,) = parse(route(), environ={}).routes

    assert (found.on, found.sources, found.labels, found.classes, found.operators) == ((), (), {}, (), ())
    assert found.notify == ("backend",)


def test_a_reload_can_tell_what_changed() -> None:
    before, same = parse(notifier(), environ={}), parse(notifier(), environ={})
    rotated = parse(notifier(secret=f'secrets = ["{KEY}"]'), environ={})

    assert before == same
    assert before != rotated


def test_values_are_frozen() -> None:
    config = parse(source(), environ={})

    with pytest.raises(ValidationError, match="frozen"):
        setattr(config.sources["prod"], "rate", 1.0)  # noqa: B010 - the type checker refuses the plain form


def test_values_can_be_built_in_python_with_numbers_and_secrets() -> None:
    built = AvatarConfig(
        kind="metastudio-avatar",
        endpoint="http://127.0.0.1:1",
        project_id="p",
        auth=TokenAuth(method="token", token=Secret("t")),
        timeout=0.5,
        rate=100.0,
    )

    assert (built.timeout, built.rate, built.concurrency) == (0.5, 100.0, 16)
    assert Config(sources={"a": built}).sources["a"] is built


@pytest.mark.parametrize(
    ("written", "meant", "shown"),
    [
        ("", None, False),
        ("discover = false", None, False),
        ("discover = true", Discover(created_within=None), True),
        ("discover = {}", Discover(), {"tags": [], "batch_names": [], "created_within": "30d"}),
        (
            'discover = { tags = ["vip", "a*"], created_within = "1h" }',
            Discover(tags=("vip", "a*"), created_within=3600.0),
            {"tags": ["vip", "a*"], "batch_names": [], "created_within": "1h"},
        ),
    ],
)
def test_discovery_is_off_on_or_a_table_with_defaults(written: str, meant: Discover | None, shown: object) -> None:
    config = parse(source(written), environ={})

    assert config.sources["prod"].discover == meant
    assert redacted(config)["sources"]["prod"].get("discover", False) == shown  # off may be left out


def test_a_voice_is_followed_in_a_source_of_voices() -> None:
    config = parse(source('follow_voice = "voices"') + voices('every = { active = "1m" }'), environ={})

    assert avatar(config).follow_voice == "voices"
    assert isinstance(config.sources["voices"], VoiceConfig)
    assert config.sources["voices"].endpoint == "https://metastudio.cn-north-4.myhuaweicloud.com"
    assert config.sources["voices"].every.active == 60
    assert redacted(config)["sources"]["prod"]["follow_voice"] == "voices"
    assert avatar(parse(source(), environ={})).follow_voice is None


def test_a_stay_is_bounded_by_state_or_by_class() -> None:
    prod = parse(source('stuck_after = { TRAINING = "72h", waiting_on_us = "24h", NEW_2_STATE = "50ms" }'), environ={})

    assert prod.sources["prod"].stuck_after == {"TRAINING": 259200.0, "waiting_on_us": 86400.0, "NEW_2_STATE": 0.05}
    assert redacted(prod)["sources"]["prod"]["stuck_after"]["TRAINING"] == "3d"
    assert parse(source(), environ={}).sources["prod"].stuck_after == {}


def test_states_are_read_by_whichever_way_is_cheaper_unless_one_is_named() -> None:
    assert parse(source(), environ={}).sources["prod"].sweep == "auto"
    assert parse(source('sweep = "list"'), environ={}).sources["prod"].sweep == "list"


STATE = Path("/var/lib/poller")


@pytest.mark.parametrize(
    ("url", "environ", "file"),
    [
        ("sqlite:///poller.db", {}, Path("/home/op/poller.db")),
        ("sqlite:///data/poller.db", {"STATE_DIRECTORY": f"{STATE}"}, STATE / "data/poller.db"),
        ("sqlite:///poller.db", {"STATE_DIRECTORY": f"{STATE}:/var/lib/other"}, STATE / "poller.db"),
        ("sqlite:////srv/poller.db", {"STATE_DIRECTORY": f"{STATE}"}, Path("/srv/poller.db")),
    ],
)
def test_a_relative_database_file_is_below_the_state_directory_else_the_working_directory(
    url: str, environ: dict[str, str], file: Path
) -> None:
    store = parse(f'[store]\nurl = "{url}"', environ={}).store

    location = database_location(store, environ, Path("/home/op"))

    assert location.file == file
    assert location.url.reveal() == f"sqlite:///{file}"


@pytest.mark.parametrize(
    "url",
    ["postgresql://u:p%40@h:5432/d?sslmode=require", "postgresql:///d?host=/run/postgresql", "postgresql://u@[::1]/d"],
)
def test_a_database_server_is_taken_as_it_is_written(url: str) -> None:
    store = parse(f'[store]\nurl = "{url}"', environ={}).store

    assert database_location(store, {"STATE_DIRECTORY": "/x"}, Path("/")) == DatabaseLocation(
        url=Secret(url), file=None
    )


def test_job_ids_from_elsewhere_are_checked_by_the_same_rule() -> None:
    assert check_job_id("efc5300ecdba4ea48d1ff13a9d907bc0") == "efc5300ecdba4ea48d1ff13a9d907bc0"
    for bad in ("", ".", "..", "a/b", "a b", "a\n", "a?b", "a%2Fb", "ä", "x" * 201):
        with pytest.raises(ValueError, match="1 to 200"):
            check_job_id(bad)
