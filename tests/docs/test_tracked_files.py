"""Nothing in the repository says where it was made or by whom."""

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

MAX_BYTES = 2_000_000
# In pieces, so that this file does not find itself.
REGISTRIES = re.compile(
    "|".join(
        [
            "py" + r"pi\.",
            "python" + "hosted",
            "arti" + "factory",
            "dev" + r"pi\b",
            "/sim" + r"ple/?\"",
            r"--(extra-)?index-url[ =]\w",
        ]
    ),
    re.IGNORECASE,
)
ADDRESS = re.compile(r"[\w.+-]+@((?:[a-z0-9-]+\.)+[a-z]{2,})\b", re.IGNORECASE)
# RFC 2606 and 6761: domains that belong to nobody.
NOBODYS = re.compile(r"(^|\.)(example(\.(com|org|net))?|test|invalid|localhost)$", re.IGNORECASE)


TOP_LEVEL = {
    *("pyproject.toml", "README.md", "poller", "migrations", "tests", "config.example.toml", "systemd"),
    *("Makefile", "LICENSE", "CHANGELOG.md", "docs", ".ci", ".gitignore"),
}


@cache
def tracked() -> tuple[Path, ...]:
    if shutil.which("git") is None:
        pytest.skip("git is not installed: what is tracked cannot be told")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout: nothing is tracked")
    paths = (ROOT / name for name in listed.stdout.decode().split("\0") if name)
    return tuple(path for path in paths if path.is_file())


@cache
def lines() -> tuple[tuple[str, str], ...]:
    return tuple(_lines())


def _lines() -> Iterator[tuple[str, str]]:
    for path in tracked():
        data = path.read_bytes()
        assert len(data) < MAX_BYTES, f"{path.name} is too large to be a source"
        if b"\0" not in data:
            for number, line in enumerate(data.decode("utf-8").splitlines(), 1):
                yield f"{path.relative_to(ROOT)}:{number}", line


def test_the_top_level_is_as_it_was_agreed() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in tracked()} == TOP_LEVEL


def test_no_package_registry_is_named() -> None:
    assert [place for place, line in lines() if REGISTRIES.search(line)] == []


def test_no_path_of_this_machine_is_named() -> None:
    here = re.compile(
        "|".join(rf"{re.escape(str(path))}(?![\w-])" for path in (ROOT, Path.home()) if len(path.parts) > 1)
    )

    assert [place for place, line in lines() if here.search(line)] == []


def test_no_address_of_a_person_is_named() -> None:
    found = [
        (place, match[0]) for place, line in lines() for match in ADDRESS.finditer(line) if not NOBODYS.search(match[1])
    ]

    assert found == []


@pytest.mark.parametrize(
    "path", sorted((ROOT / "tests").rglob("test_*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_every_file_of_tests_can_fail(path: Path) -> None:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    named = {getattr(node.func, "attr", getattr(node.func, "id", "")) for node in nodes if isinstance(node, ast.Call)}

    assert any(isinstance(node, ast.Assert) for node in nodes) or "raises" in named
