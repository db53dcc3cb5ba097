"""Risk tips: what a customer is told for the reasons of a decision."""

from __future__ import annotations

from typing import Any

import msgspec

from seawall.engine.decision import Decision
from seawall.engine.pack.model import Pack, Tip
from seawall.engine.pack.tips import tips_for

_encode = msgspec.json.Encoder().encode


def tips_of(pack: Pack, decision: Decision) -> list[Tip]:
    """The pack's tips for the decision's reasons, the gravest first, each once."""
    return tips_for(pack, decision.reasons)


def told(pack: Pack, decision: Decision, language: str) -> list[dict[str, str]]:
    """The same as an answer shows them."""
    return [{"reason": tip.reason, "level": tip.level, "text": tip.text[language]} for tip in tips_of(pack, decision)]


def with_member(body: bytes, name: str, value: Any) -> bytes:
    """A JSON object with one more member at its end."""
    assert body.endswith(b"}"), "an object with members"
    return b'%b,"%b":%b}' % (body[:-1], name.encode(), _encode(value))
