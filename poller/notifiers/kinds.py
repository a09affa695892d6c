"""From a `[notifiers.NAME]` table to the notifier: the only list of kinds that are built in; `plugged` finds those of plug-ins.

To add a kind: a file beside this one, its table in `config`, a function below and its line in `KINDS`, and the kind in the contract
suite of the tests.
"""

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from poller.config.apprise import AppriseConfig
from poller.config.command import CommandConfig
from poller.config.email import EmailConfig
from poller.config.notifier import NotifierConfig
from poller.config.webhook import WebhookConfig
from poller.notifiers.apprise import Apprise
from poller.notifiers.command import INHERITED, Command, CommandSettings
from poller.notifiers.email.notifier import Email
from poller.notifiers.plugged import held
from poller.notifiers.ports import Http, Mail, Notifier, NotifierTools
from poller.notifiers.robots import Robot
from poller.notifiers.templated import templated
from poller.notifiers.webhook import Content, Webhook, WebhookSettings, cloud_events


def build(name: str, config: NotifierConfig, *, http: Http, strict: Http, mail: Mail | None = None) -> Notifier:
    """The notifier called `name`; `strict` connects to public addresses only, `mail` is for the kinds that send mails.

    Raises ConfigError where a plug-in fails.
    """
    if config.kind not in KINDS:
        return held(name, config, NotifierTools(http=http, strict=strict))
    return KINDS[config.kind](name, config, http, strict, mail)


def _webhook(name: str, config: WebhookConfig, http: Http, strict: Http, _mail: Mail | None) -> Notifier:
    robot = None if config.preset is None else Robot(preset=config.preset, secret=config.robot_secret)
    settings = WebhookSettings(
        url=config.url,
        keys=config.signing_keys,
        headers=dict(config.headers),
        timeout=config.timeout,
        content=_content(config, robot),
        robot=robot,
    )
    return Webhook(name=name, settings=settings, http=strict if config.public_only else http)


def _content(config: WebhookConfig, robot: Robot | None) -> Content:
    if config.template is not None:
        return partial(templated, config.template, config.content_type)
    return cloud_events if robot is None else robot.content


def _command(name: str, config: CommandConfig, _http: Http, _strict: Http, _mail: Mail | None) -> Notifier:
    inherited = {variable: os.environ[variable] for variable in INHERITED if variable in os.environ}
    settings = CommandSettings(argv=config.command, inherited=inherited, env=dict(config.env), timeout=config.timeout)
    return Command(name=name, settings=settings)


def _apprise(name: str, config: AppriseConfig, _http: Http, _strict: Http, _mail: Mail | None) -> Notifier:
    recipients = dict(zip(config.recipients, config.urls, strict=True))
    return Apprise(name=name, recipients=recipients, timeout=config.timeout)


def _email(name: str, config: EmailConfig, _http: Http, _strict: Http, mail: Mail | None) -> Notifier:
    if mail is None:
        raise RuntimeError("a notifier of the kind email needs the port mail")
    return Email(name=name, server=config.mail_server, sender=config.sender, timeout=config.timeout, mail=mail)


# Any: each function takes the table of its own kind.
KINDS: Final[Mapping[str, Callable[[str, Any, Http, Http, Mail | None], Notifier]]] = {
    "apprise": _apprise,
    "command": _command,
    "email": _email,
    "webhook": _webhook,
}
