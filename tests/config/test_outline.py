from pathlib import Path

import pytest

from poller.config import outline
from poller.errors import ConfigError
from tests.config import samples


def test_the_outline_needs_none_of_the_credentials(tmp_path: Path) -> None:
    path = tmp_path / "poller.toml"
    hidden = samples.notifier(secret='secret = { env = "NOT_SET" }')
    path.write_text('[store]\nurl = "sqlite:///a.db"\n' + samples.source() + hidden)

    found = outline(path, environ={})

    assert found.store.url.reveal() == "sqlite:///a.db"
    assert (found.sources, found.notifiers) == (("prod",), ("backend",))
    assert found.kinds == {"prod": "metastudio-avatar"}


def test_an_outline_of_a_file_with_other_mistakes_is_read_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "poller.toml"
    path.write_text("sources = 1\nnonsense = true\n")

    assert (outline(path, environ={}).sources, outline(path, environ={}).kinds) == ((), {})
    path.write_text('sources = { a = 1, b = { kind = 2 }, c = { kind = "x" } }')
    assert outline(path, environ={}).kinds == {"c": "x"}


def test_a_mistake_in_the_store_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "poller.toml"
    path.write_text('[store]\nurl = "mysql://x"\n')

    with pytest.raises(ConfigError, match=r"store\.url"):
        outline(path, environ={})


def test_the_urls_of_apprise_are_known_by_their_places(tmp_path: Path) -> None:
    file = tmp_path / "poller.toml"
    file.write_text('[notifiers.chat]\nkind = "apprise"\nurls = ["json://h", { env = "NOT_SET" }]\n', encoding="utf-8")

    assert outline(file, environ={}).recipients == {"chat": ("url 1", "url 2")}
