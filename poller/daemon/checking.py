"""What `poller check --online` proves: the credentials are accepted, and every notifier can be reached. Nothing is told, nothing kept."""

from collections.abc import AsyncIterator, Mapping
from typing import Final

from poller.config import Config, SourceConfig
from poller.core.reading import Denied, Failed, Target
from poller.host.clock import SystemClock
from poller.net.guard import Policy
from poller.net.mail import Mail
from poller.net.session import Http
from poller.notifiers import kinds as notifier_kinds
from poller.sources import kinds as source_kinds

# Asked about when the file names no job: that there is none of this name proves the credentials as well.
NO_JOB: Final = "00000000000000000000000000000000"


async def check_online(config: Config, environ: Mapping[str, str]) -> AsyncIterator[tuple[str, bool, str]]:  # noqa: ARG001 later kinds need it
    """(what, whether it works, in words) for every source and notifier, one after the other as they are found out."""
    async with Http(Policy()) as http, Http(Policy(public_only=True)) as strict, Mail(Policy()) as mail:
        gates: source_kinds.Gates = {}
        for name, source in config.sources.items():
            works, words = await _source(name, source, http, gates)
            yield f"source {name}", works, words
        for name, notifier in config.notifiers.items():
            built = notifier_kinds.build(name, notifier, http=http, strict=strict, mail=mail)
            trouble = await built.reach()
            yield f"notifier {name}", trouble is None, trouble or notifier.reached


async def _source(name: str, config: SourceConfig, http: Http, gates: source_kinds.Gates) -> tuple[bool, str]:
    source = source_kinds.build(name, config, http, SystemClock(), gates)
    job_id = next(iter(config.jobs), NO_JOB)
    match await source.fetch(Target(job_id=job_id)):
        case Denied(reason=reason) | Failed(reason=reason):
            return False, reason
        case _:
            return True, f"{config.address} accepts the credentials"
