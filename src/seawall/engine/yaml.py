"""YAML read as plain data with places: the core types of YAML 1.2, and nothing that hides or runs anything.

PyYAML's parser gives the events; its resolvers (YAML 1.1: `on` is true, `NO` is false, dates are dates) are not used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml as pyyaml

from seawall.engine.errors import PackError, Problem

MAX_BYTES = 2_000_000
MAX_DEPTH = 32
MAX_NODES = 200_000
MAX_DIGITS = 40

Path = tuple[str | int, ...]
Place = tuple[int, int]

_PARSER = getattr(pyyaml, "CLoader", pyyaml.SafeLoader)
_CORE: tuple[tuple[re.Pattern[str], Callable[[str], object]], ...] = (
    (re.compile(r"null|Null|NULL|~|"), lambda text: None),
    (re.compile(r"true|True|TRUE"), lambda text: True),
    (re.compile(r"false|False|FALSE"), lambda text: False),
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"0o[0-7]+"), lambda text: int(text[2:], 8)),
    (re.compile(r"0x[0-9a-fA-F]+"), lambda text: int(text[2:], 16)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
)
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


@dataclass(slots=True)
class Document:
    """One file: `data` (dict, list, str, int, float, bool, None) and where each part of it stands."""

    file: str
    data: Any = None
    _values: dict[Path, Place] = field(default_factory=dict)
    _keys: dict[Path, Place] = field(default_factory=dict)

    def place(self, path: Path) -> Place:
        """Line and column (from 1) where the content of the value at `path` begins; (0, 0) where there is none."""
        return self._values.get(path, (0, 0))

    def key_place(self, path: Path) -> Place:
        """Line and column of the key that leads to `path`; of the value itself in a sequence."""
        return self._keys.get(path) or self.place(path)


def load(source: str | bytes, file: str) -> Document:
    """Read one YAML document; PackError with file, line and column when it is not plain YAML 1.2 core data."""
    text = _decoded(source, file)
    document = Document(file)
    try:
        _Builder(document, text).build(pyyaml.parse(text, Loader=_PARSER))
    except pyyaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise PackError([Problem(f"is not YAML: {error.problem}", "", file, line, column)]) from None
    except pyyaml.YAMLError as error:
        raise PackError([Problem(f"is not YAML: {str(error).splitlines()[0]}", "", file)]) from None
    return document


def _decoded(source: str | bytes, file: str) -> str:
    size = len(source) if isinstance(source, bytes) else len(source.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise PackError([Problem(f"is {size:,} bytes; a file may have {MAX_BYTES:,}", "split it", file)])
    try:
        text = source.decode("utf-8") if isinstance(source, bytes) else source.encode("utf-8").decode("utf-8")
    except UnicodeError:
        raise PackError([Problem("is not UTF-8 text", "save it as UTF-8", file)]) from None
    return text.removeprefix("\ufeff")


class _Builder:
    """Turns the parser's events into data, noting places; refuses what plain data does not need."""

    def __init__(self, document: Document, text: str) -> None:
        self.document = document
        self.lines = text.split("\n")
        self.nodes = 0

    def build(self, events: Iterator[Any]) -> None:
        """Fill the document from the event stream of exactly one YAML document (none: data stays None)."""
        documents = 0
        for event in events:
            if isinstance(event, pyyaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.refuse(event, "holds a second document (---)", "one document a file")
            elif isinstance(event, pyyaml.NodeEvent):
                self.document.data = self.value(event, events, ())

    def value(self, event: Any, events: Iterator[Any], path: Path) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self.refuse(event, f"holds more than {MAX_NODES:,} values", "split the file")
        if len(path) > MAX_DEPTH:
            self.refuse(event, f"is nested deeper than {MAX_DEPTH} levels", "flatten it")
        if event.anchor is not None:
            self.refuse(event, "anchors (&) and aliases (*) are not used here", "write it out, or quote the text")
        if event.tag is not None:
            self.refuse(event, f"tags ({event.tag}) are not used here", "remove it, or quote the text")
        if isinstance(event, pyyaml.ScalarEvent):
            self.document._values[path] = self.content_place(event)
            return self.scalar(event)
        self.document._values[path] = (event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, pyyaml.SequenceStartEvent):
            return self.sequence(events, path)
        return self.mapping(events, path)

    def sequence(self, events: Iterator[Any], path: Path) -> list[Any]:
        items: list[Any] = []
        for event in events:
            if isinstance(event, pyyaml.SequenceEndEvent):
                break
            items.append(self.value(event, events, (*path, len(items))))
        return items

    def mapping(self, events: Iterator[Any], path: Path) -> dict[str | int, Any]:
        items: dict[str | int, Any] = {}
        for event in events:
            if isinstance(event, pyyaml.MappingEndEvent):
                break
            key = self.key(event)
            if key in items:
                line, _ = self.document.key_place((*path, key))
                self.refuse(event, f"the key {key!r} stands twice (first in line {line})", "keep one")
            self.document._keys[(*path, key)] = (event.start_mark.line + 1, event.start_mark.column + 1)
            items[key] = self.value(next(events), events, (*path, key))
        return items

    def key(self, event: Any) -> str | int:
        if not isinstance(event, pyyaml.ScalarEvent):
            self.refuse(event, "a key must be a plain word", "quote it")
        if event.anchor is not None or event.tag is not None:
            self.refuse(event, "anchors and tags are not used here", "remove it, or quote the text")
        key = self.scalar(event)
        if key == "<<" and not event.style:
            self.refuse(event, "merge keys (<<) are not used here", "write the values out")
        if isinstance(key, bool) or not isinstance(key, str | int):
            self.refuse(event, f"a key must be a word, not {event.value!r}", "quote it")
        return key

    def scalar(self, event: Any) -> Any:
        text: str = event.value
        if event.style:
            return text
        for pattern, convert in _CORE:
            if pattern.fullmatch(text):
                if len(text) > MAX_DIGITS:
                    self.refuse(event, f"is a number of more than {MAX_DIGITS} characters", "quote it if it is text")
                value = convert(text)
                if isinstance(value, float) and value in (float("inf"), float("-inf")):
                    self.refuse(event, f"{text} is too large a number", "write a smaller one, or quote it")
                return value
        if _NOT_FINITE.fullmatch(text):
            self.refuse(event, f"{text} is not a finite number", "quote it if it is text")
        return text

    def content_place(self, event: Any) -> Place:
        line, column = event.start_mark.line, event.start_mark.column
        if event.style in ("'", '"'):
            return line + 1, column + 2
        if event.style in ("|", ">"):
            for below in range(line + 1, len(self.lines)):
                if stripped := self.lines[below].lstrip(" "):
                    return below + 1, len(self.lines[below]) - len(stripped) + 1
        return line + 1, column + 1

    def refuse(self, event: Any, message: str, suggestion: str) -> NoReturn:
        mark = event.start_mark
        raise PackError([Problem(message, suggestion, self.document.file, mark.line + 1, mark.column + 1)])
