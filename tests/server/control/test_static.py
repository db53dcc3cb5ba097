from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from seawall.server.control.static import StaticFiles, static_folders


@pytest.fixture
def files(tmp_path: Path) -> StaticFiles:
    for package, name, text in (
        ("one", "app/a.css", "a{}"), ("one", "app/.hidden", "no"), ("two", "app/a.css", "other"), ("two", "b.js", "1"),
        ("two", "sprite.svg", "<svg/>"), ("two", "raw.bin", "x"),
    ):  # fmt: skip
        path = tmp_path / package / "static" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "secret.txt").write_text("secret")
    return StaticFiles(static_folders([tmp_path / "one", tmp_path / "two", tmp_path / "none"]), "/static/")


def ask(
    files: StaticFiles, path: str, method: str = "GET", query: bytes = b"", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": named, "query_string": query}
    asyncio.run(files(scope, receive, send))
    start, body = sent
    return start["status"], {k.decode(): v.decode() for k, v in start["headers"]}, body["body"]


def test_the_first_package_wins_and_types_are_known(files: StaticFiles) -> None:
    assert ask(files, "/static/app/a.css")[2] == b"a{}"
    types = {
        name: ask(files, f"/static/{name}")[1]["content-type"]
        for name in ("app/a.css", "b.js", "sprite.svg", "raw.bin")
    }
    assert types == {
        "app/a.css": "text/css; charset=utf-8", "b.js": "text/javascript; charset=utf-8",
        "sprite.svg": "image/svg+xml; charset=utf-8", "raw.bin": "application/octet-stream",
    }  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["app/.hidden", "../secret.txt", "..%2fsecret.txt", "app/../../../secret.txt", "/etc/passwd", "", "app", "nothing"],
)
def test_nothing_else_is_served(files: StaticFiles, name: str) -> None:
    assert ask(files, f"/static/{name}")[0] == 404


def test_tags_and_caching(files: StaticFiles) -> None:
    status, headers, _ = ask(files, "/static/b.js")
    tag = headers["etag"]
    assert (status, headers["cache-control"]) == (200, "public, max-age=3600, must-revalidate")
    assert headers["x-content-type-options"] == "nosniff"
    for given in (tag, f'"x", W/{tag}'):
        status, headers, body = ask(files, "/static/b.js", if_none_match=given)
        assert (status, body) == (304, b"")
        assert "content-length" not in headers
    assert ask(files, "/static/b.js", if_none_match='"other"')[0] == 200
    pinned = ask(files, "/static/b.js", query=b"v=" + tag.strip('"').encode())[1]
    assert "immutable" in pinned["cache-control"]
    assert "immutable" not in ask(files, "/static/b.js", query=b"v=old")[1]["cache-control"]


def test_a_file_that_changes_is_read_again(files: StaticFiles, tmp_path: Path) -> None:
    before = ask(files, "/static/b.js")[1]["etag"]
    (tmp_path / "two/static/b.js").write_text("22")
    _, headers, body = ask(files, "/static/b.js")
    assert body == b"22"
    assert headers["etag"] != before
    (tmp_path / "two/static/b.js").unlink()
    assert ask(files, "/static/b.js")[0] == 404


def test_methods(files: StaticFiles) -> None:
    status, headers, body = ask(files, "/static/b.js", "HEAD")
    assert (status, headers["content-length"], body) == (200, "1", b"")
    status, headers, _ = ask(files, "/static/b.js", "POST")
    assert (status, headers["allow"]) == (405, "GET, HEAD")
