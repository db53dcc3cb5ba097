"""Rows to events, as the decision API takes them, and to labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from seawall.simulator import names
from seawall.simulator import rows as r
from seawall.simulator.fields import Field, Naming
from seawall.simulator.randomness import Ints
from seawall.simulator.scenarios import LABELLED, LABELS

SCENARIO_NAMES = np.array([scenario.name for scenario in LABELLED])
LABEL_NAMES = np.array(LABELS)


def column(field: Field, rows: r.Rows, naming: Naming) -> tuple[Any, Ints]:
    """Values (present,) of a field, and where (n,) among the rows they belong."""
    kinds = [r.KINDS.index(kind) for kind in field.kinds]
    present = np.isin(rows["kind"], kinds) & field.present(rows)
    return field.values(rows[present], naming), present


def events(rows: r.Rows, fields: Sequence[Field], naming: Naming) -> list[dict[str, Any]]:
    """One dict an event, in the order of the rows; absent fields are left out."""
    filled: list[dict[str, Any]] = [{} for _ in range(len(rows))]
    for field in fields:
        values, present = column(field, rows, naming)
        name = field.name
        if present.all():
            for event, value in zip(filled, values.tolist(), strict=True):
                event[name] = value
        else:
            for place, value in zip(np.flatnonzero(present).tolist(), values.tolist(), strict=True):
                filled[place][name] = value
    return filled


def label_times(rows: r.Rows) -> Ints:
    """When each label (n,) arrives, in ms; only for labelled rows."""
    return np.asarray(rows["time"] + rows["label_delay"])


def labels(rows: r.Rows, naming: Naming) -> list[dict[str, Any]]:
    """One label record for each of the labelled rows given, in their order."""
    event_ids = names.event_ids(rows["time"], rows["uid"], naming.keys["event"]).tolist()
    times = names.times(label_times(rows)).tolist()
    scenarios = SCENARIO_NAMES[rows["scenario"]].tolist()
    labels = LABEL_NAMES[rows["scenario"]].tolist()
    return [
        {"label": label, "event_id": event_id, "label_time": time, "scenario": scenario}
        for label, event_id, time, scenario in zip(labels, event_ids, times, scenarios, strict=True)
    ]
