"""docs/sources.md: every kind has its section, and what it says of fields and keys is so."""

import re
import tomllib

import pytest

from poller.config import Watching, parse
from poller.config.metastudio import AvatarConfig
from poller.sources.kinds import KINDS
from poller.sources.metastudio_voice.fields import FIELDS
from tests.docs.pages import DOCS, blocks, read, sections

PAGE = read(DOCS / "sources.md")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_section_and_a_row(kind: str) -> None:
    assert kind in sections(PAGE, 2)
    assert f"| `{kind}` |" in PAGE


@pytest.mark.parametrize("key", Watching.model_fields)
def test_every_key_that_all_kinds_share_is_explained(key: str) -> None:
    assert f"`{key}`" in sections(PAGE, 2)["What all kinds share"]


def test_every_field_that_is_kept_of_a_voice_is_named_and_those_of_the_person_are_not_kept() -> None:
    section = sections(PAGE, 2)["metastudio-voice"]
    named = set(re.findall(r"`(\w+)`", section))

    assert set(FIELDS) - {"state"} <= named
    (row,) = [line for line in section.splitlines() if "not kept" in line]
    assert not set(re.findall(r"`(\w+)`", row)) & set(FIELDS)


def test_the_examples_load() -> None:
    keys, sources = (block.text for block in blocks(PAGE, "toml")[:2])
    environ: dict[str, str] = {}
    text = sources.replace('{ file = "token" }', '"t"').replace("[sources.voices]", f"{keys}\n[sources.voices]")
    config = parse(text, environ=environ)

    assert set(tomllib.loads(sources)["sources"]) == set(config.sources)
    prod = config.sources["prod"]
    assert isinstance(prod, AvatarConfig)
    assert (prod.follow_voice, prod.stuck_after["TRAINING"]) == ("voices", 72 * 3600)
    assert prod.discover is not None
    assert prod.discover.tags == ("vip", "pilot-*")
