"""What callers send, read strictly: every field that is wrong is named."""

from __future__ import annotations

import re
from typing import Annotated, TypeVar

import msgspec

from seawall.engine.errors import EventError
from seawall.engine.event import MAX_KEY

MAX_PROOF = 8_192
_Text = Annotated[str, msgspec.Meta(max_length=MAX_KEY)]
_AT = re.compile(r" - at `\$\.?([^`]*)`$")
T = TypeVar("T", bound=msgspec.Struct)


class Ask(msgspec.Struct, forbid_unknown_fields=True):
    """POST /v1/challenges."""

    decision_id: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_KEY)]
    method: _Text = ""
    to: _Text = ""
    language: Annotated[str, msgspec.Meta(pattern="^(zh|en)$")] = "zh"


class Reply(msgspec.Struct, forbid_unknown_fields=True):
    """POST /v1/challenges/{id}/verify: one of code, proof and abandon; and the bound fields."""

    code: Annotated[str, msgspec.Meta(max_length=16)] = ""
    proof: Annotated[str, msgspec.Meta(max_length=MAX_PROOF)] = ""
    abandon: bool = False
    bound: Annotated[dict[str, bool | int | str], msgspec.Meta(max_length=32)] = {}


class Enrol(msgspec.Struct, forbid_unknown_fields=True):
    """POST /v1/challenges/totp/enrol. `account` is what the authenticator shows."""

    subject: Annotated[str, msgspec.Meta(min_length=1, max_length=1_024)]
    account: Annotated[str, msgspec.Meta(max_length=64)] = ""


class Confirm(msgspec.Struct, forbid_unknown_fields=True):
    """POST /v1/challenges/totp/confirm."""

    subject: Annotated[str, msgspec.Meta(min_length=1, max_length=1_024)]
    code: Annotated[str, msgspec.Meta(max_length=16)]


def read(body: bytes, kind: type[T]) -> T:
    """The body as one of these. EventError names the field."""
    try:
        found = msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        text = str(error)
        at = _AT.search(text)
        raise EventError(at[1] if at else "", _AT.sub("", text)[:200]) from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise EventError("", "the body is not one JSON object in UTF-8") from None
    subject = getattr(found, "subject", "x")
    if not subject.isprintable():
        raise EventError("subject", "is printable text")
    if isinstance(found, Reply) and (bool(found.code) + bool(found.proof) + found.abandon) != 1:
        raise EventError("code", "send one of code, proof and abandon: true")
    return found
