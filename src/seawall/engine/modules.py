"""Generated modules: written once to a private folder, imported from there, so that numba's disk cache hits."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from pathlib import Path
from types import ModuleType


def default_cache() -> Path:
    """Folder of generated modules, one for all homes: $SEAWALL_CACHE, else the user's cache folder."""
    named = os.environ.get("SEAWALL_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "seawall"


def load_generated(source: str, prefix: str, cache_dir: Path | None = None) -> ModuleType:
    """Import `source` as a module named by its hash.

    The folder is made with mode 0700, since what lies there is run; a file that does not hold exactly `source` is
    replaced. Where the folder cannot be written a temporary one serves, at the price of compiling again next time.
    """
    name = f"seawall_{prefix}_{hashlib.sha256(source.encode()).hexdigest()[:24]}"
    loaded = sys.modules.get(name)
    if loaded is not None:
        return loaded
    path = _write(cache_dir or default_cache(), name, source)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None, path
    assert spec.loader is not None, path
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # numba looks a function's module up by name when it reads its cache
    spec.loader.exec_module(module)
    return module


def _write(folder: Path, name: str, source: str) -> Path:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o022:
            raise PermissionError(folder)
        path = folder / f"{name}.py"
        if not path.exists() or path.read_text(encoding="utf-8") != source:
            temporary = folder / f".{name}.{os.getpid()}"
            temporary.write_text(source, encoding="utf-8")
            os.replace(temporary, path)
        return path
    except OSError:
        path = Path(tempfile.mkdtemp(prefix="seawall-")) / f"{name}.py"
        path.write_text(source, encoding="utf-8")
        return path
