"""The operator's file as typed, frozen values; every mistake reported at once (INTERFACE.md sections 2 and 9).

To add a key: one line in its table, one in `config.example.toml`. To add a kind of notifier or source: a `Table` with its
`kind`, and its name in the union `NotifierConfig` or `SourceConfig`. A whole table: a `Table`, and a line in `document.Config`.
"""

from poller.config.apprise import AppriseConfig
from poller.config.auth import AkskAuth, AuthConfig, PasswordAuth, TokenAuth
from poller.config.command import CommandConfig
from poller.config.database import DatabaseLocation, Retain, Store, database_location
from poller.config.discover import Discover
from poller.config.document import Config
from poller.config.email import EmailConfig
from poller.config.heartbeat import Heartbeat
from poller.config.http_json import HttpJsonConfig, LogConfig, PagesConfig
from poller.config.loading import Outline, find, load, load_and_inspect, outline, parse
from poller.config.log import Log
from poller.config.metastudio import AvatarConfig, VoiceConfig
from poller.config.notifier import NotifierConfig
from poller.config.notifying import Notifying
from poller.config.on import check_pattern
from poller.config.quantity import (
    parse_duration,
    parse_rate,
    parse_size,
    write_duration,
    write_rate,
    write_size,
)
from poller.config.quiet import QuietHours
from poller.config.route import RouteConfig
from poller.config.schema import redacted, schema
from poller.config.secrecy import SecretUrl
from poller.config.source import SourceConfig
from poller.config.watching import Every, Watching, check_job_id
from poller.config.web import Web, is_loopback
from poller.config.webhook import WebhookConfig

__all__ = [
    "AkskAuth",
    "AppriseConfig",
    "AuthConfig",
    "AvatarConfig",
    "CommandConfig",
    "Config",
    "DatabaseLocation",
    "Discover",
    "EmailConfig",
    "Every",
    "Heartbeat",
    "HttpJsonConfig",
    "Log",
    "LogConfig",
    "NotifierConfig",
    "Notifying",
    "Outline",
    "PagesConfig",
    "PasswordAuth",
    "QuietHours",
    "Retain",
    "RouteConfig",
    "SecretUrl",
    "SourceConfig",
    "Store",
    "TokenAuth",
    "VoiceConfig",
    "Watching",
    "Web",
    "WebhookConfig",
    "check_job_id",
    "check_pattern",
    "database_location",
    "find",
    "is_loopback",
    "load",
    "load_and_inspect",
    "outline",
    "parse",
    "parse_duration",
    "parse_rate",
    "parse_size",
    "redacted",
    "schema",
    "write_duration",
    "write_rate",
    "write_size",
]
