"""Every kind of notifier, configured to talk to one receiver, with all the secrets that its configuration can hold."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from poller.config.notifier import NotifierConfig
from poller.config.secrecy import SecretUrl
from poller.config.webhook import WebhookConfig
from poller.core.secret import Secret

NEW_KEY = "whsec_bmV3LWtleS1uZXcta2V5LW5ldy1rZXktbmV3LWtleQ=="
OLD_KEY = "whsec_b2xkLWtleS1vbGQta2V5LW9sZC1rZXktb2xkLWtleQ=="


@dataclass(frozen=True, kw_only=True)
class KindUnderTest:
    """`configured(url, timeout)` points the kind to a receiver; `secrets` must never show."""

    configured: Callable[[str, float], NotifierConfig]
    secrets: tuple[str, ...]


def webhook(url: str, timeout: float = 5.0) -> WebhookConfig:
    return WebhookConfig(
        kind="webhook",
        url=SecretUrl(f"{url}/hooks/url-token-1?key=url-token-2"),
        secrets=(Secret(NEW_KEY), Secret(OLD_KEY)),
        headers={"Authorization": Secret("Bearer header-token"), "X-Team": Secret("avatars")},
        timeout=timeout,
    )


KINDS: Mapping[str, KindUnderTest] = {
    "webhook": KindUnderTest(
        configured=webhook,
        secrets=("url-token-1", "url-token-2", "header-token", NEW_KEY, OLD_KEY, "new-key-new", "bmV3LWtleS1u"),
    )
}
