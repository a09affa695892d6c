"""config.example.toml is the documentation of the keys: all of them, with the defaults and a meaning each."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from poller.config import (
    AkskAuth,
    AppriseConfig,
    AvatarConfig,
    CommandConfig,
    Config,
    Discover,
    EmailConfig,
    Every,
    Heartbeat,
    HttpJsonConfig,
    Log,
    LogConfig,
    PagesConfig,
    PasswordAuth,
    QuietHours,
    Retain,
    RouteConfig,
    Store,
    TokenAuth,
    VoiceConfig,
    Web,
    WebhookConfig,
    load,
    parse,
)
from poller.config.metastudio import Account
from poller.config.notifying import Notifying
from poller.config.table import Table
from poller.config.watching import Watching
from tests.config.samples import KEY, avatar

TEXT = (Path(__file__).parents[2] / "config.example.toml").read_text(encoding="utf-8")
ENVIRON = {
    "HUAWEICLOUD_SDK_AK": "ak",
    "HUAWEICLOUD_SDK_SK": "sk",
    "HUAWEICLOUD_SDK_TOKEN": "st",
    "POLLER_HOOK_SECRET": KEY,
    "POLLER_MAIL_PASSWORD": "p",
}

# The section in which each table's keys stand; forms that exclude each other share a section and differ in `method`.
SECTIONS: dict[type[Table], tuple[str, str | None]] = {
    Store: ("store", None),
    Retain: ("store.retain", None),
    Log: ("log", None),
    Web: ("web", None),
    Heartbeat: ("heartbeat", None),
    AvatarConfig: ("sources.prod", None),
    Discover: ("sources.prod.discover", None),
    VoiceConfig: ("sources.voices", None),
    AkskAuth: ("sources.prod.auth", "aksk"),
    TokenAuth: ("sources.prod.auth", "token"),
    PasswordAuth: ("sources.prod.auth", "password"),
    Every: ("sources.prod.every", None),
    HttpJsonConfig: ("sources.ci", None),
    LogConfig: ("sources.ci.log", None),
    PagesConfig: ("sources.ci.pages", None),
    WebhookConfig: ("notifiers.backend", None),
    CommandConfig: ("notifiers.pager", None),
    AppriseConfig: ("notifiers.chat", None),
    EmailConfig: ("notifiers.ops", None),
    RouteConfig: ("routes", None),
    QuietHours: ("routes.quiet", None),
}
# Kinds of which the example writes what is their own; what all have is written once, in the first section.
FURTHER: dict[type[Table], type[Table]] = {
    VoiceConfig: Watching,
    HttpJsonConfig: Watching,
    CommandConfig: Notifying,
    AppriseConfig: Notifying,
    EmailConfig: Notifying,
}


def _sections() -> Iterator[tuple[str, dict[str, Any], list[str]]]:
    """Name, keys and lines of every section, the commented-out ones as if they were not."""
    for part in re.split(r"^(?=\[)", TEXT.replace("#: ", ""), flags=re.MULTILINE)[1:]:
        lines = [line for line in part.splitlines() if line and not line.startswith("#")]
        yield lines[0].split("#")[0].strip().strip("[]"), tomllib.loads("\n".join(lines[1:])), lines[1:]


def _written(table: type[Table]) -> dict[str, Any]:
    name, method = SECTIONS[table]
    (keys,) = [keys for section, keys, _ in _sections() if section == name and method in (None, keys.get("method"))]
    return keys


def test_the_example_loads_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "poller.toml"
    path.write_text(TEXT, encoding="utf-8")

    config = load(path, environ=ENVIRON)

    assert set(config.sources) == {"prod"}
    assert set(config.notifiers) == {"backend"}


@pytest.mark.parametrize("table", SECTIONS, ids=lambda table: table.__name__)
def test_every_key_stands_in_the_example_and_no_other(table: type[Table]) -> None:
    tables = {"retain", "auth", "every", "log", "pages", "quiet"}
    shared = set(FURTHER[table].written_keys()) if table in FURTHER else set()
    written = set(_written(table))

    assert written <= set(table.written_keys())
    assert written | tables | shared >= set(table.written_keys())


def test_every_table_of_the_configuration_is_looked_at() -> None:
    def below(table: type[Table]) -> set[type[Table]]:
        return {table}.union(*(below(sub) for sub in table.__subclasses__()))

    ours = {table for table in below(Table) if table.__module__.startswith("poller.config.")}
    shared = {Watching, Account, Notifying}  # parts of tables, none by themselves
    assert ours - {Table, Config} - shared == set(SECTIONS)
    assert set(Config.model_fields) == {name.partition(".")[0] for name, _ in SECTIONS.values()}


@pytest.mark.parametrize("table", SECTIONS, ids=lambda table: table.__name__)
def test_the_default_that_is_written_is_the_default(table: type[Table]) -> None:
    written = _written(table)
    for name, field in table.written_keys().items():
        if name in written and not field.is_required() and field.default_factory is None:
            assert written[name] == field.default, name


@pytest.mark.parametrize("table", SECTIONS, ids=lambda table: table.__name__)
def test_a_key_without_default_says_so_or_is_commented_out(table: type[Table]) -> None:
    for name, field in table.written_keys().items():
        lines = [line for line in TEXT.splitlines() if line.removeprefix("#: ").startswith(f"{name} = ")]
        if field.is_required() and lines:
            assert any("# required" in line for line in lines), name


def test_every_key_has_one_line_of_meaning() -> None:
    for section, _, lines in _sections():
        assert [line for line in lines if not re.search(r" # ?\S", line)] == [], section


def test_the_routes_that_are_commented_out_load_too() -> None:
    before, routes = TEXT.split("#: [[routes]]")
    config = parse(f"{before}[[routes]]{routes.replace('#: ', '')}", environ=ENVIRON)

    assert config.routes[0].labels == {"team": "x"}
    assert config.routes[0].quiet is not None


@pytest.mark.parametrize("table", [TokenAuth, PasswordAuth])
def test_the_other_forms_of_auth_load_too(table: type[Table], tmp_path: Path) -> None:
    for name in ("token", "iam"):
        (tmp_path / name).write_text("secret")
    (form,) = [lines for name, keys, lines in _sections() if name == "sources.prod.auth" and keys == _written(table)]
    before, rest = TEXT.split("[sources.prod.auth]", maxsplit=1)
    after = rest[rest.index("[sources.prod.every]") :]
    text = "\n".join([before, "[sources.prod.auth]", *form, after])

    config = parse(text, environ=ENVIRON | {"CREDENTIALS_DIRECTORY": str(tmp_path)}, folder=tmp_path)

    assert isinstance(avatar(config).auth, table)


def test_the_source_of_any_api_that_is_commented_out_loads_too() -> None:
    commented = TEXT[TEXT.index("#: [sources.ci]") : TEXT.index("[notifiers.backend]")]
    config = parse(commented.replace("#: ", ""), environ={"GITHUB_TOKEN": "t"})

    assert set(config.sources) == {"ci"}


@pytest.mark.parametrize("table", [table for table, shared in FURTHER.items() if shared is Notifying])
def test_the_notifiers_of_other_kinds_that_are_commented_out_load_too(table: type[Table]) -> None:
    section, _ = SECTIONS[table]
    (lines,) = [lines for name, keys, lines in _sections() if name == section and keys == _written(table)]
    config = parse("\n".join([f"[{section}]", *lines]), environ=ENVIRON, secrets=False)

    assert [type(one) for one in config.notifiers.values()] == [table]
