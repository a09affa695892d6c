"""docs/configuration.md, made from the tables of the configuration: each key with its type, default, bounds and meaning."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Annotated, Any, Final, Literal, get_args, get_origin

from annotated_types import MaxLen, MinLen
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from poller import config
from poller.config.fields import Quantity, Text, Whole
from poller.config.quantity import DURATION_FORM, RATE_FORM, SIZE_FORM
from poller.config.secrecy import SecretRule, SecretUrlRule
from poller.config.table import Table
from poller.config.template import TemplateRule

INTRODUCTION: Final = """\
# Configuration

Every key of the file, made from the program: `python -m tests.docs.written` writes this page anew, and a test fails when it is out of date.
[`config.example.toml`](../config.example.toml) has the same keys in a file to start from; `poller check` reports every mistake in yours
at once, `poller config schema` prints a JSON Schema for editors.

- A **duration** is a string such as `"200ms"`, `"30s"`, `"5m"`, `"1h30m"` or `"7d"`.
- A **rate** is a string such as `"5/s"` or `"100/min"`, a **size** one such as `"64KiB"`.
- A **secret** is a string, or exactly one of `{ env = "NAME" }`, `{ file = "PATH" }`, `{ credential = "NAME" }`, a file
  of that name in `$CREDENTIALS_DIRECTORY`.
- The default of a key is what holds when it is left out; *required* has none, *left out* means what the key's meaning says.
- Unknown keys are mistakes. SIGHUP reads the file again; `store.url` alone takes a restart.
"""


@dataclass(frozen=True)
class Part:
    """A table of the file. `beside` is the one whose keys it has too, which are written once."""

    heading: str
    table: type[Table]
    beside: type[Table] | None = None


PARTS: Final = (
    Part("The file", config.Config),
    Part("`[store]`", config.Store),
    Part("`[store.retain]`", config.Retain),
    Part("`[log]`", config.Log),
    Part("`[web]`", config.Web),
    Part("`[heartbeat]`", config.Heartbeat),
    Part("`[sources.NAME]`, whatever its kind", config.Watching),
    Part("`[sources.NAME.every]`", config.Every),
    Part("`[sources.NAME.discover]`", config.Discover),
    Part("`[sources.NAME]` of kind `metastudio-avatar`", config.AvatarConfig, config.Watching),
    Part("`[sources.NAME]` of kind `metastudio-voice`", config.VoiceConfig, config.Watching),
    Part("`[sources.NAME.auth]` of method `aksk`", config.AkskAuth),
    Part("`[sources.NAME.auth]` of method `token`", config.TokenAuth),
    Part("`[sources.NAME.auth]` of method `password`", config.PasswordAuth),
    Part("`[sources.NAME]` of kind `http-json`", config.HttpJsonConfig, config.Watching),
    Part("`[sources.NAME.log]` of kind `http-json`", config.LogConfig),
    Part("`[sources.NAME.pages]` of kind `http-json`", config.PagesConfig),
    Part("`[notifiers.NAME]`, whatever its kind", config.Notifying),
    Part("`[notifiers.NAME]` of kind `webhook`", config.WebhookConfig, config.Notifying),
    Part("`[notifiers.NAME]` of kind `command`", config.CommandConfig, config.Notifying),
    Part("`[notifiers.NAME]` of kind `apprise`", config.AppriseConfig, config.Notifying),
    Part("`[notifiers.NAME]` of kind `email`", config.EmailConfig, config.Notifying),
    Part("`[[routes]]`", config.RouteConfig),
    Part("`[routes.quiet]`", config.QuietHours),
)
_UNITS: Final = {DURATION_FORM: "duration", RATE_FORM: "rate", SIZE_FORM: "size"}


def configuration_page() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, *(_part(part) for part in PARTS)])


def _part(part: Part) -> str:
    before = {} if part.beside is None else part.beside.written_keys()
    own = {name: field for name, field in part.table.written_keys().items() if not _same(before.get(name), field)}
    lines = [f"| `{name}` | {_form(field)} | {_default(field)} | {_meaning(field)} |" for name, field in own.items()]
    said = (part.table.__doc__ or "").partition("\n\n")[0].replace("\n    ", " ")
    return "\n".join(
        [f"## {part.heading}", "", said, "", "| key | type | default | meaning |", "|---|---|---|---|", *lines, ""]
    )


def _same(shared: FieldInfo | None, field: FieldInfo) -> bool:
    return shared is not None and repr(shared) == repr(field)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "*required*"
    if field.default is PydanticUndefined:
        is_table = isinstance(field.default_factory, type) and issubclass(field.default_factory, Table)
        return "*those of its keys*" if is_table else "*left out*"
    return f"`{_toml(field.default)}`"


def _toml(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return "{}" if value == {} else json.dumps(value, ensure_ascii=False)


def _meaning(field: FieldInfo) -> str:
    return (field.description or "").replace("|", "\\|")


def _form(field: FieldInfo) -> str:
    return _of(field.annotation, field.metadata).replace("|", "\\|")


def _of(hint: Any, rules: Iterable[Any]) -> str:
    if get_origin(hint) is Annotated:
        hint, *more = get_args(hint)
        rules = [*more, *rules]
    return _ruled(list(rules)) or _plain(hint) + _bounds(rules)


def _ruled(rules: list[Any]) -> str:
    for rule in rules:
        match rule:
            case Quantity():
                return f"{_UNITS[rule.form]}, {rule.least} to {rule.most}"
            case Whole():
                return f"whole number, {rule.least} to {rule.most}"
            case SecretUrlRule():
                return "URL, may be a secret"
            case SecretRule():
                return "secret"
            case TemplateRule():
                return "template (jinja2)"
            case Text():
                return rule.allowed
    return ""


def _plain(hint: Any) -> str:
    arguments = [one for one in get_args(hint) if one not in (NoneType, Ellipsis)]
    if get_origin(hint) is Literal:
        return " or ".join(f"`{_toml(one)}`" for one in arguments)
    if get_origin(hint) is tuple:
        return f"list: {_of(arguments[0], [])}"
    if isinstance(get_origin(hint), type) and issubclass(get_origin(hint), Mapping):
        return f"table: {_of(arguments[1], [])}"
    if arguments:
        return " or ".join(dict.fromkeys(_of(one, []) for one in arguments))
    if isinstance(hint, type) and issubclass(hint, Table):
        return f"a table of {_kind(hint)}" if _kind(hint) else "a table"
    return {bool: "`true` or `false`", str: "string"}[hint]


def _kind(table: type[Table]) -> str:
    return next((f"{key} `{only}`" for key in ("kind", "method") if (only := _only(table, key))), "")


def _only(table: type[Table], key: str) -> str | None:
    """The one value that the key of this table may have."""
    values = get_args(table.model_fields[key].annotation) if key in table.model_fields else ()
    return values[0] if len(values) == 1 else None


def _bounds(rules: Iterable[Any]) -> str:
    least = next((rule.min_length for rule in rules if isinstance(rule, MinLen)), None)
    most = next((rule.max_length for rule in rules if isinstance(rule, MaxLen)), None)
    words = [f"at least {least}" if least else "", f"at most {most}" if most else ""]
    return "".join(f"; {word}" for word in words if word)
