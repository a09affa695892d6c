"""A good configuration in parts, so that a test writes only the part that is wrong in it."""

from poller.config import AvatarConfig, Config, WebhookConfig

PLANTED = "hunter2"
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqr"
OTHER_KEY = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

WHERE = 'region = "cn-north-4"'
PROJECT = 'project_id = "0c12"'
AUTH = f'auth = {{ method = "token", token = "{PLANTED}" }}'
URL = f'url = "https://example.com/{PLANTED}"'
SECRET = f'secret = "{KEY}"'


def source(extra: str = "", *, where: str = WHERE, project: str = PROJECT, auth: str = AUTH, name: str = "prod") -> str:
    """A [sources.NAME] table."""
    return "\n".join([f"[sources.{name}]", 'kind = "metastudio-avatar"', where, project, auth, extra, ""])


def avatar(config: Config) -> AvatarConfig:
    """The source of that name."""
    table = config.sources["prod"]
    assert isinstance(table, AvatarConfig)
    return table


def webhook(config: Config, name: str = "backend") -> WebhookConfig:
    """The webhook of that name."""
    table = config.notifiers[name]
    assert isinstance(table, WebhookConfig)
    return table


def voices(extra: str = "") -> str:
    """A source of another kind, of the name voices."""
    return source(extra, name="voices").replace("metastudio-avatar", "metastudio-voice")


def notifier(extra: str = "", *, url: str = URL, secret: str = SECRET, name: str = "backend") -> str:
    """A [notifiers.NAME] table."""
    return "\n".join([f"[notifiers.{name}]", 'kind = "webhook"', url, secret, extra, ""])


def route(extra: str = "", *, notify: str = 'notify = ["backend"]') -> str:
    """A [[routes]] table that follows a source and a notifier."""
    return "\n".join([source(), notifier(), "[[routes]]", notify, extra, ""])


def toml(value: object) -> str:
    """A value as TOML; None stands for the one kind of source."""
    match value:
        case bool():
            return str(value).lower()
        case dict():
            return "{" + ", ".join(f"{toml(name)} = {toml(inner)}" for name, inner in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(toml, value)) + "]"
        case str():
            return '"' + "".join(f"\\U{ord(c):08x}" for c in value if not 0xD800 <= ord(c) < 0xE000) + '"'
        case None:
            return '"metastudio-avatar"'
        case _:
            return str(value)
