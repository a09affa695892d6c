"""The process that sends through Apprise: reads one message from standard input, says by its exit code whether it was accepted.

`python -m poller.notifiers.sending` is run by `apprise.py` of this folder, with its output going nowhere.
"""

import json
import os
import resource
import sys
from typing import Final

MEMORY: Final = 1024**3  # bytes; an answer without an end does not take the machine
NICER: Final = 10  # steps of niceness: polling goes first
ACCEPTED, TRY_LATER = 0, 75


def main() -> int:
    """The exit code."""
    os.nice(NICER)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    message = json.load(sys.stdin)
    import apprise

    asset = apprise.AppriseAsset(app_id="poller", app_desc="poller", storage_mode="memory", async_mode=False)
    services = apprise.Apprise(asset=asset)
    readable = all([services.add(url) for url in message["urls"]])
    sent = services.notify(
        title=message["title"], body=message["body"] or message["title"], body_format=apprise.NotifyFormat.TEXT
    )
    return ACCEPTED if readable and sent else TRY_LATER


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Exception, MemoryError):  # noqa: BLE001 whatever it was: the message is not delivered, and another attempt may do better
        os._exit(TRY_LATER)
