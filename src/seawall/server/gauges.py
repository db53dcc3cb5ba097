"""Figures of the moment, for monitoring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seawall.engine.engine import Engine

from .counters import Counters


def gauges_of(engine: Engine, counters: Counters, warming: Mapping[str, Any] | None) -> dict[str, float]:
    """What engine and sequencer hold and have done; names ending in _total only grow."""
    warming = warming or {}
    return {
        "known_ids": len(engine.ids),
        "list_entries": len(engine.lists),
        "setting_entries": len(engine.setting_log),
        "state_bytes": sum(lane.state.bytes_held() for lane in engine.lanes.values()),
        "policies_beside": sum(1 for _ in engine.deployment.policies) - 1,
        "warming_records_done": warming.get("done", 0),
        "warming_records": warming.get("total", 0),
        "last_commit_ms": counters.last_commit_ms,
        "commit_seconds_total": counters.commit_seconds,
        "commits_total": counters.commits,
        "failures_total": counters.failures,
        "degraded_total": counters.degraded,
        "repeats_total": counters.repeats,
    }
