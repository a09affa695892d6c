"""Secrets: a string, or exactly one of env, file, credential (INTERFACE.md section 2). No message here shows a value, whatever its type."""

import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from poller.config.fields import JsonSchema, from_file
from poller.config.problem import kind_of, listed, nearest, shown
from poller.config.table import complaint
from poller.core.secret import MASK, Secret

# A token of the vendor takes kilobytes; more than this is a wrong file.
MAX_SECRET_BYTES: Final = 64 * 1024
_FORM: Final = 'a string, or exactly one of { env = "NAME" }, { file = "PATH" }, { credential = "NAME" }'
# What is shown of the inside of a secret's table: only what cannot well be a secret written in the wrong place.
_WORD: Final = re.compile(r"[a-z]{1,12}")
_VARIABLE: Final = re.compile(r"(?!whsec_)[A-Za-z_][A-Za-z0-9_]{0,63}")
_CREDENTIAL: Final = re.compile(r"(?!whsec_)[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}")
_HEADER_VALUE: Final = re.compile(r"[!-~](?:[\t -~]*[!-~])?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """Where secrets are looked up. `folder` is the configuration file's: a relative `file` is below it.

    Without `look_up` a secret that is elsewhere stays there, and is empty here. `files` are those that secrets were read from, `plain`
    counts the secrets that stand in the configuration itself: both are filled while it is read.
    """

    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    folder: Path = Path()
    look_up: bool = True
    files: list[Path] = field(default_factory=list, repr=False)
    plain: list[None] = field(default_factory=list, repr=False)


class SecretUrl(Secret):
    """A URL, which is a secret. `shown` is the part that may be shown: nothing, when the URL was given as a secret."""

    __slots__ = ("shown",)

    def __init__(self, value: str, shown: str = MASK) -> None:
        super().__init__(value)
        self.shown = shown


def resolve(value: Any, around: Surroundings) -> str:
    """The text of a secret as it stands in the file. Raises ValueError with what to say."""
    text = _looked_up(value, around) if isinstance(value, dict) else value
    if not isinstance(text, str):
        raise ValueError(f"found {kind_of(value)}; expected {_FORM}")  # noqa: TRY004 - as all that is wrong with a value here
    if not text:
        raise ValueError(f"found an empty value; expected a secret: {_FORM}")
    if len(text.encode()) > MAX_SECRET_BYTES:
        raise ValueError("found more than 64 KiB; that is no secret: check what it names")
    return text


def _looked_up(table: dict[Any, Any], around: Surroundings) -> str:
    unknown = [str(name) for name in table if name not in _SOURCES]
    if unknown:
        seen = f'"{unknown[0]}"' if _WORD.fullmatch(unknown[0]) else "(not shown)"
        raise ValueError(
            f"found a table with the unknown key {seen}{nearest(unknown[0], _SOURCES) or ';'} expected {_FORM}"
        )
    if len(table) != 1:
        raise ValueError(f"found a table with {listed(table) if table else 'no keys'}; expected {_FORM}")
    ((kind, name),) = table.items()
    if not isinstance(name, str) or not name:
        raise ValueError(
            f"{kind} is {kind_of(name) if name != '' else 'empty'}; expected a string that names where the secret is"
        )
    text = _SOURCES[kind](name, around)
    if not text.removesuffix("\n"):
        raise ValueError(f"found an empty value through {kind}; expected a secret there")
    # An editor or `echo` ends a file with one newline, which is not part of the secret.
    return text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text


def _from_environment(name: str, around: Surroundings) -> str:
    if not _VARIABLE.fullmatch(name):
        raise ValueError(
            "found no name of an environment variable in env; expected letters, digits and _, the secret itself stands there as NAME=…"
        )
    if name not in around.environ:
        raise ValueError(f"the environment variable {name} is not set; expected it in the environment of poller")
    return around.environ[name]


def _from_credential(name: str, around: Surroundings) -> str:
    if not _CREDENTIAL.fullmatch(name):
        raise ValueError(
            "found no name of a credential; expected letters, digits and . _ - @, as in LoadCredential=NAME:PATH"
        )
    folder = around.environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        raise ValueError(
            f"the credential {name} cannot be read: CREDENTIALS_DIRECTORY is not set; "
            f"expected systemd's LoadCredential={name}:PATH, or use env or file"
        )
    return _read(Path(folder) / name, f"the credential {name}")


def _from_path(name: str, around: Surroundings) -> str:
    if "\0" in name:
        raise ValueError("found a NUL character in file; expected a path")
    around.files.append(around.folder / name)
    return _read(around.folder / name, f"the file {shown(name)}")


_SOURCES: Final[Mapping[str, Callable[[str, Surroundings], str]]] = {
    "env": _from_environment,
    "file": _from_path,
    "credential": _from_credential,
}


def _read(path: Path, name: str) -> str:
    try:
        # Opening a pipe that nobody writes to would wait for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            raise ValueError(f"{name} is not a regular file; expected one that holds the secret")
        with path.open("rb") as stream:
            content = stream.read(MAX_SECRET_BYTES + 2)
    except FileNotFoundError:
        raise ValueError(f"{name} does not exist; expected a file that holds the secret") from None
    except OSError as error:
        raise ValueError(
            f"{name} cannot be read ({error.strerror}); expected a file that poller's user may read"
        ) from None
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise ValueError(f"{name} is not UTF-8 text; expected a file that holds the secret alone") from None


def header_safe(text: str) -> None:
    """Raises ValueError unless `text` may be the value of an HTTP header (RFC 9110 section 5.5, ASCII only)."""
    if not _HEADER_VALUE.fullmatch(text):
        raise ValueError(
            "found characters that an HTTP header cannot carry; expected printable ASCII without line breaks or spaces at its ends"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretRule:
    """A secret as a field.

    `check` raises ValueError for a text of the wrong form; its message must not hold the text. `pattern` is what the schema can
    say of a secret that stands in the file as a string.
    """

    check: Callable[[str], None] | None = None
    pattern: str = "."

    def read(self, value: Any, info: ValidationInfo) -> Secret | None:
        """The secret; raises our complaint."""
        if isinstance(value, Secret) or (value is None and not from_file(info)):
            return value
        around = info.context or Surroundings()
        if isinstance(value, dict) and not around.look_up:
            return self.wrap("", whole=True)
        try:
            text = resolve(value, around)
            if self.check is not None:
                self.check(text)
        except ValueError as error:
            raise complaint(str(error)) from None
        if isinstance(value, str) and self.always_secret:
            around.plain.append(None)
        return self.wrap(text, whole=isinstance(value, dict))

    @property
    def always_secret(self) -> bool:
        """Whether a value that stands in the file is a secret whatever it is. A URL may hold one, and mostly does not."""
        return True

    def wrap(self, text: str, *, whole: bool) -> Secret:  # noqa: ARG002 - for SecretUrlRule
        """The value of the field; `whole` says that it was given as a secret, not as a string."""
        return Secret(text)

    def back(self, value: Secret | None) -> str | None:
        """What may be shown of it."""
        return None if value is None else MASK

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        back = core_schema.plain_serializer_function_ser_schema(self.back)
        return core_schema.with_info_plain_validator_function(self.read, serialization=back)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        reference = {
            "type": "object",
            "properties": {name: {"type": "string", "minLength": 1} for name in _SOURCES},
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
        }
        return {"anyOf": [{"type": "string", "pattern": self.pattern}, reference]}


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretUrlRule(SecretRule):
    """A URL as a field: a secret too, since tokens hide in URLs. `show` gives the part of it that may be shown."""

    show: Callable[[str], str]

    @property
    def always_secret(self) -> bool:
        """No."""
        return False

    def wrap(self, text: str, *, whole: bool) -> Secret:
        """The URL, of which nothing is shown when it was given as a secret."""
        return SecretUrl(text) if whole else SecretUrl(text, self.show(text))

    def back(self, value: Secret | None) -> str | None:
        """Its shown part."""
        return value.shown if isinstance(value, SecretUrl) else MASK
