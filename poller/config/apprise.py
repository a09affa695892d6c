"""A notifier table of kind `apprise`."""

import logging
import warnings
from collections.abc import Sequence
from typing import Annotated, Final, Literal, TypeAlias

from poller.config.link import scheme_of
from poller.config.notifying import Notifying
from poller.config.problem import nearest
from poller.config.secrecy import SecretUrl, SecretUrlRule
from poller.config.table import key

_SILENT: Final = logging.CRITICAL + 1


def places_of(urls: Sequence[object]) -> tuple[str, ...]:
    """What stands in the database for each URL of the list."""
    return tuple(f"url {place}" for place in range(1, len(urls) + 1))


def _check_url(text: str) -> None:
    """Raises ValueError unless Apprise can make a service of it. Nothing of the URL but its scheme is shown."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of the libraries of all its services
        known, readable = _looked_at(text)
    scheme = text.partition("://")[0].lower()
    if scheme not in known:
        hint = nearest(scheme, known) if scheme_of(text).startswith("the") else ""
        raise ValueError(
            f"found {scheme_of(text)}, which Apprise does not know{hint or ';'} expected such as slack://…"
        )
    if not readable:
        raise ValueError(
            f"found a URL of {scheme_of(text)} that Apprise cannot read; its documentation has the form of each service"
        )


def _looked_at(text: str) -> tuple[frozenset[str], bool]:
    """The schemes that Apprise knows, and whether it can read this URL."""
    import apprise  # half a second: only a file that has such a notifier pays for it
    from apprise.manager_plugins import NotificationManager

    # What it logs about a URL cites it.
    logging.getLogger(apprise.logger.name).setLevel(_SILENT)
    schemes = NotificationManager().schemas()  # type: ignore[no-untyped-call]  # it is untyped
    return frozenset(str(name).lower() for name in schemes), apprise.Apprise.instantiate(text) is not None


def _scheme_alone(text: str) -> str:
    return f"{text.partition('://')[0].lower()}://…"


AppriseUrl: TypeAlias = Annotated[SecretUrl, SecretUrlRule(check=_check_url, show=_scheme_alone, pattern="://")]


class AppriseConfig(Notifying):
    """Services behind Apprise's URLs: chats, pagers, push services."""

    kind: Literal["apprise"] = key(meaning="apprise: a message through the services of Apprise's URLs")
    urls: tuple[AppriseUrl, ...] = key(
        meaning="Apprise's URLs, each tried and retried by itself; secrets", min_length=1, max_length=50
    )

    @property
    def address(self) -> str:
        """The schemes; nothing of a URL that was given as a secret."""
        return ", ".join(url.shown for url in self.urls)

    @property
    def reached(self) -> str:
        """Apprise has no way of trying a service but to send something."""
        return f"{self.address} can be read; only `poller notify test` tells more"

    @property
    def recipients(self) -> tuple[str, ...]:
        """A place in the list stands for its URL, which is a secret."""
        return places_of(self.urls)
