"""Texts in two languages: one .po part a room and language, merged and compiled to .mo without GNU gettext.

`locale/<language>/<room>.po` holds the texts of one room (`console`, `accounts`, `cases`, …): people who work on
different rooms edit different files. `compiled(cache)` merges the parts of each language into
`<cache>/<hash>/<language>/LC_MESSAGES/django.mo`, the layout Django's LOCALE_PATHS wants.
"""

from __future__ import annotations

import ast
import hashlib
import os
import struct
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

LOCALE = Path(__file__).parents[1] / "locale"
PLURALS = {"zh_Hans": ("nplurals=1; plural=0;", 1), "en": ("nplurals=2; plural=(n != 1);", 2)}
_MO_MAGIC = 0x950412DE
_LARGEST = 4_000_000  # bytes of one .po part
_KEYWORDS = ("msgctxt", "msgid", "msgid_plural", "msgstr")


class CatalogError(Exception):
    """A .po part that cannot be read, or two parts that contradict each other."""


@dataclass(frozen=True, order=True)
class Message:
    """What is looked up: a text, its plural where it has one, and the context that tells equal texts apart."""

    text: str
    plural: str = ""
    context: str = ""

    @property
    def key(self) -> str:
        """The key of a .mo file: context and plural joined to the text by control characters."""
        key = f"{self.context}\x04{self.text}" if self.context else self.text
        return f"{key}\x00{self.plural}" if self.plural else key


@dataclass(frozen=True)
class Translation:
    """The forms of one message in one language: one form, or one a plural class."""

    forms: tuple[str, ...]
    fuzzy: bool = False

    @property
    def complete(self) -> bool:
        return not self.fuzzy and bool(self.forms) and all(self.forms)


@dataclass
class _Draft:
    fields: dict[str, str] = field(default_factory=dict)
    fuzzy: bool = False

    def finish(self, where: str) -> tuple[Message, Translation] | None:
        if not self.fields.get("msgid"):
            return None  # the header, or nothing
        forms = tuple(text for name, text in sorted(self.fields.items()) if name.startswith("msgstr"))
        if not forms:
            raise CatalogError(f"{where}: {self.fields['msgid']!r} has no msgstr line; add one")
        message = Message(self.fields["msgid"], self.fields.get("msgid_plural", ""), self.fields.get("msgctxt", ""))
        return message, Translation(forms, self.fuzzy)


def parse(text: str, name: str = "catalog") -> dict[Message, Translation]:
    """Read one .po part. Raises CatalogError that names file and line."""
    found: dict[Message, Translation] = {}
    draft, current = _Draft(), ""

    def close(number: int) -> None:
        entry = draft.finish(f"{name}:{number}")
        if entry is None:
            return
        if entry[0] in found:
            raise CatalogError(f"{name}:{number}: {entry[0].text!r} stands twice; keep one")
        found[entry[0]] = entry[1]

    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        starts_entry = line.startswith(("#", "msgctxt")) or (line.startswith("msgid ") and current != "msgctxt")
        if starts_entry and "msgid" in draft.fields:
            close(number)
            draft, current = _Draft(), ""
        if line.startswith("#"):
            draft.fuzzy = draft.fuzzy or (line.startswith("#,") and "fuzzy" in line)
        elif line:
            current = _take(line, current, draft, f"{name}:{number}")
    close(len(text.splitlines()))
    return found


def _take(line: str, current: str, draft: _Draft, where: str) -> str:
    """Add one line to the entry; returns the field that a continuation line belongs to."""
    keyword, _, rest = line.partition(" ")
    if line.startswith('"'):
        keyword, rest = current, line
    known = keyword.partition("[")[0] in _KEYWORDS
    try:
        value = ast.literal_eval(rest.strip()) if known else None
    except (SyntaxError, ValueError):
        value = None
    if not isinstance(value, str):
        raise CatalogError(f'{where}: cannot read {line[:60]!r}; write msgid "…" and msgstr "…"')
    draft.fields[keyword] = draft.fields.get(keyword, "") + value
    return keyword


