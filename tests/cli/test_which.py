"""Which jobs a command means."""

from pathlib import Path

import anyio
import pytest

from poller.cli.setting import Setting
from poller.cli.which import each_job, one_job, split_source
from poller.config import DatabaseLocation
from poller.core.secret import Secret
from poller.errors import NotFound, UsageError
from poller.store.store import open_store


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    file = tmp_path / "poller.db"

    async def fill() -> None:
        async with open_store(file) as store:
            await store.registry.add("prod", ["mine", "shared"], now=1.0)
            await store.registry.add("test", ["shared"], now=1.0)

    anyio.run(fill)
    return Setting(
        file=None,
        database=DatabaseLocation(url=Secret(f"sqlite:///{file}"), file=file),
        socket=tmp_path / "poller.sock",
        sources=("prod", "test"),
        kinds={},
        notifiers=(),
    )


def test_a_source_may_be_named_or_left_out_where_an_id_is_not_ambiguous(setting: Setting) -> None:
    assert one_job(setting, ["prod", "mine"]) == ("prod", "mine")
    assert one_job(setting, ["mine"]) == ("prod", "mine")
    assert split_source(setting, ["prod", "mine", "shared"]) == ("prod", ["mine", "shared"])
    assert split_source(setting, ["mine", "shared"]) == (None, ["mine", "shared"])
    assert each_job(setting, None, ["mine"]) == [("prod", "mine")]


def test_an_id_that_two_sources_have_is_not_guessed(setting: Setting) -> None:
    with pytest.raises(UsageError, match="prod, test"):
        one_job(setting, ["shared"])


def test_an_id_that_nobody_has_and_a_word_too_many_are_said(setting: Setting) -> None:
    with pytest.raises(NotFound, match="no job nobody"):
        one_job(setting, ["nobody"])
    with pytest.raises(UsageError, match="3 names"):
        one_job(setting, ["prod", "mine", "shared"])
