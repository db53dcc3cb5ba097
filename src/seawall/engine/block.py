"""The engine over columns: the same decisions as record by record, thousands at a time.

Rows are int64[n, w] in the encoding of the language's column programs (see language.compile_columns); the kernel
writes its features straight into the first words of each row.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from .block_scores import BlockScores
from .block_settings import fill_settings
from .columns import MISSING, Block, Decided, Floats, IntColumn, Ints, NumberColumn, TextColumn
from .decision import content_hash, header
from .feature.plan import BITS_PER_WORD
from .feature.state import ENTERS, READS, FeatureState, Space
from .identity import text_as_double
from .inputs import InputBuilder
from .language import Type
from .lists import ListStore
from .policy import CompiledPolicy
from .programs import Conditions, Texts, Values
from .ruleset import Fired, Ruleset
from .scope import LATE_BY, FieldSlot
from .scoring import Watch
from .settings import SettingStore

_TIMES = ("event_time", "received_at")


class BlockStepper:
    """Column programs of one policy over one feature state, and the buffers between its blocks."""

    def __init__(
        self,
        policy: CompiledPolicy,
        builder: InputBuilder,
        state: FeatureState,
        lists: ListStore,
        settings: SettingStore,
        cache_dir: Path | None,
    ) -> None:
        self.policy = policy
        self.builder = builder
        self.state = state
        self.lists = lists
        self.settings = settings
        self.watch: Watch | None = None
        self.plan = policy.plan
        self.first_slot = len(self.plan.features) + self.plan.degraded_words
        self.wheres = Conditions([policy.wheres[text] for text in self._where_texts()], policy.slots, cache_dir)
        self.rules = Conditions([entry.expression for entry in policy.entries], policy.slots, cache_dir)
        self.values = [(value.index, Values(value.expression, policy.slots, cache_dir)) for value in policy.values]
        programs = [self.wheres, self.rules, *(program for _, program in self.values)]
        self.width = max([policy.width, *(program.width for program in programs)])
        self._rows, self._input_rows = _Buffer(), _Buffer()

    def _where_texts(self) -> list[str]:
        return list(dict.fromkeys(condition.where for condition in self.plan.conditions if condition.where))

    def step(
        self, block: Block, clock_ms: int, first: int, hashes: bool, features: bool, run: KernelRun | None = None
    ) -> Decided:
        """Apply a block that comes at `clock_ms` and is numbered from `first` on.

        features: False leaves `Decided.features` empty, unless hashes need the vectors. run: holds what the windows
        gave; the first policy to step fills it, the others, over the same windows, read it.
        """
        n = len(block)
        clocks = clock_ms if block.passed is None else np.maximum(block.passed, clock_ms)
        times = np.maximum.accumulate(np.maximum(block.times, clocks))
        late_by = times - block.times
        texts = Texts(block.columns)
        is_event = _is_event(block)
        rows = self._rows.take(n, self.width)
        rows[~is_event, : self.first_slot] = MISSING  # the kernel writes features on events only
        self._fill_fields(rows, block, texts, late_by)
        fill_settings(rows, block, times, self.policy, self.settings)
        hits = self._look_up(rows, block, times, is_event)  # before what reads it: wheres, then value features
        wanted = features or hashes
        with_vectors = wanted or bool(self.policy.models) or (run is not None and run.with_vectors)
        vectors = np.full((n, len(self.plan.features)), np.nan) if with_vectors else None
        if run is None or run.outputs is None:
            self.state.step(self._inputs(block, is_event, rows, texts, times, late_by), rows, vectors)
            if run is not None:
                run.keep(rows[:, : self.first_slot], vectors)
        else:
            run.give(rows[:, : self.first_slot], vectors)
        self._text_features(rows, texts, vectors)
        for index, program in self.values:
            program.run(rows, texts, index, vectors)
        scored = BlockScores(self.policy, block, rows, vectors, self.watch)
        fired = self.rules.run(rows, texts)
        combined = self._combine(block, fired, hits, scored)
        sequences = np.arange(first, first + n) if block.sequences is None else block.sequences
        decided = self._decided(np.flatnonzero(is_event), hits, rows, late_by, sequences, combined)
        if wanted and vectors is not None:
            decided.features = (np.hstack([vectors, scored.scores]) if self.policy.models else vectors)[decided.rows]
        sets = [combined.sets[index] for index in decided.fired.tolist()] if hashes or self.policy.models else []
        scored.mark(decided, sets)
        if hashes:
            decided.hashes = self._hashes(block, decided, scored.with_reasons(decided, sets))
        return decided

    # --- rows ---------------------------------------------------------------------------------------------------------

    def _fill_fields(self, rows: Ints, block: Block, texts: Texts, late_by: Ints) -> None:
        for slot in self.policy.fields:
            target = rows[:, self.policy.slots[slot.name]]
            target[:] = late_by if slot.name == LATE_BY else self._field(slot, block, texts)

    def _field(self, slot: FieldSlot, block: Block, texts: Texts) -> Ints:
        if slot.name in _TIMES:
            return block.time(slot.name)
        if slot.name in ("event_id", "type"):
            names = block.event_ids if slot.name == "event_id" else [block.type_names[code] for code in block.types]
            return texts.of_values(names)
        column = block.columns.get(slot.name)
        if column is None:
            absent = np.full(len(block), np.nan).view(np.int64) if slot.type is Type.DOUBLE else MISSING
            return np.broadcast_to(np.asarray(absent, np.int64), (len(block),))
        if isinstance(column, TextColumn):
            return texts.of_column(slot.name)
        if isinstance(column, NumberColumn):
            return (column.values + 0.0).view(np.int64)
        if slot.type is not Type.DOUBLE:
            return column.values
        scaled = np.where(column.values == MISSING, np.nan, column.values / float(slot.scale))
        return scaled.view(np.int64)

    def _inputs(
        self, block: Block, is_event: npt.NDArray[np.bool_], rows: Ints, texts: Texts, times: Ints, late_by: Ints
    ) -> Ints:
        plan, builder = self.plan, self.builder
        inputs = self._input_rows.take(len(block), plan.input_words)
        inputs[:, 0] = times
        inputs[:, 1] = np.where(is_event, READS, 0) | np.where(late_by <= self.policy.pack.lateness_ms, ENTERS, 0)
        words = np.array([builder.kinds[name].words for name in block.type_names], np.int64)
        inputs[:, 2 : 2 + plan.condition_words] = words.reshape(-1, plan.condition_words)[block.types]
        self._test_wheres(inputs, block, rows, texts)
        for index, (name, space) in enumerate(self.builder.spaces):
            inputs[:, plan.space_column + index] = _ids(block, name, space)
        for index, name in enumerate(plan.values):
            column = block.columns.get(name)
            if name in _TIMES:
                inputs[:, plan.value_column + index] = block.time(name)
            else:
                inputs[:, plan.value_column + index] = column.values if isinstance(column, IntColumn) else MISSING
        for index, starts in enumerate(self.state.calendar_columns(times)):
            inputs[:, plan.calendar_column + index] = starts
        return inputs

    def _test_wheres(self, inputs: Ints, block: Block, rows: Ints, texts: Texts) -> None:
        """Set the bits of conditions that have a `where`, on records of the condition's types."""
        if not self.wheres.expressions:
            return
        results = self.wheres.run(rows, texts) == 1
        order = {text: index for index, text in enumerate(self._where_texts())}
        for number, condition in enumerate(self.plan.conditions):
            if condition.where:
                of_type = np.array([name in condition.on for name in block.type_names], bool)[block.types]
                word, bit = divmod(number, BITS_PER_WORD)
                holds = (results[:, order[condition.where]] & of_type).astype(np.int64)
                inputs[:, 2 + word] |= holds << bit

    def _text_features(self, rows: Ints, texts: Texts, vectors: Floats | None) -> None:
        for index, space_index in self.plan.text_space.items():
            space = self.state.spaces[space_index]
            numbers = rows[:, index].copy()
            used = np.unique(numbers[numbers >= 0])
            names = [str(space.values[number]) for number in used]
            present = numbers >= 0
            places = np.searchsorted(used, numbers[present])
            if vectors is not None:
                doubles = np.array([text_as_double(space.values[number]) for number in used], np.float64)
                vectors[present, index] = doubles[places]
            codes = np.array([texts.code(name) for name in names], np.int64)
            rows[present, index] = codes[places]

    def _look_up(self, rows: Ints, block: Block, times: Ints, is_event: npt.NDArray[np.bool_]) -> dict[int, list[str]]:
        """Answers of all list look-ups into their slots, missing on labels; hits by row."""
        hits: dict[int, list[str]] = {}
        for look in self.policy.lists:
            column = block.columns.get(look.key)
            if not isinstance(column, TextColumn):
                if look.slot >= 0:
                    rows[:, look.slot] = MISSING
                continue
            listed = self.lists.keys(look.list)
            listed_codes = [code for code in column.used() if column.texts[code] in listed] if listed else []
            candidates = np.flatnonzero(np.isin(column.codes, listed_codes))
            answers = np.where(column.codes >= 0, 0, MISSING)
            for row in candidates:
                found = self.lists.hits(look.list, column.texts[column.codes[row]], int(times[row]))
                if found:
                    hits.setdefault(int(row), []).extend(f"{look.list}/{entry}" for entry in found)
                    answers[row] = 1
            if look.slot >= 0:
                rows[:, look.slot] = np.where(is_event, answers, MISSING)
        return hits

    # --- decisions ----------------------------------------------------------------------------------------------------

    def _combine(
        self, block: Block, fired: npt.NDArray[np.uint8], hits: dict[int, list[str]], scored: BlockScores
    ) -> _Combined:
        """Scores, levels and fired sets of the events, after the allow list."""
        combined = _Combined(len(block))
        for code, name in enumerate(block.type_names):
            if not name.startswith("label."):
                chosen = np.flatnonzero(block.types == code)
                if len(chosen):
                    ruleset, columns = self.policy.rulesets[name], list(self.policy.members[name])
                    bits = fired[chosen][:, columns] == 1
                    if ruleset.models:
                        bits = np.hstack([bits, scored.failed(chosen, ruleset)])
                    combined.add(chosen, bits, ruleset)
        for row, found in hits.items():
            level = int(combined.levels[row])
            combined.levels[row] = self.policy.lifted(level, bool(combined.legal[row]), found)
        return combined

    def _decided(
        self, events: Ints, hits: dict[int, list[str]], rows: Ints, late_by: Ints, sequences: Ints, combined: _Combined
    ) -> Decided:
        place = {int(row): index for index, row in enumerate(events)} if hits else {}
        return Decided(
            rows=events,
            sequences=sequences[events],
            late_by_ms=late_by[events],
            outcomes=combined.levels[events],
            scores=combined.scores[events],
            fired=combined.fired[events],
            combinations=combined.combinations,
            feature_names=self.policy.vector_names,
            features=np.empty((0, 0)),
            list_hits={place[row]: found for row, found in hits.items() if row in place},
            degraded=self._degraded(rows, events),
        )

    def _degraded(self, rows: Ints, events: Ints) -> dict[int, list[str]]:
        words = rows[events, len(self.plan.features) : self.first_slot]
        return {int(i): self.plan.degraded_names(words[i].tolist()) for i in np.flatnonzero(words.any(axis=1))}

    def _hashes(self, block: Block, decided: Decided, sets: list[Fired]) -> list[str]:
        label, ids = self.policy.label, block.event_ids
        vectors = np.ascontiguousarray(decided.features, "<f8")
        size = vectors.shape[1] * 8
        data = vectors.tobytes()
        hits, degraded = decided.list_hits, decided.degraded
        none: list[str] = []
        rows, sequences, levels = decided.rows.tolist(), decided.sequences.tolist(), decided.outcomes.tolist()
        return [
            content_hash(
                header(ids[row], label, sequence, level, fired, hits.get(i, none), degraded.get(i, none)),
                data[i * size : (i + 1) * size],
            )
            for i, (row, sequence, level, fired) in enumerate(zip(rows, sequences, levels, sets, strict=True))
        ]


