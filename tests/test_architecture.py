"""The fences of the house: imports point down, each library has its room, the core is pure, no file has an empty name."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
POLLER = ROOT / "poller"
MODULES = sorted(POLLER.rglob("*.py"))

# A room may import rooms of a lower storey, and itself; rooms of one storey are strangers.
STOREYS = {
    "errors": 0,
    "core": 1,
    "config": 2,
    **dict.fromkeys(["engine", "store", "net", "sources", "notifiers", "host", "web", "simulator"], 3),
    **dict.fromkeys(["daemon", "plugins"], 4),
    **dict.fromkeys(["cli", "testing"], 5),
}
EVERYWHERE_BUT_CORE = {"anyio", "structlog"}
LIBRARIES = {
    "sqlalchemy": {"store"},
    "alembic": {"store"},
    "aiosqlite": {"store"},
    "psycopg": {"store"},
    "aiosmtplib": {"net"},
    "aiohttp": {"net", "web", "simulator", "cli", "testing"},
    "pytest": {"testing"},
    "yarl": {"net", "simulator"},
    "multidict": {"net", "simulator"},
    "apscheduler": {"host"},
    "uvloop": {"host"},
    "prometheus_client": {"web"},
    "typer": {"cli"},
    "click": {"cli"},
    "rich": {"cli"},
    "pydantic": {"config"},
    "pydantic_core": {"config"},
    "apprise": {"config", "notifiers"},
    "jmespath": {"config", "sources"},
    "jinja2": {"config", "notifiers", "web"},
    "msgspec": {"sources", "store", "web", "simulator", "notifiers", "cli"},
}
CORE_MAY_IMPORT = {
    "base64", "bisect", "collections", "dataclasses", "datetime", "email", "enum", "fnmatch", "functools", "hashlib", "hmac", "importlib",
    "itertools", "json", "math", "operator", "re", "tomllib", "types", "typing", "urllib",
}  # fmt: skip
IMPURE_CALLS = {
    "open",
    "print",
    "input",
    "time",
    "now",
    "utcnow",
    "today",
    "random",
    "sleep",
    "getLogger",
    "urandom",
    "uuid4",
}
SAYS_NOTHING = {"utils", "util", "helpers", "common", "base", "manager", "models", "types", "constants", "misc"}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


def room_of(path: Path) -> str:
    return path.relative_to(POLLER).with_suffix("").parts[0]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_down(path: Path) -> None:
    room = room_of(path)
    if room in {"__init__", "__main__"}:
        return
    assert room in STOREYS, f"poller/{room} is not in the picture of the house"
    for name in imports(path):
        target = [*name.split("."), ""][1] if name.split(".")[0] == "poller" else ""
        if target and target != room:
            assert STOREYS[target] < STOREYS[room], f"{name_of(path)} imports {name}"


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported_modules(path: Path) -> Iterator[str]:
    """The modules of poller that this one imports, now or later; `from package import module` is one of them."""
    known = {dotted(each) for each in MODULES}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            named = {f"{node.module}.{alias.name}" for alias in node.names}
            yield from named & known or {node.module or ""} & known
        elif isinstance(node, ast.Import):
            yield from {alias.name for alias in node.names} & known


def test_no_module_imports_itself_by_way_of_others() -> None:
    """An import inside a function, or for the type checker only, counts too: two files that need each other are one, or three."""
    before = {dotted(path): set(imported_modules(path)) for path in MODULES}
    while leaves := {name for name, needed in before.items() if not needed & before.keys()}:
        before = {name: needed for name, needed in before.items() if name not in leaves}
    assert not before, f"in a circle, or above one: {', '.join(sorted(before))}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_each_library_stays_in_its_room(path: Path) -> None:
    room = room_of(path)
    for name in imports(path):
        library = name.split(".")[0]
        if library == "poller" or library in sys.stdlib_module_names:
            continue
        allowed = LIBRARIES.get(library, set(STOREYS) - {"core", "errors"} if library in EVERYWHERE_BUT_CORE else set())
        assert room in allowed, f"{name_of(path)} imports {name}"


@pytest.mark.parametrize("path", sorted((POLLER / "core").rglob("*.py")), ids=name_of)
def test_the_core_is_pure(path: Path) -> None:
    for name in imports(path):
        assert name.split(".")[0] in CORE_MAY_IMPORT | {"poller"}, f"{name_of(path)} imports {name}"
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        assert not isinstance(node, (ast.AsyncFunctionDef, ast.Await)), f"{name_of(path)}:{node.lineno} is async"
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            assert called not in IMPURE_CALLS, f"{name_of(path)}:{node.lineno} calls {called}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_tasks_are_started_by_task_groups_only(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "asyncio":
            forbidden = {"create_task", "ensure_future", "gather", "shield", "wait_for"}
            assert node.attr not in forbidden, f"{name_of(path)}:{node.lineno}"


@pytest.mark.parametrize("path", sorted([*MODULES, *(ROOT / "tests").rglob("*.py")]), ids=name_of)
def test_files_are_small_and_have_names_that_say_something(path: Path) -> None:
    assert path.stem not in SAYS_NOTHING
    if path.is_relative_to(POLLER):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_functions_are_small(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 60, f"{name_of(path)}:{node.lineno} {node.name} has {length} lines"


def test_migrations_import_nothing_of_poller() -> None:
    revisions = sorted((ROOT / "migrations").rglob("*.py"))
    assert revisions
    for path in revisions:
        assert not any(name.split(".")[0] == "poller" for name in imports(path)), name_of(path)
