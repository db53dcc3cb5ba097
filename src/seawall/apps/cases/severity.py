"""Severities as ranks, so that the database can sort and compare them: 1 low … 4 critical."""

from __future__ import annotations

SEVERITIES = ("low", "medium", "high", "critical")
RANKS = {name: rank for rank, name in enumerate(SEVERITIES, start=1)}
LOWEST, HIGHEST = 1, len(SEVERITIES)


def severity_name(rank: int) -> str:
    """The word of a rank."""
    return SEVERITIES[rank - 1]
