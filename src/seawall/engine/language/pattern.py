"""The pattern language of matches(): a subset of RE2, run by a lazily built automaton in linear time.

Python's `re` backtracks, so a hostile pattern or value could stall a decision; this cannot: each character of the
value is looked at once. Syntax: literals, . [a-z] [^a-z] \\d \\w \\s (ASCII) | ( ) (?: ) * + ? {m,n} ^ $.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NoReturn

MAX_PATTERN = 256
MAX_STATES = 1_000
MAX_REPEAT = 100
MAX_CACHED = 20_000

Ranges = tuple[tuple[int, int], ...]  # inclusive code points, sorted
_TOP = 0x10FFFF
_CLASSES: dict[str, Ranges] = {
    "d": ((48, 57),),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
    "s": ((9, 10), (12, 13), (32, 32)),
}
_CONTROLS = {"n": 10, "t": 9, "r": 13, "f": 12, "v": 11, "a": 7}
_SPECIAL = frozenset("\\.+*?()|[]{}^$")


class PatternError(ValueError):
    """A pattern outside the subset; the text says what and where."""


def _complement(ranges: Ranges) -> Ranges:
    result, low = [], 0
    for start, end in sorted(ranges):
        if start > low:
            result.append((low, start - 1))
        low = max(low, end + 1)
    if low <= _TOP:
        result.append((low, _TOP))
    return tuple(result)


# A fragment of the syntax is built as a function (automaton, next state) -> entry state, so repeats can copy it.
Build = Callable[["_States", int], int]


class _States:
    """A non-deterministic automaton: each state eats a character of a class, or forks without eating."""

    def __init__(self) -> None:
        self.eats: list[Ranges | None] = []
        self.leads: list[list[int]] = []
        self.needs: list[str] = []  # "" or the anchor this fork passes only at: ^ $
        self.copies = 0

    def add(self, eats: Ranges | None, leads: list[int], needs: str = "") -> int:
        if len(self.eats) >= MAX_STATES:
            raise PatternError("the pattern is too large; shorten its repeats")
        self.eats.append(eats)
        self.leads.append(leads)
        self.needs.append(needs)
        return len(self.eats) - 1

    def copy(self, part: Build, after: int) -> int:
        self.copies += 1  # repeats of empty groups add no state, so they are counted too
        if self.copies > 10 * MAX_STATES:
            raise PatternError("the pattern is too large; shorten its repeats")
        return part(self, after)


class _Reader:
    """Recursive descent over the pattern."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.depth = 0

    def alternatives(self) -> Build:
        branches = [self.sequence()]
        while self.take("|"):
            branches.append(self.sequence())
        if len(branches) == 1:
            return branches[0]
        return lambda states, after: states.add(None, [branch(states, after) for branch in branches])

    def sequence(self) -> Build:
        parts: list[Build] = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            parts.append(self.repeated())

        def build(states: _States, after: int) -> int:
            for part in reversed(parts):
                after = part(states, after)
            return after

        return build

    def repeated(self) -> Build:
        part = self.atom()
        low, high = self.quantifier()
        if (low, high) == (1, 1):
            return part
        self.take("?")  # a lazy repeat matches the same texts
        if self.at < len(self.pattern) and self.pattern[self.at] in "*+?{":
            self.fail("a repeat of a repeat")

        def build(states: _States, after: int) -> int:
            if high is None:
                loop = states.add(None, [after])
                states.leads[loop].append(states.copy(part, loop))
                after = loop
            else:
                for _ in range(high - low):
                    after = states.add(None, [after, states.copy(part, after)])
            for _ in range(low):
                after = states.copy(part, after)
            return after

        return build

    def quantifier(self) -> tuple[int, int | None]:
        for symbol, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self.take(symbol):
                return bounds
        if not self.take("{"):
            return 1, 1
        low = self.count()
        high: int | None = low
        if self.take(","):
            high = None if self.pattern[self.at : self.at + 1] == "}" else self.count()
        if not self.take("}"):
            self.fail("a repeat is written {m}, {m,} or {m,n}")
        if high is not None and high < low:
            self.fail("a repeat runs from the smaller to the larger number")
        return low, high

    def count(self) -> int:
        start = self.at
        while self.pattern[self.at : self.at + 1] in set("0123456789"):
            self.at += 1
        digits = self.pattern[start : self.at]
        if not digits or len(digits) > 3 or int(digits) > MAX_REPEAT:
            self.fail(f"a repeat takes a number up to {MAX_REPEAT}")
        return int(digits)

    def atom(self) -> Build:
        if self.take("("):
            return self.group()
        if self.take("["):
            return _eat(self.bracket())
        if self.take("."):
            return _eat(_complement(((10, 10),)))
        for anchor in "^$":
            if self.take(anchor):
                return _pass(anchor)
        if self.take("\\"):
            return _eat(self.escape())
        character = self.pattern[self.at]
        if character in "*+?{}":
            self.fail(f"'{character}' has nothing to repeat")
        self.at += 1
        return _eat(((ord(character), ord(character)),))

    def group(self) -> Build:
        self.depth += 1
        if self.depth > 20:
            self.fail("groups are nested deeper than 20")
        if self.take("?") and not self.take(":"):
            self.fail("look-around, flags and named groups are not supported")
        inner = self.alternatives()
        if not self.take(")"):
            self.fail("a ( is not closed")
        self.depth -= 1
        return inner

    def bracket(self) -> Ranges:
        inverted = self.take("^")
        ranges: list[tuple[int, int]] = []
        first = True
        while first or self.pattern[self.at : self.at + 1] != "]":
            first = False
            low = self.member()
            if len(low) == 1 and low[0][0] == low[0][1] and self.pattern[self.at : self.at + 1] == "-":
                if self.pattern[self.at + 1 : self.at + 2] == "]":
                    ranges += low
                    continue
                self.at += 1
                high = self.member()
                if len(high) != 1 or high[0][0] != high[0][1] or high[0][0] < low[0][0]:
                    self.fail("a range runs from the lower to the higher character")
                low = ((low[0][0], high[0][0]),)
            ranges += low
        self.at += 1
        return _complement(tuple(ranges)) if inverted else tuple(sorted(ranges))

    def member(self) -> Ranges:
        if self.at >= len(self.pattern):
            self.fail("a [ is not closed")
        if self.take("\\"):
            return self.escape()
        if self.pattern.startswith("[:", self.at):
            self.fail("[:name:] classes are not supported", "write [a-z] or \\d")
        code = ord(self.pattern[self.at])
        self.at += 1
        return ((code, code),)

    def escape(self) -> Ranges:
        if self.at >= len(self.pattern):
            self.fail("the pattern ends in a backslash")
        character = self.pattern[self.at]
        self.at += 1
        if character.lower() in _CLASSES:
            ranges = _CLASSES[character.lower()]
            return _complement(ranges) if character.isupper() else ranges
        if character in _CONTROLS:
            return ((_CONTROLS[character], _CONTROLS[character]),)
        if character in _SPECIAL or (character.isascii() and not character.isalnum()):
            return ((ord(character), ord(character)),)
        self.at -= 1
        self.fail(f"\\{character} is not supported (back-references, \\b and \\p are out)")

    def take(self, symbol: str) -> bool:
        found = self.pattern.startswith(symbol, self.at)
        self.at += found
        return found

    def fail(self, message: str, hint: str = "") -> NoReturn:
        raise PatternError(f"{message}, at character {self.at + 1} of the pattern" + (f"; {hint}" if hint else ""))


