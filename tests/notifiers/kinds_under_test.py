"""Every kind of notifier, configured to talk to one receiver, with all the secrets that its configuration can hold."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from poller.config.apprise import AppriseConfig
from poller.config.secrecy import SecretUrl
from poller.config.template import compiled
from poller.config.webhook import SIGNED_PRESETS, WebhookConfig
from poller.core.secret import Secret
from poller.notifiers.kinds import build
from poller.notifiers.ports import Http, Notifier
from poller.testing.http_notifiers import HttpStage, staging
from poller.testing.receiver import Got
from poller.testing.staging import Stage
from tests.notifiers.mailserver import email_stage
from tests.notifiers.programs import command_stage

NEW_KEY = "whsec_bmV3LWtleS1uZXcta2V5LW5ldy1rZXktbmV3LWtleQ=="
OLD_KEY = "whsec_b2xkLWtleS1vbGQta2V5LW9sZC1rZXktb2xkLWtleQ=="

TEMPLATE = """{"text": {{ summary | tojson }},
 "ids": [{% for one in events %}{{ one.id | tojson }}{{ "," if not loop.last }}{% endfor %}]}"""

STARTING = 2.5  # seconds that Python and Apprise may take to start on a busy machine

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


def robot_stage(preset: str, *, accepted: str, template: str | None = None) -> AbstractAsyncContextManager[HttpStage]:
    def make(url: str, timeout: float, http: Http) -> Notifier:
        table = {
            "kind": "webhook",
            "url": SecretUrl(f"{url}/robot/send?access_token=url-token-1"),
            "preset": preset,
            "robot_secret": Secret("SECrobot-token") if preset in SIGNED_PRESETS else None,
            "template": template,
            "timeout": timeout,
        }
        config = WebhookConfig.model_validate({name: value for name, value in table.items() if value is not None})
        return build("stage", config, http=http, strict=http)

    return staging(make, secrets=("url-token-1", "SECrobot-token"), accepted=accepted, steady=unsigned)


def unsigned(got: Got) -> bytes:
    """The body without what Feishu's signature adds to it."""
    document = json.loads(got.body)
    return json.dumps({name: value for name, value in document.items() if name not in {"timestamp", "sign"}}).encode()


def template_stage() -> AbstractAsyncContextManager[HttpStage]:
    def make(url: str, timeout: float, http: Http) -> Notifier:
        config = webhook(url, timeout, template=compiled(TEMPLATE))
        return build("stage", config, http=http, strict=http)

    return staging(make, secrets=("url-token-1", "url-token-2", "header-token", NEW_KEY, OLD_KEY))


@dataclass(kw_only=True)
class AppriseStage(HttpStage):
    """What a receiver is told through Apprise's json://; time-outs begin once Python runs and has read Apprise."""

    probes: bool = False
    slow: bool = True

    def notifier(self, *, timeout: float, url: str | None = None) -> Notifier:
        return super().notifier(timeout=timeout + STARTING, url=url)


def apprise(url: str, timeout: float = 5.0) -> AppriseConfig:
    there = SecretUrl(
        f"{url.replace('http://', 'json://apprise-user:apprise-password@')}/url-token-1?+X-Token=header-token"
    )
    return AppriseConfig(kind="apprise", urls=(there,), timeout=timeout)


@asynccontextmanager
async def apprise_stage() -> AsyncIterator[AppriseStage]:
    def make(url: str, timeout: float, http: Http) -> Notifier:
        return build("stage", apprise(url, timeout), http=http, strict=http)

    secrets = ("apprise-user", "apprise-password", "url-token-1", "header-token")
    async with staging(make, secrets=secrets) as stage:
        yield AppriseStage(receiver=stage.receiver, http=stage.http, make=make, secrets=secrets)


# A kind of several forms has one line for each: `kind`, or `kind form`.
STAGES: Mapping[str, Staging] = {
    "webhook": webhook_stage,
    "webhook template": template_stage,
    "webhook slack": partial(robot_stage, "slack", accepted="ok"),
    "webhook feishu template": partial(robot_stage, "feishu", accepted='{"StatusCode": 0}', template=TEMPLATE),
    "webhook dingtalk": partial(robot_stage, "dingtalk", accepted='{"errcode": 0, "errmsg": "ok"}'),
    "command": command_stage,
    "apprise": apprise_stage,
    "email": email_stage,
}
