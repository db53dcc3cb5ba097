"""What came of handing a message over."""

from __future__ import annotations

from dataclasses import dataclass

ARRIVED, LATER, NEVER = "delivered", "retry", "refused"


@dataclass(frozen=True, slots=True)
class Sent:
    """`kind`: delivered, retry (not this time) or refused (never, however often it is sent).

    `closed`: the way itself is shut, so what else goes that way waits too. `named`: the provider's own id of it.
    """

    kind: str
    reason: str = ""
    closed: bool = False
    named: str = ""
