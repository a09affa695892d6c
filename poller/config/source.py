"""The tables below [sources], one form per `kind`."""

from typing import TypeAlias

from poller.config.http_json import HttpJsonConfig
from poller.config.metastudio import AvatarConfig, VoiceConfig

SourceConfig: TypeAlias = AvatarConfig | VoiceConfig | HttpJsonConfig
