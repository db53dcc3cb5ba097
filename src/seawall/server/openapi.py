"""OpenAPI 3.1 of the decision API, generated from the routes and the active pack."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from seawall.engine.deployment import MAX_SHADOWS, MAX_SHARE
from seawall.engine.event import MAX_KEY, json_schema
from seawall.engine.pack.model import OUTCOMES, Pack
from seawall.engine.settings import SCOPES, SWITCH, TYPES
from seawall.engine.wire import MAX_BODY
from seawall.server.challenge.schema import BODIES, MORE, SCHEMAS
from seawall.server.deploying import MAX_NOTE
from seawall.server.http.problem import CONTENT_TYPE, KINDS

if TYPE_CHECKING:
    from seawall.server.http.routes import Route

_Schema = dict[str, Any]
_TEXT: _Schema = {"type": "string"}
_WHOLE: _Schema = {"type": "integer"}
_KEY: _Schema = {"type": "string", "minLength": 1, "maxLength": MAX_KEY}
_INSTANT: _Schema = {"type": "string", "format": "date-time"}
_PARAMETERS: dict[str, tuple[_Schema, str]] = {
    "explain": (
        {"type": "string", "enum": ["0", "1"], "default": "0"},
        "1: the value of every leaf of every fired rule",
    ),
    "tips": ({"type": "string", "enum": ["0", "1"], "default": "0"}, "1: what a customer is told for the reasons"),
    "lang": ({"type": "string", "enum": ["zh", "en"]}, "language of texts; else by Accept-Language, else zh"),
    "entity": (_KEY, "what is in force for this entity, in the clear; left out: for everyone else"),
    "segment": (_KEY, "the same for a segment, such as a channel"),
    "after": ({"type": "integer", "minimum": 0, "default": 0}, "only decisions of later records than this sequence"),
    "limit": ({"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}, "at most so many"),
}
_ALWAYS = (
    "request-invalid",
    "method-not-allowed",
    "not-acceptable",
    "headers-too-large",
    "internal-error",
    "unavailable",
)
_WITH_BODY = ("request-timeout", "content-too-large", "media-type-unsupported", "event-invalid")
_WITH_KEY = ("key-unknown", "scope-missing", "too-many-requests")
_MORE = {
    "decide": ("event-conflict",),
    "decision": ("not-found",),
    "label": ("event-conflict",),
    "bundle": ("policy-invalid", "policy-conflict"),
    "deploy": ("policy-invalid", "policy-conflict", "not-found"),
    **MORE,
}
_DONE = {200: "done", 201: "kept", 202: "under way"}


def document(pack: Pack, routes: Iterable[Route], version: str) -> _Schema:
    """The whole document as plain data."""
    paths: dict[str, _Schema] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Seawall decision API",
            "version": version,
            "description": f"Pack {pack.name}, policy {pack.policy.name}@{pack.policy.version}.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": _schemas(pack),
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "made by `seawall apikey create`"}
            },
            "responses": {
                slug: {
                    "description": kind.en,
                    "content": {CONTENT_TYPE: {"schema": _ref("Problem")}},
                    **({"headers": {"Retry-After": {"schema": _WHOLE}}} if kind.status in (429, 503) else {}),
                }
                for slug, kind in KINDS.items()
            },
        },
    }


def _operation(route: Route) -> _Schema:
    request, answer = _BODIES[route.name]
    operation: _Schema = {
        "operationId": route.name,
        "summary": route.summary[1],
        "x-summary-zh": route.summary[0],
        "security": [{"key": []}] if route.scope else [],
        "parameters": [*_path_parameters(route.path), *map(_query_parameter, route.parameters)],
        "responses": {
            str(status): {"description": _DONE[status], "content": {kind: {"schema": answer} for kind in route.gives}}
            for status in route.done
        },
    }
    if route.scope:
        operation["x-scope"] = route.scope
    if request is not None:
        content = {kind: {"schema": request} for kind in route.takes}
        operation["requestBody"] = {"required": True, "content": content}
    slugs = [
        *_ALWAYS,
        *(_WITH_BODY if request else ()),
        *(_WITH_KEY if route.scope else ()),
        *_MORE.get(route.name, ()),
    ]
    for slug in sorted(slugs, key=lambda name: KINDS[name].status):
        operation["responses"][str(KINDS[slug].status)] = {"$ref": f"#/components/responses/{slug}"}
    return operation


def _path_parameters(path: str) -> list[_Schema]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return [{"name": name, "in": "path", "required": True, "schema": _KEY} for name in names]


def _query_parameter(name: str) -> _Schema:
    schema, description = _PARAMETERS[name]
    return {"name": name, "in": "query", "schema": schema, "description": description}


def _ref(name: str) -> _Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _array(items: _Schema) -> _Schema:
    return {"type": "array", "items": items}


def _object(properties: dict[str, _Schema], optional: Sequence[str] = ()) -> _Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


_DIGEST: _Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_WARMING = _object({"policies": _array(_TEXT), "done": _WHOLE, "total": _WHOLE, "failed": _TEXT}, optional=("failed",))
_FINDING = _object(
    {"severity": {"type": "string", "enum": ["error", "warning"]}, "file": _TEXT, "line": _WHOLE, "column": _WHOLE,
     "message": _TEXT, "hint": _TEXT}
)  # fmt: skip
_STATUS = _object({"status": _TEXT, "warming": _WARMING}, optional=("warming",))
_TITLE = _object({"zh": _TEXT, "en": _TEXT})
_SEQUENCE = _object({"sequence": _WHOLE})
# route -> what it takes, what it gives
_BODIES: dict[str, tuple[_Schema | None, _Schema]] = {
    "decide": (_ref("Event"), _ref("Decision")),
    "decide_many": (_array(_ref("Event")), _array({"anyOf": [_ref("Decision"), _ref("Problem")]})),
    "decision": (None, _ref("Decision")),
    "decisions": (None, _object({"items": _array(_ref("Decision")), "next": _WHOLE})),
    "label": (_ref("Label"), _SEQUENCE),
    "list_entry": (_ref("ListEntry"), _SEQUENCE),
    "list_entries": (_array(_ref("ListEntry")), _array({"anyOf": [_SEQUENCE, _ref("Problem")]})),
    "limit_entry": (_ref("LimitEntry"), _SEQUENCE),
    "switch": (_ref("SwitchEntry"), _SEQUENCE),
    "limits": (None, _object({"items": _array(_ref("Setting"))})),
    "switches": (None, _object({"items": _array(_ref("Setting"))})),
    "erase": (
        _object({"subject": _KEY}) | {"additionalProperties": False},
        _object({"sequence": _WHOLE, "key_destroyed": {"type": "boolean"}, "links_cut": _WHOLE}),
    ),
    "policy": (None, _ref("Policy")),
    "deploy": (
        _ref("Deployment"),
        _object({"policy": _TEXT, "sequence": _WHOLE, "warming": _WARMING}, optional=("sequence", "warming")),
    ),
    "bundle": (
        {"type": "string", "format": "binary"},
        _object(
            {
                "digest": _DIGEST,
                "policy": _TEXT,
                "features": {"type": "string", "enum": ["same", "other"]},
                "problems": _array(_FINDING),
            }
        ),
    ),
    "openapi": (None, {"type": "object"}),
    "healthz": (None, _STATUS),
    "readyz": (None, _STATUS),
    "metrics": (None, _TEXT),
    **BODIES,
}


def _schemas(pack: Pack) -> dict[str, _Schema]:
    events = {f"Event.{name}": _local(json_schema(kind)) for name, kind in pack.events.items()}
    mapping = {name: f"#/components/schemas/Event.{name}" for name in pack.events}
    labels: list[_Schema] = [
        _object(
            {
                "label": {"const": label.name},
                "event_id": _KEY,
                "label_time": _INSTANT,
                **dict.fromkeys(label.keys, _KEY),
            },
            optional=("label_time", *label.keys),
        )
        | {"title": label.title.get("en", label.name), "additionalProperties": False}
        for label in pack.labels.values()
    ]
    own: dict[str, _Schema] = {
        "Event": {
            "oneOf": [_ref(name) for name in events],
            "discriminator": {"propertyName": "type", "mapping": mapping},
            "description": f"One event of at most {MAX_BODY:,} bytes.",
        },
        "Label": {"oneOf": labels} if labels else {"not": {}},
        "ListEntry": _object(
            {
                "entry_id": _KEY, "key": _KEY, "reason": _TEXT, "owner": _KEY, "valid_from": _INSTANT,
                "valid_until": _INSTANT, "removed": {"type": "boolean"}, "approved_by": _KEY,
            },
            optional=("valid_until", "removed", "approved_by"),
        )
        | {"additionalProperties": False},
        "LimitEntry": _setting_entry({"type": "number", "minimum": 0}, scoped=True),
        "SwitchEntry": _setting_entry({"type": "boolean"}),
        "Setting": _setting(),
        "Decision": _decision(pack),
        "Policy": _policy(),
        "Deployment": _deployment(),
        "Problem": _problem(),
        **SCHEMAS,
    }  # fmt: skip
    return events | own


def _setting_entry(value: _Schema, scoped: bool = False) -> _Schema:
    scope: _Schema = {"scope": {"type": "string", "enum": list(SCOPES)}, "key": _KEY} if scoped else {}
    properties = {
        "entry_id": _KEY, "value": value, **scope, "reason": _TEXT, "source": _KEY, "valid_from": _INSTANT,
        "valid_until": _INSTANT, "removed": {"type": "boolean"},
    }  # fmt: skip
    return _object(properties, optional=("key", "valid_from", "valid_until", "removed")) | {
        "additionalProperties": False
    }


def _setting() -> _Schema:
    value: _Schema = {"type": ["number", "boolean", "null"]}
    name: _Schema = {"type": ["string", "null"]}
    entry = _object({
        "entry_id": _KEY, "scope": {"type": "string", "enum": list(SCOPES)}, "reason": _TEXT, "source": _TEXT,
        "valid_from": {"type": ["string", "null"]}, "valid_until": {"type": ["string", "null"]},
    })  # fmt: skip
    return _object(
        {
            "name": _TEXT, "title": _TITLE, "note": {"anyOf": [_TITLE, {"type": "null"}]},
            "type": {"type": "string", "enum": [*TYPES, SWITCH]}, "entity": name, "segment": name, "default": value,
            "entries": _WHOLE, "value": value, "entry": {"anyOf": [entry, {"type": "null"}]},
        }
    )  # fmt: skip


def _local(schema: _Schema) -> _Schema:
    """A schema as a component: $id would move what its references mean."""
    return {name: value for name, value in schema.items() if name not in ("$schema", "$id")}


def _decision(pack: Pack) -> _Schema:
    reason = _object({"code": _TEXT, "rule": _TEXT, "score": _WHOLE, "text": _TEXT})
    value: _Schema = {"type": ["number", "string", "boolean", "null"]}
    leaf = _object({"leaf": _TEXT, "value": value, "evaluated": {"const": False}}, optional=("value", "evaluated"))
    highest = _object({"feature": _TEXT, "contribution": {"type": "number"}, "code": {"type": ["string", "null"]}})
    model = _object({"score": {"type": ["number", "null"]}, "top": _array(highest)}, optional=("top",))
    properties = {
        "decision_id": _TEXT, "event_id": _TEXT, "policy": _TEXT, "sequence": _WHOLE, "mode": _TEXT,
        "outcome": {"type": "string", "enum": list(OUTCOMES)}, "score": _WHOLE, "degraded": _array(_TEXT),
        "late_by_ms": _WHOLE, "latency_us": _WHOLE, "reasons": _array(reason), "rules": _array(_TEXT),
        "list_hits": _array(_TEXT),
        "models": {"type": "object", "properties": dict.fromkeys(sorted(pack.models), model)},
        "features": {"type": "object", "properties": dict.fromkeys(sorted(pack.features), value)},
        "explain": {"type": "object", "additionalProperties": _array(leaf)},
        "content_hash": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    }  # fmt: skip
    properties |= {"tips": _array(_ref("Tip")), "resolved_by": _ref("ResolvedBy")}
    return _object(properties, optional=("explain", "tips", "resolved_by"))


def _policy() -> _Schema:
    named = {"title": _TITLE}
    beside = {"policy": _TEXT, "digest": _DIGEST, "trouble": _TEXT}
    rule = {"id": _TEXT, "score": _WHOLE, "on": _array(_TEXT), "severity": _TEXT} | named
    return _object(
        {
            "policy": _TEXT, "version": _WHOLE, "content_hash": _TEXT, "activated_at": _INSTANT, "on": _array(_TEXT),
            "sequence": _WHOLE, "digest": _DIGEST, "note": _TEXT,
            "challenger": {"anyOf": [_object(beside | {"share": _WHOLE, "entity": _TEXT}, optional=("trouble",)),
                                     {"type": "null"}]},
            "shadows": _array(_object(beside, optional=("trouble",))),
            "warming": {"anyOf": [_WARMING, {"type": "null"}]},
            "thresholds": {"type": "object", "additionalProperties": _WHOLE},
            "features": _array(_object({"name": _TEXT, "version": _WHOLE} | named)),
            "lists": _array(_object({"name": _TEXT, "kind": _TEXT, "key": _TEXT} | named)),
            "rules": _array(_object(rule)),
            "tables": _array(_object({"id": _TEXT, "on": _array(_TEXT)} | named)),
            "models": _array(_object({"name": _TEXT, "version": _WHOLE, "sha256": _DIGEST, "on": _array(_TEXT),
                                      "features": _array(_TEXT)} | named)),
        }
    )  # fmt: skip


def _deployment() -> _Schema:
    share = {"type": "integer", "minimum": 1, "maximum": MAX_SHARE, "description": "basis points"}
    challenger = _object({"digest": _DIGEST, "share": share, "entity": _TEXT}, optional=("entity",))
    properties = {
        "champion": _DIGEST,
        "challenger": {"anyOf": [challenger | {"additionalProperties": False}, {"type": "null"}]},
        "shadows": _array(_DIGEST) | {"maxItems": MAX_SHADOWS},
        "note": _TEXT | {"maxLength": MAX_NOTE},
    }
    return _object(properties, optional=("challenger", "shadows", "note")) | {"additionalProperties": False}


def _problem() -> _Schema:
    properties: dict[str, _Schema] = {
        "type": {"type": "string", "format": "uri-reference", "enum": [kind.type for kind in KINDS.values()]},
        "title": _TEXT,
        "status": _WHOLE,
        "detail": _TEXT,
        "instance": {"type": "string", "format": "uri-reference"},
        "field": _TEXT | {"description": "of an event-invalid: the field that is wrong, empty for the whole record"},
        "problems": _array(_FINDING) | {"description": "of a policy-invalid: everything found in the pack"},
        "index": _WHOLE | {"description": "in a batch: which event, from 0"},
    }
    return _object(properties, optional=("field", "index", "problems"))