class KernelRun:
    """What one run of the kernel over a block gave, for every policy with the same windows."""

    def __init__(self, with_vectors: bool) -> None:
        """`with_vectors`: one of them reads the doubles, too."""
        self.with_vectors = with_vectors
        self.outputs: Ints | None = None
        self._vectors: Floats | None = None

    def keep(self, outputs: Ints, vectors: Floats | None) -> None:
        """Take a copy, before a policy turns texts and values into what it reads."""
        self.outputs, self._vectors = outputs.copy(), None if vectors is None else vectors.copy()

    def give(self, outputs: Ints, vectors: Floats | None) -> None:
        """Write it where another policy reads it."""
        assert self.outputs is not None, "the first policy has run"
        outputs[:] = self.outputs
        if vectors is not None:
            assert self._vectors is not None, "somebody was known to read them"
            vectors[:] = self._vectors


class _Buffer:
    """Rows that are used again from block to block: fresh pages cost more than the work done on them."""

    def __init__(self) -> None:
        self._words = np.empty(0, np.int64)

    def take(self, n: int, width: int) -> Ints:
        if len(self._words) < n * width:
            self._words = np.empty(n * width, np.int64)
        return self._words[: n * width].reshape(n, width)


def _is_event(block: Block) -> npt.NDArray[np.bool_]:
    return np.array([not name.startswith("label.") for name in block.type_names], bool)[block.types]


