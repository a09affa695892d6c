"""A configuration that is read without its credentials, for commands that only look."""

import pytest

from poller.config import SourceConfig, parse
from poller.errors import ConfigError
from tests.config import samples

ELSEWHERE = 'auth = { method = "token", token = { env = "NOT_SET" } }'
TEXT = samples.source(auth=ELSEWHERE) + samples.notifier(
    url='url = { credential = "url" }', secret='secret = { file = "nowhere" }'
)


def test_secrets_that_are_elsewhere_are_not_looked_up() -> None:
    config = parse(TEXT, environ={}, secrets=False)

    source: SourceConfig = config.sources["prod"]
    assert source.rate == 5.0
    assert samples.webhook(config).url.reveal() == ""
    with pytest.raises(ConfigError, match="3 mistakes"):
        parse(TEXT, environ={})


def test_all_else_is_checked_as_ever() -> None:
    with pytest.raises(ConfigError, match=r"sources\.prod\.rate"):
        parse(TEXT.replace("project_id", 'rate = "fast"\nproject_id'), environ={}, secrets=False)
