"""The tables below [notifiers], one form per `kind`."""

from typing import TypeAlias

from poller.config.apprise import AppriseConfig
from poller.config.command import CommandConfig
from poller.config.email import EmailConfig
from poller.config.webhook import WebhookConfig

NotifierConfig: TypeAlias = WebhookConfig | CommandConfig | AppriseConfig | EmailConfig
