"""The [log] table: what is logged, and how it looks."""

from typing import Literal

from poller.config.table import Table, key


class Log(Table):
    """Log lines, which go to standard error."""

    level: Literal["debug", "info", "warning", "error"] = key("info", meaning="lines of this level and above")
    format: Literal["auto", "console", "logfmt", "json"] = key(
        "auto",
        meaning="console (readable), logfmt, json, or auto: console on a terminal, else logfmt; `poller run --log-format` comes first",
    )