def _eat(ranges: Ranges) -> Build:
    return lambda states, after: states.add(ranges, [after])


def _pass(anchor: str) -> Build:
    return lambda states, after: states.add(None, [after], anchor)


class _Deterministic(dict[str, "_Deterministic"]):
    """One deterministic state: its known moves, and whether the text matches here, or would if it ended here."""

    __slots__ = ("at_end", "found", "members")

    def __init__(self, members: frozenset[int], found: bool, at_end: bool) -> None:
        self.members, self.found, self.at_end = members, found, at_end


class Automaton:
    """Tells whether a pattern occurs anywhere in a value, in time linear in the value."""

    def __init__(self, pattern: str) -> None:
        if len(pattern) > MAX_PATTERN:
            raise PatternError(f"the pattern is longer than {MAX_PATTERN} characters")
        reader = _Reader(pattern)
        build = reader.alternatives()
        if reader.at < len(pattern):
            reader.fail("a ) has no (")
        self._states = _States()
        self._goal = self._states.add((), [])
        self._entry = build(self._states, self._goal)
        self._forget()

    def _forget(self) -> None:
        self._known: dict[frozenset[int], _Deterministic] = {}
        self._moves = 0
        # The start stands outside _known: the same members mean something else where ^ no longer holds.
        self._start = self._make(self._closure({self._entry}, at_start=True), at_start=True)

    def _closure(self, members: set[int], at_start: bool = False, at_end: bool = False) -> frozenset[int]:
        states, pending, reached = self._states, list(members), set(members)
        while pending:
            state = pending.pop()
            needs = states.needs[state]
            if states.eats[state] is not None or (needs == "^" and not at_start) or (needs == "$" and not at_end):
                continue
            for following in states.leads[state]:
                if following not in reached:
                    reached.add(following)
                    pending.append(following)
        return frozenset(reached)

    def _state(self, members: frozenset[int]) -> _Deterministic:
        state = self._known.get(members)
        if state is None:
            state = self._known[members] = self._make(members, at_start=False)
        return state

    def _make(self, members: frozenset[int], at_start: bool) -> _Deterministic:
        at_end = self._goal in self._closure(set(members), at_start, at_end=True)
        return _Deterministic(members, self._goal in members, at_end)

    def _step(self, state: _Deterministic, character: str) -> _Deterministic:
        if self._moves >= MAX_CACHED:
            self._forget()
            return self._state(self._after(state.members, ord(character)))
        self._moves += 1
        following = state[character] = self._state(self._after(state.members, ord(character)))
        return following

    def _after(self, members: frozenset[int], code: int) -> frozenset[int]:
        states, reached = self._states, {self._entry}
        for member in members:
            ranges = states.eats[member]
            if ranges and any(low <= code <= high for low, high in ranges):
                reached.update(states.leads[member])
        return self._closure(reached)

    def search(self, value: str) -> bool:
        """True when some part of `value` matches."""
        state = self._start
        for character in value:
            if state.found:
                return True
            following = state.get(character)
            state = self._step(state, character) if following is None else following
        return state.found or state.at_end


@lru_cache(maxsize=1_000)
def automaton(pattern: str) -> Automaton:
    """The automaton of a pattern. Raises PatternError."""
    return Automaton(pattern)
