"""One admitted record as the kernel's input row, and as the row that expressions read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .columns import MISSING
from .feature.plan import BITS_PER_WORD
from .feature.state import FeatureState
from .language import compile_row
from .policy import CompiledPolicy
from .scope import LATE_BY

IMPLIED = frozenset({"event_id", "type", "event_time", "received_at"})


@dataclass(frozen=True, slots=True)
class RecordKind:
    """What one event type or label brings to the kernel."""

    name: str
    words: tuple[int, ...]  # condition bits that hold for every record of the kind
    wheres: tuple[tuple[int, int], ...]  # (index in `conditions` results, condition) still to be tested
    conditions: Callable[[Sequence[object]], tuple[object | None, ...]] | None


class InputBuilder:
    """Builds rows for one policy over one feature state."""

    def __init__(self, policy: CompiledPolicy, state: FeatureState) -> None:
        self.policy = policy
        self.plan = policy.plan
        self.spaces = list(zip(self.plan.spaces, state.spaces, strict=True))
        self.values = self.plan.values
        self.calendars_at = state.calendars_at if self.plan.calendars else None
        features = len(self.plan.features) + self.plan.degraded_words
        self._slots = [
            (name, policy.slots[name] - features, slot.scale)
            for slot in policy.fields
            if (name := slot.name) != LATE_BY
        ]
        self._late = policy.slots[LATE_BY] - features if LATE_BY in policy.slots else -1
        self._blank: list[Any] = [None] * (policy.width - features)
        for name, look in policy.settings.items():
            self._blank[look.slot - features] = policy.pack.settings[name].default
        self._features = features
        read = {*self.plan.spaces, *self.plan.values, *(name for name, _, _ in self._slots)}
        self.implied = sorted(read & IMPLIED)
        names = [*policy.pack.events, *(f"label.{name}" for name in policy.pack.labels)]
        self._read = self._reader()
        self.kinds = {name: self._kind(name) for name in names}

    def named(self, fields: dict[str, Any], **implied: object) -> dict[str, Any]:
        """The fields, with those implied ones (event_time, type, …) that some feature or expression reads."""
        return fields | {name: implied[name] for name in self.implied} if self.implied else fields

    def fields(self, fields: Mapping[str, Any], late_by: int) -> list[Any]:
        """The part of the expression row behind the features: fields in place, settings at their defaults, list
        look-ups still open."""
        part = self._blank.copy()
        for name, place, scale in self._slots:
            value = fields.get(name)
            if value is not None:
                part[place] = value if scale == 1 else value / scale
        if self._late >= 0:
            part[self._late] = late_by
        return part

    def inputs(self, kind: RecordKind, fields: Mapping[str, Any], part: list[Any], t: int, flags: int) -> Sequence[int]:
        """The kernel's input row. `part` is what `fields` gave (the conditions read it)."""
        words = kind.words
        if kind.conditions is not None:
            results = kind.conditions(part)
            held = list(words)
            for index, condition in kind.wheres:
                if results[index] is True:
                    word, bit = divmod(condition, BITS_PER_WORD)
                    held[word] |= 1 << bit
            words = tuple(held)
        row = self._read(fields.get, t, flags, words)
        return row if self.calendars_at is None else (*row, *self.calendars_at(t))

    def _reader(self) -> Callable[..., tuple[int, ...]]:
        """One generated function from a record's fields to its input row: names come from the checked pack."""
        parts: list[str] = []
        names: dict[str, Any] = {"MISSING": MISSING}
        for index, (name, space) in enumerate(self.spaces):
            names |= {f"known{index}": space.ids.get, f"number{index}": space.number}
            given = f"i if (i := known{index}(v)) is not None else number{index}(v)"
            parts.append(f"-1 if (v := get({name!r})) is None else {given}")
        parts += [f"MISSING if (v := get({name!r})) is None else v" for name in self.values]
        body = "".join(f"        {part},\n" for part in parts)
        source = f"def read(get, t, flags, words):\n    return (\n        t, flags, *words,\n{body}    )\n"
        exec(source, names)  # noqa: S102  (its only foreign parts are the reprs of field names that the pack checked)
        read: Callable[..., tuple[int, ...]] = names["read"]
        return read

    def _kind(self, name: str) -> RecordKind:
        words = [0] * self.plan.condition_words
        tested = []
        for index, condition in enumerate(self.plan.conditions):
            if name in condition.on:
                if condition.where:
                    tested.append((condition.where, index))
                else:
                    words[index // BITS_PER_WORD] |= 1 << index % BITS_PER_WORD
        if not tested:
            return RecordKind(name, tuple(words), (), None)
        texts = list(dict.fromkeys(where for where, _ in tested))
        slots = {slot: place - self._features for slot, place in self.policy.slots.items() if place >= self._features}
        run = compile_row([self.policy.wheres[text] for text in texts], slots)
        return RecordKind(name, tuple(words), tuple((texts.index(where), index) for where, index in tested), run)
