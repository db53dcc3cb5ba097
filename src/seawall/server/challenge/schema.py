"""What the challenge routes take and give, as OpenAPI describes it."""

from __future__ import annotations

from typing import Any

from seawall.engine.event import MAX_KEY
from seawall.engine.pack.model import CHALLENGE_KINDS, TIP_LEVELS
from seawall.server.challenge.wishes import MAX_PROOF

_Schema = dict[str, Any]
_TEXT: _Schema = {"type": "string"}
_WHOLE: _Schema = {"type": "integer"}
_KEY: _Schema = {"type": "string", "minLength": 1, "maxLength": MAX_KEY}
_SUBJECT: _Schema = {"type": "string", "minLength": 1, "maxLength": 1_024}
_LANGUAGE: _Schema = {"type": "string", "enum": ["zh", "en"]}
_RESULTS = ("passed", "failed", "expired", "abandoned")


def _object(properties: _Schema, *required: str, closed: bool = False) -> _Schema:
    found: _Schema = {"type": "object", "properties": properties, "required": list(required or properties)}
    return found | ({"additionalProperties": False} if closed else {})


def _ref(name: str) -> _Schema:
    return {"$ref": f"#/components/schemas/{name}"}


_BOTH = _object({"zh": _TEXT, "en": _TEXT})
_ASK = _object({"decision_id": _KEY, "method": _TEXT, "to": _TEXT, "language": _LANGUAGE}, "decision_id", closed=True)
_REPLY = _object(
    {
        "code": {"type": "string", "pattern": "^[0-9]{4,10}$"},
        "proof": {"type": "string", "maxLength": MAX_PROOF},
        "abandon": {"type": "boolean"},
        "bound": {
            "type": "object",
            "description": "the bound fields that the event carries, as the platform is about to act on them",
            "additionalProperties": {"type": ["string", "integer", "boolean"]},
        },
    },
    "bound", closed=True,
) | {"required": []}  # fmt: skip
_CHALLENGE = {
    "challenge_id": _TEXT, "decision_id": _TEXT, "event_id": _TEXT, "method": _TEXT,
    "kind": {"type": "string", "enum": list(CHALLENGE_KINDS)}, "title": _TEXT, "provider": _TEXT, "notice": _TEXT,
    "result": {"type": "string", "enum": ["open", *_RESULTS]}, "reason": _TEXT, "attempts_left": _WHOLE,
    "resends_left": _WHOLE, "expires_at": {"type": "string", "format": "date-time"},
    "to": {"type": ["string", "null"], "description": "where the code went, masked"},
    "bound": {"type": "array", "items": _TEXT}, "text": _BOTH,
    "decision": {"anyOf": [_ref("Decision"), {"type": "null"}], "description": "of the challenge.result event"},
}  # fmt: skip
SCHEMAS: dict[str, _Schema] = {
    "Challenge": _object(_CHALLENGE, *(name for name in _CHALLENGE if name != "text")),
    "Tip": _object({"reason": _TEXT, "level": {"type": "string", "enum": list(TIP_LEVELS)}, "text": _TEXT}),
    "ResolvedBy": _object(
        {
            "challenge_id": _TEXT, "method": _TEXT, "result": {"type": "string", "enum": list(_RESULTS)},
            "decision_id": {"type": ["string", "null"]},
        }
    ),
}  # fmt: skip
# route -> what it takes, what it gives
BODIES: dict[str, tuple[_Schema | None, _Schema]] = {
    "challenge": (_ASK, _ref("Challenge")),
    "challenge_verify": (_REPLY, _ref("Challenge")),
    "challenge_show": (None, _ref("Challenge")),
    "totp_enrol": (
        _object({"subject": _SUBJECT, "account": {"type": "string", "maxLength": 64}}, "subject", closed=True),
        _object({"secret": _TEXT, "uri": _TEXT, "confirmed": {"const": False}}),
    ),
    "totp_confirm": (
        _object({"subject": _SUBJECT, "code": _TEXT}, closed=True),
        _object({"confirmed": {"type": "boolean"}}),
    ),
}
MORE = {
    "challenge": ("not-found", "challenge-refused"),
    "challenge_verify": ("not-found", "challenge-refused"),
    "challenge_show": ("not-found",),
    "totp_confirm": ("challenge-refused",),
}
