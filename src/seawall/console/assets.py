"""Files the pages load: the kit's static files pinned by content, and Vega, made once from vl_convert."""

from __future__ import annotations

import hashlib
import os
import tempfile
from functools import cache
from pathlib import Path
from threading import Lock

from django.templatetags.static import static

STATIC = Path(__file__).parent / "static"
_HASH = 16  # hex digits; a server that sees ?v=<hash of the content> may let browsers keep the file for good
_making = Lock()
_pinned: dict[str, tuple[int, str]] = {}


def pinned(name: str) -> str:
    """The address of a static file, with the hash of its content when it is the kit's own: `…/console.css?v=…`."""
    path = STATIC / name
    if not path.is_file():
        return static(name)
    modified = path.stat().st_mtime_ns
    known = _pinned.get(name)
    if known is None or known[0] != modified:
        known = (modified, hashlib.sha256(path.read_bytes()).hexdigest()[:_HASH])
        _pinned[name] = known
    return f"{static(name)}?v={known[1]}"


@cache
def vega_version() -> str:
    """What the bundle depends on; part of its address, so that browsers may keep it for good."""
    import vl_convert

    return f"{vl_convert.__version__}-{vl_convert.get_vega_version()}"


def vega_bundle(folder: Path | None) -> bytes:
    """The script that defines vega, vegaLite and vegaEmbed (0.9 MB; 3 s to make, then read from `folder`).

    Call it once when the server starts, so that no page waits for it. Without a folder it is kept in memory.
    """
    if folder is None:
        return _in_memory()
    path = folder / f"vega-{vega_version()}.js"
    with _making:
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=folder)
            with os.fdopen(handle, "wb") as file:
                file.write(_made())
            os.replace(name, path)
    return path.read_bytes()


@cache
def _in_memory() -> bytes:
    return _made()


def _made() -> bytes:
    import vl_convert

    return str(vl_convert.javascript_bundle()).encode()
