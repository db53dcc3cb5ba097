"""Risk tips: what a customer is told for the reasons of a decision."""

from __future__ import annotations

from typing import Any

import msgspec

from seawall.engine.decision import Decision
from seawall.engine.pack.model import TIP_LEVELS, Pack, Tip

_encode = msgspec.json.Encoder().encode


def tips_of(pack: Pack, decision: Decision) -> list[Tip]:
    """The pack's tips for the decision's reasons, the gravest first, each once."""
    found = [pack.tips[code] for code in dict.fromkeys(decision.reasons) if code in pack.tips]
    return sorted(found, key=lambda tip: -TIP_LEVELS.index(tip.level))


def told(pack: Pack, decision: Decision, language: str) -> list[dict[str, str]]:
    """The same as an answer shows them."""
    return [{"reason": tip.reason, "level": tip.level, "text": tip.text[language]} for tip in tips_of(pack, decision)]


def with_member(body: bytes, name: str, value: Any) -> bytes:
    """A JSON object with one more member at its end."""
    assert body.endswith(b"}"), "an object with members"
    return b'%b,"%b":%b}' % (body[:-1], name.encode(), _encode(value))
