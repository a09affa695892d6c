"""From a `[notifiers.NAME]` table to the notifier: the only list of kinds.

To add a kind: a file beside this one, its table in `config`, a case in `build`, and the kind in the contract suite of the tests.
"""

from poller.config.notifier import NotifierConfig
from poller.notifiers.ports import Http, Notifier
from poller.notifiers.webhook import Webhook, WebhookSettings


def build(name: str, config: NotifierConfig, *, http: Http, strict: Http) -> Notifier:
    """The notifier called `name`; `strict` connects to public addresses only."""
    settings = WebhookSettings(
        url=config.url, keys=config.signing_keys, headers=dict(config.headers), timeout=config.timeout
    )
    return Webhook(name=name, settings=settings, http=strict if config.public_only else http)
