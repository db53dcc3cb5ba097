"""Values written as YAML: the plainest form that is read back as the same value."""

from __future__ import annotations

import json
from typing import Any

from seawall.engine.errors import PackError
from seawall.engine.yaml import load

_FLOW_MARKS = frozenset(",[]{}")


def inline(value: Any, flow: bool = False) -> str:
    """A value on one line. `flow`: it stands inside `[…]` or `{…}`, where plain words may hold less."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{inline(key, True)}: {inline(one, True)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(inline(one, True) for one in value) + "]"
    if isinstance(value, str):
        return _text(value, flow)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)


def block(item: dict[str, Any], indent: int) -> str:
    """A mapping as an item of a block sequence, a line a member: `- id: x`, then the others below each other."""
    pad = " " * (indent + 2)
    lines = [f"{inline(key)}: {inline(value)}" for key, value in item.items()]
    return " " * indent + "- " + f"\n{pad}".join(lines) + "\n"


def _text(text: str, flow: bool) -> str:
    if _reads_back(text, text, flow):
        return text
    single = "'" + text.replace("'", "''") + "'"
    if "\n" not in text and _reads_back(single, text, flow):
        return single
    return json.dumps(text, ensure_ascii=False)


def _reads_back(written: str, text: str, flow: bool) -> bool:
    if flow and not written.startswith("'") and not _FLOW_MARKS.isdisjoint(written):
        return False
    try:
        if flow:
            return bool(load(f"{{a: [{written}, b], c: {written}, d: e}}", "").data == _expected(text))
        return bool(load(f"- a: {written}\n- b\n", "").data == [{"a": text}, "b"])
    except PackError:
        return False


def _expected(text: str) -> dict[str, Any]:
    return {"a": [text, "b"], "c": text, "d": "e"}
