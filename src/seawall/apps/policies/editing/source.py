"""One YAML file as text that can be changed in places: every change is a splice, checked against the data it must give.

The places come from PyYAML's nodes; the reading of values is the engine's own (YAML 1.2 core types, no aliases).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import yaml as pyyaml

from seawall.apps.policies.editing.scalars import block, inline
from seawall.engine.errors import PackError, SeawallError
from seawall.engine.yaml import load

_LOADER = getattr(pyyaml, "CSafeLoader", pyyaml.SafeLoader)
Path = tuple[str | int, ...]


class EditError(SeawallError):
    """A change that the file cannot take; one line that says what to do."""


def normal(text: str) -> str:
    """The text as it is kept: no byte-order mark, lines end with a line feed."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


class Source:
    """A file at one moment. Each change returns the new text; PackError where the text is no YAML to begin with."""

    def __init__(self, text: str, file: str) -> None:
        self.file, self.text = file, normal(text)
        self.data: Any = load(self.text, file).data
        self._root = pyyaml.compose(self.text, Loader=_LOADER) if self.data is not None else None

    # --- looking ----------------------------------------------------------------------------------------------------

    def get(self, path: Path) -> Any:
        """The value at a path, None where there is none."""
        found = self.data
        for step in path:
            try:
                found = found[step]
            except (KeyError, IndexError, TypeError):
                return None
        return found

    def index(self, path: Path, key: str, name: str) -> int:
        """The place of the item whose member `key` is `name` in the sequence at `path`. EditError where none is."""
        items = self.get(path)
        for place, item in enumerate(items if isinstance(items, list) else ()):
            if isinstance(item, dict) and str(item.get(key)) == name:
                return place
        raise EditError(f"{self.file} has no {key} {name!r} under {'.'.join(map(str, path))}; load the page again")

    # --- members of mappings ----------------------------------------------------------------------------------------

    def put(self, path: Path, key: str, value: Any, order: Sequence[str] = ()) -> str:
        """Set a member of the mapping at `path`; a new one stands where `order` has it."""
        if self.get(path) is None:
            return self._grown(path, {key: value})
        if self.get((*path, key)) == value and type(self.get((*path, key))) is type(value):
            return self.text
        node = self._node(path, pyyaml.MappingNode)
        found = self._pair(node, key)
        text = self._replaced(node, *found, value) if found else self._added(node, key, value, order)
        return self._checked(text, lambda data: _at(data, path).__setitem__(key, value))

    def drop(self, path: Path, key: str) -> str:
        """Take a member of the mapping at `path` out; nothing where it is not there."""
        node = self._node(path, pyyaml.MappingNode)
        found = self._pair(node, key)
        if found is None:
            return self.text
        if len(node.value) == 1:
            raise EditError(f"{key} is the only member here; remove the whole entry instead")
        place = next(at for at, (name, _) in enumerate(node.value) if name is found[0])
        start, end = found[0].start_mark.index, self._end(found[1])
        if node.flow_style:
            if place:
                start = self._end(node.value[place - 1][1])
            else:
                end = node.value[1][0].start_mark.index
        elif place:
            start, end = self._line_start(start), self._line_end(end)
        else:
            end = node.value[1][0].start_mark.index
        return self._checked(self._spliced(start, end, ""), lambda data: _at(data, path).pop(key))

    # --- items of sequences -----------------------------------------------------------------------------------------

    def insert(self, path: Path, place: int, item: Any) -> str:
        """Put an item into the sequence at `path` before its `place`-th (at the end where it is the length)."""
        items = self.get(path)
        if not items:
            return self._first_item(path, item)
        node = self._node(path, pyyaml.SequenceNode)
        if not 0 <= place <= len(items):
            raise EditError(f"there is no place {place} among {len(items)}; load the page again")
        if node.flow_style:
            if place < len(items):
                at, written = node.value[place].start_mark.index, f"{inline(item, True)}, "
            else:
                at, written = self._end(node.value[-1]), f", {inline(item, True)}"
        else:
            written = self._item(node.value[max(0, min(place, len(items)) - 1)], item)
            at = self._chunk(node, place - 1)[1] if place else self._chunk(node, 0)[0]
            if at == len(self.text) and not self.text.endswith("\n"):
                written = "\n" + written
        return self._checked(self._spliced(at, at, written), lambda data: _at(data, path).insert(place, item))

    def remove(self, path: Path, place: int) -> str:
        """Take an item out of the sequence at `path`; comments above it stay. The last one leaves an empty list."""
        node = self._node(path, pyyaml.SequenceNode)
        self._known(node, place)
        if len(node.value) == 1:
            text = self._spliced(*self._whole(path, node), " []" if not node.flow_style else "[]")
        elif node.flow_style:
            last = place == len(node.value) - 1
            start = self._end(node.value[place - 1]) if last else node.value[place].start_mark.index
            end = self._end(node.value[place]) if last else node.value[place + 1].start_mark.index
            text = self._spliced(start, end, "")
        else:
            text = self._spliced(*self._chunk(node, place), "")
        return self._checked(text, lambda data: _at(data, path).pop(place))

    def move(self, path: Path, place: int, to: int) -> str:
        """Move an item of the sequence at `path` so that it stands at `to` afterwards, with its text as it is."""
        node = self._node(path, pyyaml.SequenceNode)
        self._known(node, place)
        self._known(node, to)
        if place == to:
            return self.text
        if node.flow_style:
            order = list(range(len(node.value)))
            order.insert(to, order.pop(place))
            parts = [self.text[one.start_mark.index : self._end(one)] for one in node.value]
            text = self._spliced(node.start_mark.index, self._end(node), f"[{', '.join(parts[at] for at in order)}]")
        else:
            start, end = self._chunk(node, place)
            chunk = self.text[start:end]
            target = self._chunk(node, to)[0] if to < place else self._chunk(node, to)[1]
            chunk = chunk if chunk.endswith("\n") else chunk + "\n"
            if to < place:
                text = self.text[:target] + chunk + self.text[target:start] + self.text[end:]
            else:
                between = self.text[end:target]
                between = between if between.endswith("\n") else between + "\n"
                text = self.text[:start] + between + chunk + self.text[target:]
        return self._checked(text, lambda data: _at(data, path).insert(to, _at(data, path).pop(place)))

    def replace(self, path: Path, value: Any) -> str:
        """Set the item of a sequence that stands at `path`."""
        if self.get(path) == value and type(self.get(path)) is type(value):
            return self.text
        parent = self._node(path[:-1], pyyaml.SequenceNode)
        self._known(parent, int(path[-1]))
        node = parent.value[int(path[-1])]
        text = self._spliced(node.start_mark.index, self._end(node), inline(value, bool(parent.flow_style)))
        return self._checked(text, lambda data: _at(data, path[:-1]).__setitem__(path[-1], value))

    # --- splicing ---------------------------------------------------------------------------------------------------

    def _node(self, path: Path, kind: type) -> Any:
        node: Any = self._root
        for step in path:
            if isinstance(node, pyyaml.MappingNode):
                found = self._pair(node, str(step))
                node = found[1] if found else None
            elif isinstance(node, pyyaml.SequenceNode) and isinstance(step, int) and 0 <= step < len(node.value):
                node = node.value[step]
            else:
                node = None
        if not isinstance(node, kind):
            raise EditError(f"{self.file} has nothing to change at {'.'.join(map(str, path))}; edit it as text")
        return node

    def _pair(self, node: Any, key: str) -> tuple[Any, Any] | None:
        return next(((name, value) for name, value in node.value if name.value == key), None)

    def _known(self, node: Any, place: int) -> None:
        if not 0 <= place < len(node.value):
            raise EditError(f"there is no place {place} among {len(node.value)}; load the page again")

    def _replaced(self, node: Any, name: Any, old: Any, value: Any) -> str:
        flow = bool(node.flow_style)
        if isinstance(old, pyyaml.ScalarNode) and old.style not in ("|", ">") and old.start_mark.index < self._end(old):
            return self._spliced(old.start_mark.index, self._end(old), inline(value, flow))
        if not isinstance(old, pyyaml.ScalarNode) and old.flow_style:
            return self._spliced(old.start_mark.index, self._end(old), inline(value, flow))
        colon = self.text.index(":", self._end(name)) + 1  # a value in lines below its key, or none at all
        return self._spliced(colon, max(colon, self._end(old)), f" {inline(value, flow)}")

    def _added(self, node: Any, key: str, value: Any, order: Sequence[str]) -> str:
        before = set(order[: order.index(key)]) if key in order else {name.value for name, _ in node.value}
        at = max((place for place, (name, _) in enumerate(node.value) if name.value in before), default=-1)
        written = f"{inline(key, bool(node.flow_style))}: {inline(value, bool(node.flow_style))}"
        if not node.value:
            return self._spliced(node.start_mark.index, self._end(node), f"{{{written}}}")
        first = node.value[0][0]
        if at < 0:
            gap = ", " if node.flow_style else "\n" + " " * first.start_mark.column
            return self._spliced(first.start_mark.index, first.start_mark.index, written + gap)
        end = self._end(node.value[at][1]) if node.value[at][1].value != "" else self._end(node.value[at][0]) + 1
        if node.flow_style:
            return self._spliced(end, end, f", {written}")
        end = self._line_end(end)
        lead = "" if self.text[:end].endswith("\n") else "\n"
        return self._spliced(end, end, f"{lead}{' ' * first.start_mark.column}{written}\n")

    def _item(self, neighbour: Any, item: Any) -> str:
        """An item in the manner of its neighbour."""
        indent = self._dash(neighbour) - self._line_start(neighbour.start_mark.index)
        if isinstance(item, dict) and not neighbour.flow_style:
            return block(item, indent)
        return f"{' ' * indent}- {inline(item)}\n"

    def _first_item(self, path: Path, item: Any) -> str:
        parent, key = path[:-1], path[-1]
        lead = self.text if not self.text or self.text.endswith("\n") else self.text + "\n"
        lines = block(item, 2) if isinstance(item, dict) else f"  - {inline(item)}\n"
        if self.get(path) is None and not parent and (self.data is None or key not in self.data):
            text = f"{lead}{key}:\n{lines}"
        elif self.get(path) is None:
            return self.put(parent, str(key), [item])
        else:
            node = self._node(path, pyyaml.SequenceNode)
            text = self._spliced(*self._whole(path, node), f"\n{lines.rstrip()}" if not parent else inline([item]))
        return self._checked(text, lambda data: _set(data, path, [item]))

    def _grown(self, path: Path, value: Any) -> str:
        if not path:
            return self._checked(self.text + "".join(f"{k}: {inline(v)}\n" for k, v in value.items()), lambda _: value)
        return self.put(path[:-1], str(path[-1]), value)

    def _whole(self, path: Path, node: Any) -> tuple[int, int]:
        """From behind the colon of the sequence's key (block style) or its bracket to its end."""
        if node.flow_style and node.value:
            return node.start_mark.index, self._end(node)
        parent = self._node(path[:-1], pyyaml.MappingNode)
        found = self._pair(parent, str(path[-1]))
        assert found is not None, "the sequence has a key"
        colon = self.text.index(":", self._end(found[0])) + 1
        return colon, max(colon, self._end(node))

    def _dash(self, item: Any) -> int:
        start = int(item.start_mark.index)
        return self.text.rindex("-", self._line_start(start), start)

    def _chunk(self, node: Any, place: int) -> tuple[int, int]:
        """The lines of an item of a block sequence, with the comment that ends its last line."""
        item = node.value[place]
        return self._line_start(self._dash(item)), self._line_end(self._end(item))

    def _end(self, node: Any) -> int:
        """Where the content of a node ends: a block collection ends with its last member, not with what follows it."""
        if isinstance(node, pyyaml.ScalarNode):
            end = int(node.end_mark.index)
            return len(self.text[:end].rstrip()) if node.style in ("|", ">") else end
        if node.flow_style or not node.value:
            return int(node.end_mark.index)
        last = node.value[-1]
        return self._end(last[1] if isinstance(last, tuple) else last)

    def _line_start(self, at: int) -> int:
        return self.text.rfind("\n", 0, at) + 1

    def _line_end(self, at: int) -> int:
        found = self.text.find("\n", at)
        return len(self.text) if found < 0 else found + 1

    def _spliced(self, start: int, end: int, written: str) -> str:
        return self.text[:start] + written + self.text[end:]

    def _checked(self, text: str, change: Callable[[Any], Any]) -> str:
        """The text, if it holds the old data with the change and nothing else."""
        wanted = copy.deepcopy(self.data)
        if wanted is None:
            wanted = {}
        made = change(wanted)
        if self.data is None and isinstance(made, dict):
            wanted = made
        try:
            got = load(text, self.file).data
        except PackError:
            got = None
        if got != wanted:
            raise EditError(f"{self.file} is written in a way that this form cannot change safely; edit it as text")
        return text


def _at(data: Any, path: Path) -> Any:
    for step in path:
        data = data[step]
    return data


def _set(data: Any, path: Path, value: Any) -> None:
    _at(data, path[:-1])[path[-1]] = value
