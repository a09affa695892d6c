"""Every kind of notifier, configured to talk to one receiver, with all the secrets that its configuration can hold."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from poller.config.secrecy import SecretUrl
from poller.config.webhook import WebhookConfig
from poller.core.secret import Secret
from poller.notifiers.kinds import build
from poller.notifiers.ports import Http, Notifier
from poller.testing.http_notifiers import HttpStage, staging
from poller.testing.staging import Stage
from tests.notifiers.programs import command_stage

NEW_KEY = "whsec_bmV3LWtleS1uZXcta2V5LW5ldy1rZXktbmV3LWtleQ=="
OLD_KEY = "whsec_b2xkLWtleS1vbGQta2V5LW9sZC1rZXktb2xkLWtleQ=="

Staging = Callable[[], AbstractAsyncContextManager[Stage]]


def webhook(url: str, timeout: float = 5.0, **more: Any) -> WebhookConfig:
    return WebhookConfig(
        kind="webhook",
        url=SecretUrl(f"{url}/hooks/url-token-1?key=url-token-2"),
        secrets=(Secret(NEW_KEY), Secret(OLD_KEY)),
        headers={"Authorization": Secret("Bearer header-token"), "X-Team": Secret("avatars")},
        timeout=timeout,
        **more,
    )


def webhook_stage() -> AbstractAsyncContextManager[HttpStage]:
    def make(url: str, timeout: float, http: Http) -> Notifier:
        return build("stage", webhook(url, timeout), http=http, strict=http)

    return staging(
        make,
        secrets=("url-token-1", "url-token-2", "header-token", NEW_KEY, OLD_KEY, "new-key-new", "bmV3LWtleS1u"),
    )


# A kind of several forms has one line for each: `kind`, or `kind form`.
STAGES: Mapping[str, Staging] = {
    "webhook": webhook_stage,
    "command": command_stage,
}