class _Combined:
    """Scores, levels and fired sets of a block's rows, gathered type by type."""

    def __init__(self, n: int) -> None:
        self.levels = np.zeros(n, np.int64)
        self.scores = np.zeros(n, np.int64)
        self.fired = np.zeros(n, np.int64)
        self.legal = np.zeros(n, bool)
        self.sets: list[Fired] = []
        self.combinations: list[tuple[str, ...]] = []

    def add(self, chosen: Ints, fired: npt.NDArray[np.bool_], ruleset: Ruleset) -> None:
        keys, inverse = _distinct_rows(fired)
        ruleset.make_room(len(keys))
        sets = [ruleset.fired(bits) for bits in keys]
        self.levels[chosen] = np.array([one.level for one in sets], np.int64)[inverse]
        self.scores[chosen] = np.array([one.score for one in sets], np.int64)[inverse]
        self.legal[chosen] = np.array([one.legal for one in sets], bool)[inverse]
        self.fired[chosen] = inverse + len(self.sets)
        self.sets += sets
        self.combinations += [one.rules for one in sets]


def _distinct_rows(fired: npt.NDArray[np.bool_]) -> tuple[list[int], Ints]:
    """The distinct rows as ints (bit i = column i), and for each row the place of its own."""
    packed = np.packbits(fired, axis=1, bitorder="little")
    padded = np.zeros((len(fired), -(-max(packed.shape[1], 1) // 8) * 8), np.uint8)
    padded[:, : packed.shape[1]] = packed
    words = padded.view(np.uint64)
    if words.shape[1] == 1:
        keys, inverse = np.unique(words[:, 0], return_inverse=True)
        return [int(key) for key in keys], inverse.reshape(-1)
    whole = padded.view(np.dtype((np.void, padded.shape[1])))[:, 0]
    distinct, inverse = np.unique(whole, return_inverse=True)
    return [int.from_bytes(bytes(key), "little") for key in distinct], inverse.reshape(-1)


def _ids(block: Block, name: str, space: Space) -> Ints:
    """Numbers of one space's values, -1 where absent."""
    column = block.columns.get(name)
    if isinstance(column, TextColumn):
        return space.numbers(column.codes, column.texts)
    values: Ints | None = None
    if name in _TIMES:
        values = block.time(name)
    elif isinstance(column, IntColumn):
        values = column.values
    if values is None:
        return np.full(len(block), -1, np.int64)
    distinct, inverse = np.unique(values, return_inverse=True)
    numbers = np.array([-1 if value == MISSING else space.number(value) for value in distinct.tolist()], np.int64)
    return numbers[inverse.reshape(-1)]
