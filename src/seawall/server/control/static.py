"""Static files straight from the packages that ship them: a small ASGI application, no collection step.

The index of files is made at start; a request is a look-up in it, so no path of a request touches the disk.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_FRESH = b"public, max-age=3600, must-revalidate"
_PINNED = b"public, max-age=31536000, immutable"  # for addresses that carry the content's hash: ?v=HASH
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".json": "application/json"}
_TEXT = ("text/", "application/json", "image/svg+xml")


@dataclass
class StaticFile:
    """A file as it was when the server started."""

    path: Path
    modified: int
    size: int
    tag: str

    @classmethod
    def of(cls, path: Path) -> StaticFile:
        """Look at `path` and hash it."""
        found = path.stat()
        return cls(path, found.st_mtime_ns, found.st_size, hashlib.sha256(path.read_bytes()).hexdigest()[:16])

    def current(self) -> StaticFile:
        """Itself, or what the file has become since."""
        found = self.path.stat()
        return self if (found.st_mtime_ns, found.st_size) == (self.modified, self.size) else StaticFile.of(self.path)


def static_folders(packages: Iterable[Path]) -> list[Path]:
    """The `static` folders among packages, in order of precedence."""
    return [folder for package in packages if (folder := package / "static").is_dir()]


class StaticFiles:
    """Serves `prefix` from folders; the first folder that has a name wins. Hidden files are not served."""

    def __init__(self, folders: Iterable[Path], prefix: str) -> None:
        self.prefix = prefix
        self._paths: dict[str, Path] = {}
        self._files: dict[str, StaticFile] = {}
        for folder in folders:
            for path in sorted(folder.rglob("*")):
                name = path.relative_to(folder).as_posix()
                if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
                    self._paths.setdefault(name, path)

    def find(self, name: str) -> StaticFile | None:
        """The file of that name, read again when it changed on disk; None where there is none."""
        if name not in self._paths:
            return None
        try:
            known = self._files.get(name)
            self._files[name] = known.current() if known else StaticFile.of(self._paths[name])
        except FileNotFoundError:
            return None
        return self._files[name]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: 200 with the whole file, 304, 404 or 405."""
        if scope["method"] not in ("GET", "HEAD"):
            await _answer(send, 405, [(b"allow", b"GET, HEAD")])
            return
        found = await sync_to_async(self.find, thread_sensitive=False)(scope["path"].removeprefix(self.prefix))
        if found is None:
            await _answer(send, 404, [(b"content-type", b"text/plain")], b"no such file\n")
            return
        tag = f'"{found.tag}"'.encode()
        pinned = f"v={found.tag}".encode() in scope.get("query_string", b"").split(b"&")
        headers = [(b"etag", tag), (b"cache-control", _PINNED if pinned else _FRESH)]
        sent = dict(scope["headers"]).get(b"if-none-match", b"")
        if tag in (one.strip().removeprefix(b"W/") for one in sent.split(b",")):
            await _answer(send, 304, headers)
            return
        body = b"" if scope["method"] == "HEAD" else found.path.read_bytes()
        await _answer(send, 200, [*headers, (b"content-type", _type(found.path))], body, found.size)


def _type(path: Path) -> bytes:
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8".encode() if kind.startswith(_TEXT) else kind.encode()


async def _answer(
    send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes = b"", size: int | None = None
) -> None:
    length = len(body) if size is None else size
    always = [
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
        (b"cross-origin-resource-policy", b"same-origin"),
    ]
    if status != 304:
        always.append((b"content-length", str(length).encode()))
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *always]})
    await send({"type": "http.response.body", "body": body})
