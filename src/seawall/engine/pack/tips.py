"""Which of a pack's tips belong to a decision."""

from __future__ import annotations

from collections.abc import Iterable

from seawall.engine.pack.model import TIP_LEVELS, Pack, Tip


def tips_for(pack: Pack, reasons: Iterable[str]) -> list[Tip]:
    """The tips for these reason codes, the gravest first, each once."""
    found = [pack.tips[code] for code in dict.fromkeys(reasons) if code in pack.tips]
    return sorted(found, key=lambda tip: -TIP_LEVELS.index(tip.level))
