"""Policies over HTTP: what runs, bundles in, deployments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from seawall.engine.deployment import MAX_SHADOWS, MAX_SHARE
from seawall.engine.errors import PolicyError
from seawall.engine.event import MAX_KEY
from seawall.engine.journal import Named
from seawall.engine.policy import CompiledPolicy
from seawall.engine.times import format_instant
from seawall.server.deploying import MAX_NOTE, Rival, Wanted
from seawall.server.http.message import JSON, Request, Response
from seawall.server.http.negotiate import parameters
from seawall.server.http.problem import findings

if TYPE_CHECKING:
    from seawall.server.http.api import Api

_encode = msgspec.json.Encoder().encode
_Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
_Name = Annotated[str, msgspec.Meta(max_length=MAX_KEY)]


class _Challenger(msgspec.Struct, forbid_unknown_fields=True):
    digest: _Digest
    share: Annotated[int, msgspec.Meta(ge=1, le=MAX_SHARE)]
    entity: _Name = ""


class _Deployment(msgspec.Struct, forbid_unknown_fields=True):
    champion: _Digest
    challenger: _Challenger | None = None
    shadows: Annotated[tuple[_Digest, ...], msgspec.Meta(max_length=MAX_SHADOWS)] = ()
    note: Annotated[str, msgspec.Meta(max_length=MAX_NOTE)] = ""


_decode = msgspec.json.Decoder(_Deployment).decode


async def active(api: Api, request: Request) -> Response:
    """GET /v1/policies/active."""
    parameters(request, ())
    service = api.service
    now, troubles = service.activations[-1], service.engine.troubles
    challenger = None
    if now.challenger is not None:
        challenger = _named(now.challenger, troubles) | {"share": now.share, "entity": now.entity}
    more = _encode(
        {
            "activated_at": format_instant(now.at),
            "sequence": now.sequence,
            "digest": now.digest,
            "note": now.note,
            "challenger": challenger,
            "shadows": [_named(one, troubles) for one in now.shadows],
            "warming": service.warming,
        }
    )
    return Response(200, b"%b,%b" % (api.documents.policy()[:-1], more[1:]), JSON)


async def file_bundle(api: Api, request: Request) -> Response:
    """POST /v1/policies/bundles."""
    parameters(request, ())
    filed = await api.service.file_bundle(request.body)
    answer = {
        "digest": filed.digest,
        "policy": filed.policy.label,
        "features": "same" if filed.same_features else "other",
        "problems": findings(filed.policy.warnings),
    }
    return Response(201, _encode(answer), JSON)


async def deploy(api: Api, request: Request) -> Response:
    """POST /v1/policies/active: 200 once it is so, 202 while its windows are being warmed."""
    parameters(request, ())
    deployed = await api.service.deploy(_wanted(request.body))
    if deployed.sequence is None:
        return Response(202, _encode({"policy": deployed.policy, "warming": deployed.warming}), JSON)
    return Response(200, _encode({"sequence": deployed.sequence, "policy": deployed.policy}), JSON)


def _wanted(body: bytes) -> Wanted:
    try:
        asked = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        what, _, place = str(error).partition(" - at `$.")
        raise PolicyError(place.rstrip("`"), f"{what}; send {{champion, challenger?, shadows?, note?}}") from None
    rival = asked.challenger
    return Wanted(
        asked.champion,
        None if rival is None else Rival(rival.digest, rival.share, rival.entity),
        asked.shadows,
        asked.note,
    )


def _named(one: Named, troubles: dict[str, str]) -> dict[str, Any]:
    """A policy beside the champion; `trouble` says why it decides nothing."""
    shown: dict[str, Any] = {"policy": one.policy, "digest": one.digest}
    return shown | ({"trouble": troubles[one.policy]} if one.policy in troubles else {})


def describe(policy: CompiledPolicy) -> dict[str, Any]:
    """Name, version, content and parts of a policy."""
    pack = policy.pack
    return {
        "policy": pack.policy.name,
        "version": pack.policy.version,
        "content_hash": pack.content_hash,
        "on": pack.policy.on,
        "thresholds": dict(pack.policy.thresholds),
        "features": [
            {"name": feature.name, "version": feature.version, "title": dict(feature.title)}
            for feature in policy.plan.features
        ],
        "lists": [
            {"name": one.name, "kind": one.kind, "key": one.key, "title": dict(one.title)}
            for one in pack.lists.values()
        ],
        "rules": [
            {
                "id": rule.id,
                "title": dict(rule.title),
                "on": rule.on,
                "score": rule.score,
                "outcome": rule.outcome or None,
                "severity": rule.severity,
                "reason": rule.reason or None,
            }
            for rule in pack.rules
        ],
        "tables": [{"id": table.id, "title": dict(table.title), "on": table.on} for table in pack.tables],
        "models": [
            {
                "name": step.definition.name,
                "version": step.definition.version,
                "title": dict(step.definition.title),
                "sha256": step.definition.sha256,
                "on": step.definition.on,
                "features": step.model.features,
            }
            for step in policy.models
        ],
    }
