"""A compiled policy as plain data: what it computes, asks and costs."""

from __future__ import annotations

from typing import Any

from seawall.engine.feature.definition import Feature
from seawall.engine.feature.ops import NODE
from seawall.engine.pack.model import OUTCOMES
from seawall.engine.policy import CompiledPolicy
from seawall.engine.times import format_duration

_WORD = 8


def describe(policy: CompiledPolicy) -> dict[str, Any]:
    """Policy, features, models, rules and table rows, lists, and the state they take, as JSON-ready data."""
    pack = policy.pack
    return {
        "policy": policy.label,
        "pack": pack.name,
        "content_hash": pack.content_hash,
        "on": list(pack.policy.on),
        "base_currency": pack.base_currency,
        "thresholds": dict(pack.policy.thresholds),
        "score_cap": pack.policy.score_cap,
        "features": [_feature(feature) for feature in pack.features.values()],
        "rules": [
            {
                "id": entry.id, "when": entry.expression.text, "score": entry.score,
                "outcome": OUTCOMES[entry.level] if entry.level else "", "severity": entry.severity,
                "reason": entry.reason, "title": _title(entry.title),
            }
            for entry in policy.entries
        ],
        "models": [
            {
                "name": step.definition.name, "version": step.definition.version, "file": step.definition.file,
                "sha256": step.definition.sha256, "on": list(step.definition.on),
                "inputs": dict(zip(step.model.features, step.inputs, strict=True)),
                "reasons": dict(step.definition.reasons), "top": step.definition.top,
                "title": _title(step.definition.title),
            }
            for step in policy.models
        ],
        "lists": [
            {"name": one.name, "kind": one.kind, "key": one.key, "title": _title(one.title)}
            for one in pack.lists.values()
        ],
        "limits": [
            {
                "name": one.name, "type": one.type, "default": one.default, "entity": one.entity,
                "segment": one.segment, "title": _title(one.title),
            }
            for one in pack.settings.values()
        ],
        "state": {
            "bytes_per_entity": _WORD * sum(table.words for table in policy.plan.tables),
            "bytes_per_event": NODE * sum(chain.pushes for chain in policy.plan.chains if chain.resolution == 1),
        },
        "warnings": [str(problem) for problem in policy.warnings],
    }  # fmt: skip


def _feature(feature: Feature) -> dict[str, Any]:
    window, resolution = "", ""
    if feature.window is not None:
        calendar = f"{feature.window.calendar} in {feature.window.zone}"
        window = format_duration(feature.window.last_ms) if feature.window.last_ms else calendar
        window += f", ended {format_duration(feature.offset_ms)} ago" if feature.offset_ms else ""
        resolution = "exact" if feature.resolution_ms == 1 else format_duration(feature.resolution_ms)
    of = feature.of or " / ".join(feature.parts)
    linked = f"{feature.link}({', '.join(feature.by)})" if feature.link else ""
    computes = feature.value or linked or f"{feature.agg}({of})" + (f" where {feature.where}" if feature.where else "")
    return {
        "name": feature.name,
        "version": feature.version,
        "computes": computes,
        "entity": ", ".join(feature.entity),
        "on": list(feature.on),
        "window": window,
        "resolution": resolution,
        "default": feature.default,
        "title": _title(feature.title),
    }


def _title(title: Any) -> str:
    return " / ".join(text for text in (title.get("en", ""), title.get("zh", "")) if text)
