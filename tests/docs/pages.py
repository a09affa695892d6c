"""The documentation as the tests read it: pages, their headings, code blocks and tables."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCS = ROOT / "docs"
EVENTS = DOCS / "events.md"
API = DOCS / "api.md"
COMMANDS = DOCS / "commands.md"
CONFIGURATION = DOCS / "configuration.md"
PAGES = (README, ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md")))

_BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    language: str
    text: str


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def everything() -> str:
    return "\n".join(read(page) for page in PAGES)


def blocks(text: str, language: str | None = None) -> list[Block]:
    found = [Block(match["language"], match["text"]) for match in _BLOCK.finditer(text)]
    return [block for block in found if language in (None, block.language)]


def without_blocks(text: str) -> str:
    return _BLOCK.sub("", text)


def sections(text: str, level: int) -> dict[str, str]:
    """The text below each heading of `level`, up to the next heading of that level or a higher one."""
    found: dict[str, list[str]] = {}
    current: list[str] | None = None
    fenced = False
    for line in text.splitlines():
        fenced ^= line.startswith("```")
        heading = None if fenced else re.match(r"(#+) (.*)", line)
        if heading and len(heading[1]) <= level:
            current = found.setdefault(heading[2], []) if len(heading[1]) == level else None
        elif current is not None:
            current.append(line)
    return {title: "\n".join(lines) for title, lines in found.items()}


def first_cells(text: str) -> list[str]:
    """The first column of every table in `text`, headings left out, without backquotes."""
    return [row[0].replace("`", "") for row in rows(text)]


def rows(text: str) -> list[list[str]]:
    """The cells of every table in `text`, headings left out."""
    found: list[list[str]] = []
    inside = False
    for line in without_blocks(text).splitlines():
        if line.startswith("|") and inside:
            found.append([cell.strip() for cell in line.strip("|").split("|")])
        inside = line.startswith("|--") or (inside and line.startswith("|"))
    return found
