"""JSON artefacts read with every member checked: nothing unknown, nothing twice, no number that is none."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt

from .base import ModelError

MOST = 1e150  # a number's magnitude: sums of products of two stay finite
Document = dict[str, Any]


def read(text: str) -> Document:
    """The object of a JSON text; ModelError for other text, and for a key that is given twice."""
    try:
        document = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"is not JSON ({error}); save the model again") from None
    if not isinstance(document, dict):
        raise ModelError("is not a JSON object; save the model again")
    return document


def members(where: str, value: Any, keys: Collection[str]) -> Document:
    """The value, if it is an object with none but these keys."""
    if not isinstance(value, dict):
        raise ModelError(f"{where} must be an object with {', '.join(sorted(keys))}")
    for key in value:
        if key not in keys:
            raise ModelError(f"{where} has no {key[:40]!r}; its keys are {', '.join(sorted(keys))}")
    return value


def number(where: str, holder: Document, key: str, default: float | None = None) -> float:
    """A member that is a number, or the default where it is absent and there is one."""
    value = holder.get(key, default)
    if key not in holder and default is not None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= MOST:
        raise ModelError(f"{where}: {key} must be a number between -1e150 and 1e150, not {str(value)[:40]!r}")
    return float(value)


def items(where: str, holder: Document, key: str, of: str) -> list[Any]:
    """A member that is a list."""
    value = holder.get(key)
    if not isinstance(value, list):
        raise ModelError(f"{where}{key} must be a list of {of}")
    return value


def floats(
    where: str, holder: Document, key: str, count: int, least: float = -MOST, most: float = MOST
) -> npt.NDArray[np.float64]:
    """A member that is a list of `count` numbers from `least` to `most`."""
    values = _counted(where, holder, key, count)
    if not set(map(type, values)) <= {int, float}:
        raise ModelError(f"{where}: {key} holds something that is no number; save the model again")
    try:
        found = np.array(values, np.float64)
    except OverflowError:
        found = np.full(count, np.inf)
    if not np.all((found >= least) & (found <= most)):
        raise ModelError(f"{where}: {key} must hold numbers from {least:g} to {most:g}; save the model again")
    return found


def integers(where: str, holder: Document, key: str, count: int, least: int, most: int) -> npt.NDArray[np.int64]:
    """A member that is a list of `count` integers from `least` to `most`."""
    values = _counted(where, holder, key, count)
    if not set(map(type, values)) <= {int} or (values and not least <= min(values) <= max(values) <= most):
        raise ModelError(f"{where}: {key} must hold integers from {least} to {most}; save the model again")
    return np.array(values, np.int64)


def _counted(where: str, holder: Document, key: str, count: int) -> list[Any]:
    values = items(f"{where}: ", holder, key, "numbers")
    if len(values) != count:
        raise ModelError(f"{where}: {key} has {len(values):,} values, not {count:,}; the file is damaged or cut off")
    return values


def _once(pairs: list[tuple[str, Any]]) -> Document:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ModelError("a key is given twice; name each key once")
    return found
