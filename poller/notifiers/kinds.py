"""From a `[notifiers.NAME]` table to the notifier: the only list of kinds.

To add a kind: a file beside this one, its table in `config`, a line in `build`, and the kind in the contract suite of the tests.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from poller.core.secret import Secret
from poller.errors import ConfigError
from poller.notifiers.ports import Http
from poller.notifiers.standard_webhooks import signing_key
from poller.notifiers.webhook import Webhook, WebhookSettings


class WebhookTable(Protocol):
    """What is read of the table of a webhook; `config` checked it. `timeout` is in seconds."""

    @property
    def kind(self) -> Literal["webhook"]: ...  # noqa: D102 the keys of INTERFACE.md section 2
    @property
    def url(self) -> Secret: ...  # noqa: D102 the same
    @property
    def secrets(self) -> Sequence[Secret]: ...  # noqa: D102 the same
    @property
    def headers(self) -> Mapping[str, Secret]: ...  # noqa: D102 the same
    @property
    def timeout(self) -> float: ...  # noqa: D102 the same


def build(name: str, table: WebhookTable, *, http: Http) -> Webhook:
    """The notifier that `table` describes. Raises ConfigError for a secret that is none."""
    return Webhook(name=name, settings=_webhook_settings(name, table), http=http)


def _webhook_settings(name: str, table: WebhookTable) -> WebhookSettings:
    try:
        keys = tuple(signing_key(secret) for secret in table.secrets)
    except ValueError as error:
        raise ConfigError(f"notifiers.{name}", [f"secret: {error}"]) from None
    return WebhookSettings(url=table.url, keys=keys, headers=dict(table.headers), timeout=table.timeout)
