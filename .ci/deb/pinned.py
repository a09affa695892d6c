"""Of pip's report and the pinned packages: those of the report, as they are pinned, with their hashes."""

import json
import re
import sys
from pathlib import Path


def main(report: str, constraints: str) -> None:
    """Print them. A package that is not pinned ends it."""
    needed = {one["metadata"]["name"] for one in json.loads(Path(report).read_text(encoding="utf-8"))["install"]}
    pinned = {_plain(block.split("==")[0]): block for block in _blocks(Path(constraints).read_text(encoding="utf-8"))}
    for name in sorted({_plain(name) for name in needed} - {"poller"}):
        if name not in pinned:
            sys.exit(f"{name} is needed and not pinned in {constraints}: make lock")
        sys.stdout.write(pinned[name])


def _blocks(text: str) -> list[str]:
    return [block for block in re.split(r"^(?=\S)", text, flags=re.MULTILINE) if "==" in block]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower().strip()


main(*sys.argv[1:])
