"""What a request's body says before the door reads it: what it is about."""

from __future__ import annotations

from typing import Any

import msgspec

from seawall.engine.errors import EventError


class _Labelled(msgspec.Struct):
    """What a label's body says of its event; the door checks the rest."""

    event_id: str


def addressed(body: bytes, member: str, name: str) -> dict[str, Any]:
    """The members of a JSON body about `name`, which its address names already."""
    try:
        members = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise EventError("", "the body is not one JSON object in UTF-8") from None
    if members.setdefault(member, name) != name:
        raise EventError(member, f"is not {name!r}, the {member} of the address; leave it out")
    return members


def event_id_of(body: bytes) -> str:
    """The event that a label's body is about; "" where it says nothing (the door says what is wrong)."""
    try:
        return msgspec.json.decode(body, type=_Labelled).event_id
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
