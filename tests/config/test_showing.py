import json
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from poller.config import Config, WebhookConfig, parse, redacted
from tests.config.samples import KEY, PLANTED, notifier, route, source

SECRETS = {"TOKEN": "planted-env", "HOOK": "https://hidden.example/planted-path"}
WHOLE = "\n".join(
    [
        f'[store]\nurl = "postgresql://planted-user:{PLANTED}@db.example/poller?password=planted-option"',
        f'[web]\nlisten = "127.0.0.1:1"\ntoken = "{PLANTED}"\n[heartbeat]\nurl = "https://hc.example/{PLANTED}"',
        route('on = ["!X"]'),
        source(
            auth=f'auth = {{ method = "aksk", access_key = "planted-ak", secret_key = "{PLANTED}", security_token = "planted-st" }}',
            name="b",
        ),
        source(auth=f'auth = {{ method = "password", user = "u", password = "{PLANTED}", domain = "d" }}', name="c"),
        source(auth='auth = { method = "token", token = { env = "TOKEN" } }', name="d"),
        notifier(f'headers = {{ Authorization = "Bearer {PLANTED}" }}', name="x", url='url = { env = "HOOK" }'),
        notifier(
            name="y", secret=f'secrets = ["{KEY}"]', url=f'url = "https://example.com:8443/{PLANTED}?token={PLANTED}"'
        ),
    ]
)


WAYS: dict[str, Callable[[Config], str]] = {
    "repr": repr,
    "str": str,
    "redacted": lambda config: json.dumps(redacted(config)),
    "dump": lambda config: repr(config.model_dump()),
    "json": lambda config: config.model_dump_json(),
}


@pytest.mark.parametrize("way", WAYS)
def test_no_way_of_showing_a_configuration_shows_a_secret(way: str) -> None:
    shown = WAYS[way](parse(WHOLE, environ=SECRETS))

    for secret in (PLANTED, KEY, "planted-", "hidden.example"):
        assert secret not in shown
    assert "<secret>" in shown


def test_the_redacted_form_is_what_an_operator_would_write() -> None:
    shown = redacted(parse(WHOLE, environ=SECRETS))

    assert shown["store"]["url"] == "postgresql://db.example/poller"
    assert shown["sources"]["prod"]["every"]["active"] == "30s"
    assert shown["sources"]["prod"]["rate"] == "5/s"
    assert shown["notifiers"]["x"]["url"] == "<secret>"
    assert shown["notifiers"]["x"]["headers"] == {"Authorization": "<secret>"}
    assert shown["notifiers"]["y"]["url"] == "https://example.com:8443"
    assert shown["notifiers"]["y"]["secrets"] == ["<secret>"]
    assert "secret" not in shown["notifiers"]["y"]
    assert shown["routes"] == [{"on": ["!X"], "notify": ["backend"]}]


def test_an_error_of_a_value_built_in_python_shows_no_secret() -> None:
    with pytest.raises(ValidationError) as caught:
        WebhookConfig.model_validate({"kind": "webhook", "url": PLANTED, "secret": [PLANTED], "pasword": PLANTED})

    assert PLANTED not in f"{caught.value}{caught.value!r}{caught.value.errors()}"
