"""Plug-ins as the configuration finds them, by their entry points; what is wrong with one is said with the name of its package."""

import json
import tomllib
from pathlib import Path
from typing import Any

import anyio
import pytest
from jsonschema import Draft202012Validator

from poller.config import parse, redacted, schema
from poller.core.delivery import Delivered, Outcome, Retry
from poller.core.notification import notification_of
from poller.core.specimens import examples
from poller.errors import ConfigError
from poller.notifiers.kinds import build
from poller.notifiers.plugged import Held
from poller.sources.kinds import build as build_source
from tests.plugins.installing import installed

PIGEON = '[notifiers.loft]\nkind = "pigeon"\nloft = "https://example.com/hunter2"\n'
NEST = '[sources.nest]\nkind = "nest"\nurl = "https://example.com/hunter2"\n'
NOTIFICATION = notification_of(examples()["poller.test"])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def read_and_build(text: str) -> None:
    config = parse(text, environ={})
    for name, table in config.notifiers.items():
        build(name, table, http=None, strict=None)  # type: ignore[arg-type]  # not used
    for name, source in config.sources.items():
        build_source(name, source, None, None)  # type: ignore[arg-type]  # not used


def mistake(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read_and_build(text)
    assert "hunter2" not in str(caught.value)
    assert "Traceback" not in str(caught.value)
    return str(caught.value)


def broken(folder: Path, module: str, *, name: str = "poller-broken", kind: str = "broken") -> str:
    """What is said about a plug-in of this text; each test has a name of its own, modules are imported once."""
    entry = f"{name.replace('-', '_')}:KIND"
    installed(folder, name=name, entries=f"[poller.notifiers]\n{kind} = {entry}\n", module=module)
    return mistake(f'[notifiers.x]\nkind = "{kind}"\n')


def test_kinds_of_plug_ins_are_read_as_those_that_are_built_in(folder: Path) -> None:
    installed(folder)
    config = parse(PIGEON + 'timeout = "3s"\n' + NEST, environ={})
    assert type(config.notifiers["loft"]).__name__ == "PigeonTable"
    assert config.notifiers["loft"].timeout == 3.0
    assert config.sources["nest"].address == "nest"
    assert "hunter2" not in f"{config!r} {redacted(config)} {config.model_dump_json()}"
    assert redacted(config)["notifiers"]["loft"]["loft"] == "<secret>"
    assert redacted(config)["notifiers"]["loft"]["timeout"] == "3s"


def test_a_mistake_in_its_table_is_said_as_in_any_other(folder: Path) -> None:
    installed(folder)
    said = mistake('[notifiers.loft]\nkind = "pigeon"\nlofd = "hunter2"\ntimeout = 3\n')
    assert 'notifiers.loft.lofd: found an unknown key lofd; did you mean "loft"?' in said
    assert "notifiers.loft.loft: found nothing, the key is missing" in said
    assert "notifiers.loft.timeout: found 3" in said


def test_the_schema_for_editors_has_the_installed_plug_ins(folder: Path) -> None:
    installed(folder)
    document = schema()
    json.dumps(document)
    Draft202012Validator.check_schema(document)
    fits = Draft202012Validator(document).is_valid
    assert fits(tomllib.loads(PIGEON + NEST))
    assert not fits(tomllib.loads(PIGEON.replace("loft =", "lofd =")))
    assert not fits(tomllib.loads(PIGEON.replace("pigeon", "pidgeon")))


def test_a_kind_that_nobody_brings_is_told_with_those_that_there_are(folder: Path) -> None:
    installed(folder)
    said = mistake('[notifiers.x]\nkind = "pidgeon"\n')
    assert 'notifiers.x.kind: found "pidgeon"; did you mean "pigeon"?' in said
    assert said.rstrip().endswith("pigeon")


def test_a_plug_in_that_cannot_be_imported_is_told_with_its_package(folder: Path) -> None:
    said = broken(folder, "import no_such_module", name="poller-unimportable")
    assert (
        "notifiers.x.kind: found the kind broken of the plug-in poller-unimportable 0.1.0, which cannot be loaded"
        in said
    )
    assert "No module named 'no_such_module'" in said


@pytest.mark.parametrize(
    ("name", "module", "said"),
    [
        ("poller-missing", "OTHER = 1", "has no attribute 'KIND'"),
        ("poller-number", "KIND = 1", "its entry point leads to a int; expected a Kind of poller.plugins"),
        (
            "poller-notable",
            "from poller.plugins import NotifierKind\nKIND = NotifierKind(table=int, build=print)",
            "its table is no Notifying",
        ),
        (
            "poller-source",
            "from poller.plugins import NotifierKind, SourceTable\nKIND = NotifierKind(table=SourceTable, build=print)",
            "its table is no Notifying",
        ),
        (
            "poller-nokind",
            "from poller.plugins import *\nclass T(NotifierTable): 'x'\nKIND = NotifierKind(table=T, build=print)",
            'its table has no kind = "broken"',
        ),
        (
            "poller-exits",
            "raise ValueError('two\\nlines \\x1b[31m' + 'x' * 9999)",
            "cannot be loaded (ValueError: two lines",
        ),
    ],
)
def test_a_plug_in_of_the_wrong_form_is_told_with_its_package(folder: Path, name: str, module: str, said: str) -> None:
    text = broken(folder, module, name=name)
    assert f"the plug-in {name} 0.1.0, which" in text
    assert said in text
    assert max(map(len, text.splitlines())) < 500


def test_a_kind_of_two_packages_is_told_with_both(folder: Path) -> None:
    for name in ("poller-one", "poller-two"):
        installed(folder, name=name, entries="[poller.notifiers]\ntwin = x:KIND\n", module="KIND = 1")
    said = mistake('[notifiers.x]\nkind = "twin"\n')
    assert "found the kind twin in several plug-ins: " in said
    assert "poller-one 0.1.0" in said
    assert "poller-two 0.1.0" in said


TABLE = """
from typing import Literal
from poller.plugins import *
class T(NotifierTable):
    kind: Literal["broken"] = key(meaning="x")
"""


@pytest.mark.parametrize(
    ("name", "build", "said"),
    [
        ("poller-raises", "def build(*_): raise OSError('no pigeons')", "cannot build it: OSError: no pigeons"),
        ("poller-none", "def build(*_): return None", "built a NoneType without name, deliver, reach"),
    ],
)
def test_a_plug_in_that_fails_to_build_is_a_mistake_of_the_configuration(
    folder: Path, name: str, build: str, said: str
) -> None:
    text = broken(folder, f"{TABLE}\n{build}\nKIND = NotifierKind(table=T, build=build)", name=name)
    assert "notifiers.x: 1 mistake" in text
    assert said in text


def test_a_built_in_kind_cannot_be_replaced(folder: Path) -> None:
    installed(folder, name="poller-thief", entries="[poller.notifiers]\ncommand = x:KIND\n", module="raise SystemError")
    assert parse('[notifiers.x]\nkind = "command"\ncommand = ["true"]\n', environ={}).notifiers["x"].kind == "command"


class Odd:
    name = "odd"

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    async def deliver(self, notification: object, *, now: float) -> Outcome:
        if self.answer == "hang":
            await anyio.sleep_forever()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer  # type: ignore[no-any-return]  # the wrong type is what is tried

    async def reach(self) -> str | None:
        if self.answer == "hang":
            await anyio.sleep_forever()
        return "two\nlines" * 200


async def test_an_attempt_that_never_ends_is_ended_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poller.notifiers.plugged.GRACE", 0.05)
    held = Held(name="odd", inner=Odd("hang"), timeout=0.05)
    assert await held.deliver(NOTIFICATION, now=0.0) == Retry(reason="timeout: the plug-in did not end the attempt")
    assert await held.reach() == "timeout: the plug-in did not end"


async def test_what_is_no_outcome_is_a_bug_and_never_a_delivery() -> None:
    for answer in (True, None, "delivered", Delivered):
        with pytest.raises(TypeError, match="not an outcome"):
            await Held(name="odd", inner=Odd(answer), timeout=1.0).deliver(NOTIFICATION, now=0.0)
    with pytest.raises(ZeroDivisionError):
        await Held(name="odd", inner=Odd(ZeroDivisionError()), timeout=1.0).deliver(NOTIFICATION, now=0.0)


async def test_reasons_of_plug_ins_are_one_bounded_line() -> None:
    outcome = await Held(name="odd", inner=Odd(Retry(reason="a\nb" * 999, after=7)), timeout=1.0).deliver(
        NOTIFICATION, now=0.0
    )
    assert isinstance(outcome, Retry)
    assert (len(outcome.reason), outcome.after) == (500, 7)
    assert outcome.reason.isprintable()
    trouble = await Held(name="odd", inner=Odd(None), timeout=1.0).reach()
    assert trouble is not None
    assert trouble.isprintable()