def render(part: Mapping[Message, Translation], where: Mapping[Message, str] | None = None) -> str:
    """The .po text of one part, sorted by message, each with the first place that uses it."""
    blocks = []
    for message in sorted(part):
        translation = part[message]
        lines = [f"#: {where[message]}"] if where and message in where else []
        lines += ["#, fuzzy"] if translation.fuzzy else []
        lines += [f"msgctxt {_quote(message.context)}"] if message.context else []
        lines.append(f"msgid {_quote(message.text)}")
        if message.plural:
            lines.append(f"msgid_plural {_quote(message.plural)}")
            lines += [f"msgstr[{n}] {_quote(form)}" for n, form in enumerate(translation.forms)]
        else:
            lines.append(f"msgstr {_quote(translation.forms[0])}")
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def read(path: Path) -> dict[Message, Translation]:
    """One part from disk; an absent file is an empty part."""
    if not path.exists():
        return {}
    if path.stat().st_size > _LARGEST:
        raise CatalogError(f"{path.name}: larger than {_LARGEST} bytes; split the room")
    return parse(path.read_text("utf-8"), f"{path.parent.name}/{path.name}")


def merged(language: str, locale: Path = LOCALE) -> dict[Message, Translation]:
    """All rooms' texts of one language. Two rooms may hold the same text only with the same translation."""
    whole: dict[Message, Translation] = {}
    for path in sorted((locale / language).glob("*.po")):
        for message, translation in read(path).items():
            if not translation.complete:
                continue  # Django then shows the English msgid
            if whole.setdefault(message, translation).forms != translation.forms:
                raise CatalogError(
                    f"{language}/{path.name}: {message.text!r} is translated otherwise in another room; "
                    "use one wording, or tell the two apart with a context"
                )
    return whole


def machine_object(part: Mapping[Message, Translation], language: str) -> bytes:
    """The bytes of a .mo file (GNU format, revision 0)."""
    header = f"Content-Type: text/plain; charset=UTF-8\nPlural-Forms: {PLURALS[language][0]}\n"
    texts = {"": header} | {message.key: "\x00".join(t.forms) for message, t in part.items()}
    pairs = sorted((key.encode(), value.encode()) for key, value in texts.items())
    start = 28 + 16 * len(pairs)
    keys, offset = _table((key for key, _ in pairs), start)
    values, _ = _table((value for _, value in pairs), offset)
    head = struct.pack("<7I", _MO_MAGIC, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, start)
    body = b"".join(key + b"\0" for key, _ in pairs) + b"".join(value + b"\0" for _, value in pairs)
    return head + keys + values + body


def _table(texts: Iterable[bytes], offset: int) -> tuple[bytes, int]:
    rows = []
    for text in texts:
        rows.append(struct.pack("<2I", len(text), offset))
        offset += len(text) + 1
    return b"".join(rows), offset


def compiled(cache: Path, locale: Path = LOCALE) -> Path:
    """The folder for LOCALE_PATHS: compiled once for each content of the parts, then only looked up."""
    parts = sorted(locale.glob("*/*.po"))
    digest = hashlib.sha256()
    for path in parts:
        digest.update(str(path.relative_to(locale)).encode() + b"\0" + path.read_bytes() + b"\0")
    folder = cache / digest.hexdigest()[:16]
    for language in PLURALS:
        target = folder / language / "LC_MESSAGES" / "django.mo"
        if not target.exists():
            _write_whole(target, machine_object(merged(language, locale), language))
    return folder


def _write_whole(target: Path, data: bytes) -> None:
    """Write so that a reader in another process sees the whole file or none."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    os.replace(name, target)


def empty(message: Message, language: str) -> Translation:
    """The entry a translator starts from."""
    return Translation(("",) * (PLURALS[language][1] if message.plural else 1))


def kept(message: Message, part: Mapping[Message, Translation], language: str) -> Translation:
    """The part's translation if it has one with the right number of forms, else an empty entry."""
    blank = empty(message, language)
    old = part.get(message, blank)
    return old if len(old.forms) == len(blank.forms) else replace(blank)
