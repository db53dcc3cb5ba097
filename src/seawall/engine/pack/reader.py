"""Reading declared data: typed look-ups on a YAML document that collect every problem with its place."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from seawall.engine.errors import Problem
from seawall.engine.event import NAME, RESERVED
from seawall.engine.pack.model import Place, Text
from seawall.engine.times import parse_duration
from seawall.engine.yaml import Document, Path

MAX_TEXT = 10_000
REASON = re.compile(r"[A-Z][A-Z0-9_]{0,63}", re.ASCII)
_KINDS = {
    dict: "a mapping", list: "a list", str: "text", int: "a whole number", float: "a number", bool: "true or false",
}  # fmt: skip


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A suggestion for a misspelt word, else the known words where they are few."""
    words = sorted(known)
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]}?"
    return f"known: {', '.join(words)}" if 0 < len(words) <= 15 else ""


class Node:
    """One value of a document. Getters return a usable default and note a problem where the value is not right."""

    __slots__ = ("document", "path", "problems", "value")

    def __init__(self, document: Document, value: Any, path: Path, problems: list[Problem]) -> None:
        self.document, self.value, self.path, self.problems = document, value, path, problems

    @property
    def place(self) -> Place:
        return Place(self.document.file, *self.document.place(self.path))

    def problem(
        self, message: str, suggestion: str = "", *, key: str | int | None = None, severity: str = "error"
    ) -> None:
        """Note a problem at this value, or at its member `key` (the key itself)."""
        line, column = self.document.place(self.path) if key is None else self.document.key_place((*self.path, key))
        self.problems.append(Problem(message, suggestion, self.document.file, line, column, severity))

    # --- mappings and lists

    def members(self, allowed: Iterable[str], required: Iterable[str] = (), what: str = "") -> bool:
        """True when this is a mapping; unknown and absent keys are noted."""
        if not isinstance(self.value, dict):
            self.problem(f"{what or 'this'} must be a mapping, not {_kind(self.value)}", f"keys: {', '.join(allowed)}")
            return False
        known = list(allowed)
        for key in self.value:
            if key not in known:
                owner = f" of {what}" if what else ""
                self.problem(f"unknown key {key!r}{owner}", did_you_mean(str(key), known), key=key)
        absent = [key for key in required if self.value.get(key) is None]
        if absent:
            self.problem(f"{what or 'this'} lacks {', '.join(absent)}", "add it")
        return True

    def has(self, key: str) -> bool:
        return isinstance(self.value, dict) and self.value.get(key) is not None

    def __getitem__(self, key: str | int) -> Node:
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return Node(self.document, value, (*self.path, key), self.problems)

    def entries(self) -> Iterator[tuple[str, Node]]:
        """The members of a mapping of names; nothing (with a problem) for another kind of value."""
        if self.value is None:
            return
        if not isinstance(self.value, dict):
            self.problem(f"must be a mapping, not {_kind(self.value)}")
            return
        for key in self.value:
            yield str(key), self[key]

    def items(self) -> list[Node]:
        """The items of a list; [] for an absent value."""
        if self.value is None:
            return []
        if not isinstance(self.value, list):
            self.problem(f"must be a list, not {_kind(self.value)}", "write [ … ] or lines that begin with -")
            return []
        return [Node(self.document, item, (*self.path, index), self.problems) for index, item in enumerate(self.value)]

    # --- scalars

    def _typed(self, kind: type, key: str, default: Any) -> Any:
        member = self[key]
        if member.value is None:
            return default
        accepted = (int, float) if kind is float else kind
        if not isinstance(member.value, accepted) or (kind is not bool and isinstance(member.value, bool)):
            member.problem(f"{key} must be {_KINDS[kind]}, not {_kind(member.value)}")
            return default
        return member.value

    def text(self, key: str, default: str = "") -> str:
        value: str = self._typed(str, key, default)
        if len(value) > MAX_TEXT:
            self[key].problem(f"{key} is longer than {MAX_TEXT:,} characters", "shorten it")
            return default
        return value

    def expression(self, key: str) -> Text:
        """An expression text; numbers and booleans stand for themselves (`when: true`)."""
        return self[key].as_expression(key)

    def as_expression(self, what: str) -> Text:
        value = self.value
        if isinstance(value, bool):
            value = "true" if value else "false"
        elif isinstance(value, int | float):
            value = str(value)
        if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT:
            if value is not None:
                hint = "quote it if it starts with ! or [ or holds ': ' or ' #'"
                self.problem(f"{what} must be an expression of 1 to {MAX_TEXT:,} characters", hint)
            value = ""
        return Text(value, self.place)

    def integer(self, key: str, low: int, high: int, default: int = 0) -> int:
        value: int = self._typed(int, key, default)
        if not low <= value <= high:
            self[key].problem(f"{key} must lie between {low} and {high}, not {value}")
            return default
        return value

    def number(self, key: str) -> int | float | None:
        value: int | float | None = self._typed(float, key, None)
        return value

    def boolean(self, key: str) -> bool:
        return bool(self._typed(bool, key, False))

    def duration(self, key: str, default: int = 0) -> int:
        return int(self._parsed(key, parse_duration, default))

    def zone(self, key: str, default: str) -> str:
        """An IANA time zone name."""
        name = self.text(key, default)
        try:
            ZoneInfo(name)
        except (ValueError, OSError, LookupError):
            self[key].problem(f"unknown time zone {name!r}", "use an IANA name, like Asia/Shanghai")
            return default
        return name

    def _parsed(self, key: str, parse: Callable[[str], Any], default: Any) -> Any:
        text = self.text(key)
        if not text:
            return default
        try:
            return parse(text)
        except ValueError as error:
            self[key].problem(f"{key} {text!r} {error}")
            return default

    def choice(self, key: str, choices: Collection[str], default: str = "") -> str:
        value = self.text(key, default)
        if value != default and value not in choices:
            self[key].problem(f"{key} {value!r} is unknown", did_you_mean(value, choices))
            return default
        return value

    def name(self, key: str) -> str:
        return self[key].as_name(key)

    def as_name(self, what: str, value: str | None = None) -> str:
        """A name to be used in expressions; "" when this (or the given key) is none."""
        word = self.value if value is None else value
        if not isinstance(word, str) or not NAME.fullmatch(word):
            if word is not None:
                self.problem(f"{what} {word!r} is not a name", "use a-z, 0-9 and _, begin with a letter, 64 at most")
            return ""
        if word in RESERVED:
            self.problem(f"{what} {word!r} is a word of the expression language", "choose another name")
            return ""
        return word

    def known(self, key: str, names: Collection[str], what: str) -> str:
        """A reference to something declared elsewhere; "" when unknown."""
        value = self.text(key)
        if value and value not in names:
            self[key].problem(f"unknown {what} {value!r}", did_you_mean(value, names))
            return ""
        return value

    def words(self, key: str) -> tuple[str, ...]:
        return tuple(item.value for item in self[key].items() if item.is_text(key))

    def known_words(self, key: str, names: Collection[str], what: str) -> tuple[str, ...]:
        """References in a list; unknown ones and repetitions are noted and left out."""
        words: list[str] = []
        for item in self[key].items():
            if not item.is_text(what):
                continue
            if item.value not in names:
                item.problem(f"unknown {what} {item.value!r}", did_you_mean(item.value, names))
            elif item.value in words:
                item.problem(f"{what} {item.value!r} stands twice", "keep one")
            else:
                words.append(item.value)
        return tuple(words)

    def is_text(self, what: str) -> bool:
        if isinstance(self.value, str):
            return True
        self.problem(f"{what} must be text, not {_kind(self.value)}", "quote it")
        return False

    def reason(self, key: str) -> str:
        value = self.text(key)
        if value and not REASON.fullmatch(value):
            self[key].problem(f"{key} {value!r} is not a reason code", "use A-Z, 0-9 and _, like VELOCITY")
        return value

    def title(self, key: str = "title") -> dict[str, str]:
        """A text for people in both languages, {zh, en}."""
        node = self[key]
        if node.value is None:
            return {}
        if not node.members(("zh", "en"), ("zh", "en"), key):
            return {}
        return {language: node.text(language) for language in ("zh", "en")}


def _kind(value: object) -> str:
    return "nothing" if value is None else _KINDS[type(value)]
