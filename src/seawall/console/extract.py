"""Finds every text marked for translation in Python and templates, and keeps the .po parts in step.

    python -m seawall.console.extract [ROOM …]            add what is new (empty), drop what no one uses, keep the rest
    python -m seawall.console.extract --check [ROOM …]    only say what differs; exit 1 if anything does

A text used by several rooms stands in the part of the first of them in this order: console, then by name.
English needs a part only where it differs from the text in the code.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from django.utils.translation.template import templatize

from seawall.console.catalog import LOCALE, Message, Translation, kept, read, render

SOURCE = Path(__file__).parents[1]
TRANSLATED = "zh_Hans"
# call -> positions of (text, plural, context)
CALLS: dict[str, tuple[int, int | None, int | None]] = {
    "_": (0, None, None),
    "gettext": (0, None, None),
    "gettext_lazy": (0, None, None),
    "gettext_noop": (0, None, None),
    "ngettext": (0, 1, None),
    "ngettext_lazy": (0, 1, None),
    "pgettext": (1, None, 0),
    "pgettext_lazy": (1, None, 0),
    "npgettext": (1, 2, 0),
    "npgettext_lazy": (1, 2, 0),
}
_TEXT = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_TEMPLATE_CALL = re.compile(rf"(?<![\w.])({'|'.join(CALLS)})\(\s*((?:u?{_TEXT}\s*,?\s*)+)")
_TEMPLATE_TEXT = re.compile(rf"u?({_TEXT})")


def room_of(path: Path, source: Path = SOURCE) -> str:
    """`apps/cases/console.py` belongs to `cases`, `console/tables.py` to `console`."""
    parts = path.relative_to(source).parts
    return parts[1] if parts[0] == "apps" and len(parts) > 2 else parts[0]


def python_messages(text: str, name: str = "module") -> Iterator[Message]:
    """Messages of a Python module that imports Django's translation; others use `_` for other things."""
    if "django.utils.translation" not in text:
        return
    for node in ast.walk(ast.parse(text, name)):
        if isinstance(node, ast.Call):
            called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if called in CALLS:
                yield from _message(called, [_constant(argument) for argument in node.args])


def template_messages(text: str, name: str = "template") -> Iterator[Message]:
    """Messages of a Django template."""
    for called, arguments in _TEMPLATE_CALL.findall(templatize(text, name)):
        yield from _message(called, [ast.literal_eval(one) for one in _TEMPLATE_TEXT.findall(arguments)])


def _constant(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _message(called: str, arguments: list[str | None]) -> Iterator[Message]:
    picked = [arguments[at] if at is not None and at < len(arguments) else None for at in CALLS[called]]
    text, plural, context = picked
    if text:
        yield Message(text, plural or "", context or "")


def messages(source: Path = SOURCE) -> dict[str, dict[Message, str]]:
    """room -> its messages, each with the file that uses it first; a shared message stands in one room only."""
    rooms: dict[str, dict[Message, str]] = {}
    files = [*source.rglob("*.py"), *source.glob("**/templates/**/*.*")]
    readers = {".py": python_messages, ".html": template_messages, ".txt": template_messages}
    seen: set[Message] = set()
    for path in sorted(files, key=lambda path: (room_of(path, source) != "console", room_of(path, source), str(path))):
        reader = readers.get(path.suffix)
        if reader is None:
            continue
        name = path.relative_to(source).as_posix()
        for message in reader(path.read_text("utf-8"), name):
            if message not in seen:
                seen.add(message)
                rooms.setdefault(room_of(path, source), {})[message] = name
    return rooms


def synchronised(language: str = TRANSLATED, source: Path = SOURCE, locale: Path = LOCALE) -> dict[Path, str]:
    """part file -> the text it should have; an empty text means that the file should go."""
    wanted = messages(source)
    known: dict[Message, Translation] = {}
    paths = {path.stem: path for path in (locale / language).glob("*.po")}
    for path in paths.values():
        known |= {message: one for message, one in read(path).items() if one.complete or message not in known}
    texts = {path: "" for room, path in paths.items() if room not in wanted}
    for room, found in wanted.items():
        part: Mapping[Message, Translation] = {message: kept(message, known, language) for message in found}
        texts[locale / language / f"{room}.po"] = render(part, found)
    return texts


def main(arguments: list[str]) -> int:
    """Write the parts (of all rooms, or those named); with --check only name the parts that differ."""
    rooms = {one for one in arguments if one != "--check"}
    check = "--check" in arguments
    stale = 0
    for path, text in sorted(synchronised().items()):
        old = path.read_text("utf-8") if path.exists() else ""
        if (rooms and path.stem not in rooms) or old == text:
            continue
        stale += 1
        print(f"{path.parent.name}/{path.name}: {'out of step' if check else 'written'}")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8") if text else path.unlink()
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
