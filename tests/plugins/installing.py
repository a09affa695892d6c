"""Packages with entry points in a folder of the module path, as pip would leave them."""

import importlib
from pathlib import Path
from shutil import copyfile
from typing import Final

PACKAGE: Final = Path(__file__).parent / "package" / "poller_pigeon.py"
ENTRIES: Final = "[poller.notifiers]\npigeon = poller_pigeon:PIGEON\n\n[poller.sources]\nnest = poller_pigeon:NEST\n"


def installed(folder: Path, *, name: str = "poller-pigeon", entries: str = ENTRIES, module: str | None = None) -> Path:
    """The folder, with the example in it, or with a `module` of another text, under the package's name."""
    information = folder / f"{name.replace('-', '_')}-0.1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n", encoding="utf-8")
    (information / "entry_points.txt").write_text(entries, encoding="utf-8")
    if module is None:
        copyfile(PACKAGE, folder / PACKAGE.name)
    else:
        (folder / f"{name.replace('-', '_')}.py").write_text(module, encoding="utf-8")
    importlib.invalidate_caches()
    return folder
