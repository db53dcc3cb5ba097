"""What a form can change in a pack: one table, from the name of an edit to the file and the function that does it.

An edit takes a `Source` and its arguments and returns the file's new text. Arguments are plain data (JSON).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seawall.apps.policies.editing.source import EditError, Path, Source
from seawall.engine.pack.model import OUTCOMES


@dataclass(frozen=True, slots=True)
class Kind:
    """Entries of one kind: their file, the sequence they stand in, the member that names them, members in order."""

    file: str
    path: Path
    name: str
    members: tuple[str, ...]


KINDS: Mapping[str, Kind] = {
    "rule": Kind("rules.yaml", ("rules",), "id",
                 ("id", "title", "on", "when", "score", "outcome", "severity", "reason", "tags", "actions", "legal")),
    "table": Kind("rules.yaml", ("tables",), "id",
                  ("id", "title", "on", "hit", "collect", "inputs", "rows", "legal")),
    "list": Kind("lists.yaml", ("lists",), "name",
                 ("name", "kind", "key", "title", "four_eyes", "max_validity", "outcome", "reason", "legal")),
    "feature": Kind("features.yaml", ("features",), "name",
                    ("name", "version", "entity", "on", "where", "agg", "of", "value", "window", "offset", "resolution",
                     "current", "default", "unit", "title")),
    "model": Kind("models.yaml", ("models",), "name",
                  ("name", "version", "title", "file", "sha256", "calibration", "on", "inputs", "reasons", "top",
                   "switch")),
}  # fmt: skip
LIMIT = ("title", "type", "entity", "segment", "default")
ROW = ("id", "when", "score", "outcome", "severity", "reason", "title")


@dataclass(frozen=True, slots=True)
class Edit:
    """One change that can be asked for: where it happens, and how."""

    file: str
    apply: Callable[..., str]


def apply(files: Mapping[str, str], name: str, arguments: Mapping[str, Any]) -> tuple[str, str]:
    """(file, its new text) after an edit. EditError: no such edit, arguments it does not take, nothing to change.

    PackError where the file is no YAML at the moment: then only its text can be edited.
    """
    edit = EDITS.get(name)
    if edit is None:
        raise EditError(f"there is no edit {name!r}; there are {', '.join(EDITS)}")
    source = Source(files.get(edit.file, ""), edit.file)
    try:
        return edit.file, edit.apply(source, **arguments)
    except (TypeError, KeyError, IndexError) as error:
        raise EditError(f"{name} does not take these arguments: {error}") from None


def entry(source: Source, kind: str, name: str) -> dict[str, Any]:
    """The members of an entry as data, for a form. EditError where there is none of that name."""
    one = KINDS[kind]
    found: dict[str, Any] = source.get((*one.path, source.index(one.path, one.name, name)))
    return found


# --- entries of any kind ----------------------------------------------------------------------------------------------


def _add(kind: str) -> Callable[..., str]:
    one = KINDS[kind]

    def add(source: Source, fields: Mapping[str, Any], after: str | None = None) -> str:
        """A new entry, at the end or after the one named `after` ("" puts it first)."""
        item = _ordered(fields, one.members, kind)
        name, known = item.get(one.name), source.get(one.path) or []
        if not isinstance(name, str) or not name:
            raise EditError(f"a {kind} needs its {one.name}")
        if any(isinstance(other, dict) and other.get(one.name) == name for other in known):
            raise EditError(f"{one.name} {name!r} stands in {one.file} already; choose another")
        place = len(known) if after is None else 0
        if after:
            place = source.index(one.path, one.name, after) + 1
        return source.insert(one.path, place, item)

    return add


def _change(kind: str) -> Callable[..., str]:
    one = KINDS[kind]

    def change(source: Source, name: str, fields: Mapping[str, Any]) -> str:
        """Members to set; null takes one out."""
        return _put_all(source, (*one.path, source.index(one.path, one.name, name)), fields, one.members, kind)

    return change


def _remove(kind: str) -> Callable[..., str]:
    one = KINDS[kind]

    def remove(source: Source, name: str) -> str:
        return source.remove(one.path, source.index(one.path, one.name, name))

    return remove


def _move(kind: str) -> Callable[..., str]:
    one = KINDS[kind]

    def move(source: Source, name: str, to: int) -> str:
        return source.move(one.path, source.index(one.path, one.name, name), to)

    return move


def _ordered(fields: Mapping[str, Any], members: Sequence[str], kind: str) -> dict[str, Any]:
    _only(fields, members, kind)
    return {member: fields[member] for member in members if fields.get(member) is not None}


def _only(fields: Mapping[str, Any], members: Sequence[str], kind: str) -> None:
    unknown = [name for name in fields if name not in members]
    if unknown:
        raise EditError(f"a {kind} has no {', '.join(map(str, unknown))}; it has {', '.join(members)}")


def _put_all(source: Source, path: Path, fields: Mapping[str, Any], members: Sequence[str], kind: str) -> str:
    _only(fields, members, kind)
    for member in members:
        if member in fields:
            value = fields[member]
            text = source.drop(path, member) if value is None else source.put(path, member, value, members)
            source = Source(text, source.file)
    return source.text


# --- decision tables --------------------------------------------------------------------------------------------------


def _rows(source: Source, table: str) -> Path:
    one = KINDS["table"]
    return (*one.path, source.index(one.path, one.name, table), "rows")


def _row(source: Source, table: str, row: str) -> Path:
    rows = _rows(source, table)
    return (*rows, source.index(rows, "id", row))


def set_cell(source: Source, table: str, row: str, column: int, cell: str) -> str:
    """One cell of a row; `column` counts from 0 in the order of the inputs."""
    path = (*_row(source, table, row), "when")
    width = len(source.get(path) or ())
    if not 0 <= column < width:
        raise EditError(f"row {row} has no column {column}; it has {width}")
    return source.replace((*path, column), cell)


def set_input(source: Source, table: str, column: int, text: str) -> str:
    """What a column of a table looks at."""
    path = (*_rows(source, table)[:-1], "inputs")
    width = len(source.get(path) or ())
    if not 0 <= column < width:
        raise EditError(f"table {table} has no column {column}; it has {width}")
    return source.replace((*path, column), text)


def add_column(source: Source, table: str, column: int, text: str, cell: str = "-") -> str:
    """A new column before `column`; every row gets `cell` in it."""
    rows = _rows(source, table)
    source = Source(source.insert((*rows[:-1], "inputs"), column, text), source.file)
    for place in range(len(source.get(rows) or ())):
        source = Source(source.insert((*rows, place, "when"), column, cell), source.file)
    return source.text


def remove_column(source: Source, table: str, column: int) -> str:
    """A column away, in every row."""
    rows = _rows(source, table)
    inputs = (*rows[:-1], "inputs")
    if len(source.get(inputs) or ()) < 2:
        raise EditError(f"table {table} needs one column at least; remove the table instead")
    source = Source(source.remove(inputs, column), source.file)
    for place in range(len(source.get(rows) or ())):
        source = Source(source.remove((*rows, place, "when"), column), source.file)
    return source.text


def add_row(source: Source, table: str, fields: Mapping[str, Any], place: int | None = None) -> str:
    """A new row before the `place`-th, at the end where that is left out."""
    rows, item = _rows(source, table), _ordered(fields, ROW, "row")
    known = source.get(rows) or []
    if not item.get("id") or any(isinstance(row, dict) and row.get("id") == item["id"] for row in known):
        raise EditError("a row needs an id of its own")
    return source.insert(rows, len(known) if place is None else place, item)


def change_row(source: Source, table: str, row: str, fields: Mapping[str, Any]) -> str:
    """Members of a row to set; null takes one out."""
    return _put_all(source, _row(source, table, row), fields, ROW, "row")


def remove_row(source: Source, table: str, row: str) -> str:
    """A row away; a table keeps one at least."""
    path = _row(source, table, row)
    if len(source.get(path[:-1])) < 2:
        raise EditError(f"table {table} needs one row at least; remove the table instead")
    return source.remove(path[:-1], int(path[-1]))


def move_row(source: Source, table: str, row: str, to: int) -> str:
    """A row to another place; with hit: first the order decides."""
    path = _row(source, table, row)
    return source.move(path[:-1], int(path[-1]), to)


# --- policy.yaml ------------------------------------------------------------------------------------------------------


def set_threshold(source: Source, outcome: str, score: int | None) -> str:
    """The score from which an outcome holds; null: no score reaches it."""
    if outcome not in OUTCOMES[1:]:
        raise EditError(f"no threshold for {outcome!r}; there are {', '.join(OUTCOMES[1:])}")
    path: Path = ("combine", "thresholds")
    return source.drop(path, outcome) if score is None else source.put(path, outcome, score, OUTCOMES[1:])


def set_cap(source: Source, cap: int) -> str:
    """The most that a score comes to."""
    return source.put(("combine", "score"), "cap", cap)


def change_setting(source: Source, name: str, fields: Mapping[str, Any]) -> str:
    """Members of a declared limit to set; null takes one out."""
    path: Path = ("limits", name)
    if source.get(path) is None:
        raise EditError(f"{source.file} declares no limit {name!r}; there are {', '.join(source.get(path[:1]) or ())}")
    return _put_all(source, path, fields, LIMIT, "limit")


def set_fallback(source: Source, model: Mapping[str, Any] | None) -> str:
    """What holds when a model fails: {score, outcome}; null: nothing is said."""
    if model is not None:
        return source.put(("fallback",), "model", dict(model), ("lists", "model"))
    whole = source.get(("fallback",))
    return (
        source.drop(("fallback",), "model")
        if isinstance(whole, dict) and len(whole) > 1
        else source.drop((), "fallback")
    )


def set_version(source: Source, version: int) -> str:
    """The policy's own number."""
    return source.put((), "version", version, ("policy", "version"))


EDITS: Mapping[str, Edit] = {
    **{
        f"{kind}.{verb}": Edit(one.file, make(kind))
        for kind, one in KINDS.items()
        for verb, make in {"add": _add, "change": _change, "remove": _remove, "move": _move}.items()
    },
    "cell.set": Edit("rules.yaml", set_cell),
    "input.set": Edit("rules.yaml", set_input),
    "column.add": Edit("rules.yaml", add_column),
    "column.remove": Edit("rules.yaml", remove_column),
    "row.add": Edit("rules.yaml", add_row),
    "row.change": Edit("rules.yaml", change_row),
    "row.remove": Edit("rules.yaml", remove_row),
    "row.move": Edit("rules.yaml", move_row),
    "threshold.set": Edit("policy.yaml", set_threshold),
    "cap.set": Edit("policy.yaml", set_cap),
    "fallback.set": Edit("policy.yaml", set_fallback),
    "limit.change": Edit("limits.yaml", change_setting),
    "version.set": Edit("policy.yaml", set_version),
}
