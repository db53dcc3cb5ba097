"""Zips and folders from outside: a pack is taken, everything else refused in one line, without unpacking a bomb."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seawall.apps.errors import ConflictError, DeniedError, InvalidError
from tests.apps.decisions.home import PACK
from tests.apps.policies.conftest import numbered

FILES = {path.name: path.read_bytes() for path in PACK.glob("*.yaml")}


def zipped(files: dict[str, bytes], **more: Any) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        for name, entry in more.items():
            archive.writestr(entry, name)
    return buffer.getvalue()


def read(data: bytes) -> dict[str, bytes]:
    from seawall.apps.policies.uploads import read_zip

    return read_zip(data)


def test_a_pack_with_or_without_its_folder() -> None:
    assert read(zipped(FILES)) == FILES
    around = {f"my_pack/{name}": data for name, data in FILES.items()} | {"__MACOSX/my_pack/._x": b"junk"}
    assert read(zipped(around)) == FILES


@pytest.mark.parametrize(("name", "says"), [
    ("../events.yaml", "no plain path"), ("/etc/passwd", "no plain path"), ("a/../../x", "no plain path"),
    ("..\\x.yaml", "no plain path"), ("c:/x.yaml", "no plain path"), ("a/b/c/d/e/f/g/h/i", "no plain path"),
    ("x\ny.yaml", "no plain path"),
])  # fmt: skip
def test_names_that_lead_out(name: str, says: str) -> None:
    with pytest.raises(InvalidError, match=says):
        read(zipped(FILES | {name: b"x"}))


def test_a_bomb_is_stopped_while_it_unpacks(monkeypatch: pytest.MonkeyPatch) -> None:
    from seawall.apps.policies import uploads

    monkeypatch.setattr(uploads, "LARGEST", 3 << 20)
    bomb = zipped(FILES | {"models/a.txt": b"\x00" * (2 << 20), "models/b.txt": b"\x00" * (2 << 20)})
    assert len(bomb) < 100_000
    with pytest.raises(InvalidError, match="unpacks to more than 3 MB"):
        read(bomb)


def test_what_the_header_says_of_the_size_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    from seawall.apps.policies import uploads

    monkeypatch.setattr(uploads, "LARGEST", 1 << 20)
    data = bytearray(zipped({"events.yaml": b"\x00" * (4 << 20)}))
    place = data.rindex(b"PK\x01\x02") + 24
    data[place : place + 4] = (10).to_bytes(4, "little")  # the central directory's uncompressed size
    with pytest.raises(InvalidError):
        read(bytes(data))


def test_links_doubles_crowds_and_what_is_no_zip() -> None:
    link = zipfile.ZipInfo("events.yaml")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(InvalidError, match="no plain file"):
        read(zipped({}, **{"/etc/passwd": link}))
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = zipped({"events.yaml": b"x"}, y=zipfile.ZipInfo("events.yaml"))
    with pytest.raises(InvalidError, match="stands twice"):
        read(twice)
    with pytest.raises(InvalidError, match="at most 1000"):
        read(zipped({f"{n}.yaml": b"" for n in range(1_001)}))
    with pytest.raises(InvalidError, match="no zip"):
        read(b"PK\x03\x04 and so on")
    with pytest.raises(InvalidError, match=r"no events\.yaml at the top"):
        read(zipped({"readme.md": b"x"}))
    with pytest.raises(InvalidError, match="may have 16"):
        read(b"\x00" * ((16 << 20) + 1))


def test_an_upload_becomes_a_version_once(make_user: Callable[..., Any], home: Any) -> None:
    from seawall.apps.policies.models import Version
    from seawall.apps.policies.services import versions

    mo, ada = make_user("mo", "model_owner"), make_user("ada", "analyst")
    files = FILES | {"policy.yaml": numbered(FILES["policy.yaml"].decode(), 97).encode(), "notes.txt": b"mine"}
    with pytest.raises(DeniedError):
        versions.import_zip(ada, zipped(files))
    made = versions.import_zip(mo, zipped(files), "from the old system")
    assert (made.label, made.state, made.source, made.note) == ("payments@97", "draft", "upload", "from the old system")
    assert set(made.bundle.files.values_list("name", flat=True)) == set(FILES)
    assert versions.import_zip(mo, zipped(files)) == made
    other = files | {"policy.yaml": files["policy.yaml"].replace(b"review: 60", b"review: 61")}
    with pytest.raises(ConflictError, match="version: 98"):
        versions.import_zip(mo, zipped(other))
    broken = files | {"rules.yaml": b"rules: [{id: a}]"}
    with pytest.raises(versions.PackProblemsError) as raised:
        versions.import_zip(mo, zipped(broken))
    assert any(one.file == "rules.yaml" and one.line for one in raised.value.problems)
    assert Version.objects.count() == 2


def test_a_folder_on_the_host(tmp_path: Path, home: Any) -> None:
    from seawall.apps.policies.services import versions

    for name, data in FILES.items():
        (tmp_path / name).write_bytes(numbered(data.decode(), 93).encode() if name == "policy.yaml" else data)
    (tmp_path / "secret.txt").symlink_to("/etc/passwd")
    made = versions.import_folder(versions.OPERATOR, tmp_path)
    assert (made.label, made.author, made.source) == ("payments@93", None, "command")
    with pytest.raises(InvalidError, match="is no folder"):
        versions.import_folder(versions.OPERATOR, tmp_path / "nowhere")
