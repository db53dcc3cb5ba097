"""What each route does: read the request, ask the service, write the answer. Thin on purpose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from time import perf_counter_ns
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from seawall import __version__
from seawall.engine.answer import LANGUAGES
from seawall.engine.errors import EventError, SeawallError
from seawall.engine.event import MAX_KEY
from seawall.engine.policy import CompiledPolicy
from seawall.engine.settings import LIMITS, SWITCHES
from seawall.engine.wire import MAX_BODY
from seawall.server import metrics
from seawall.server.decided import Decided
from seawall.server.http import batch, entries, policies
from seawall.server.http.message import JSON, NDJSON, Request, Response, fields_for
from seawall.server.http.negotiate import DEFAULT_LANGUAGE, acceptable, language_of, one_of, parameters, whole
from seawall.server.http.problem import ProblemError
from seawall.server.http.routes import BUNDLE_TYPE, JSON_TYPE, MAX_BATCH_BODY, MAX_BUNDLE_BODY, NDJSON_TYPES, Route
from seawall.server.openapi import document
from seawall.server.service import Service
from seawall.server.tips import told, with_member

if TYPE_CHECKING:
    from seawall.server.http.api import Api

_REPEATED = fields_for(JSON_TYPE, ("idempotent-replayed", "true"))
_TEXT = fields_for(metrics.CONTENT_TYPE)
_METRICS_TYPE = metrics.CONTENT_TYPE.partition(";")[0]
_PAGE, _MAX_PAGE, _MAX_SEQUENCE = 100, 1_000, 2**63 - 1
_encode = msgspec.json.Encoder().encode


class _ErasureBody(msgspec.Struct, forbid_unknown_fields=True):
    subject: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_KEY)]


_decode_erasure = msgspec.json.Decoder(_ErasureBody).decode


def _wishes(request: Request, route: Route) -> tuple[str, bool]:
    """The language of the answer and whether it is to be explained."""
    if not request.query:
        header = request.headers.get(b"accept-language")
        return (DEFAULT_LANGUAGE if header is None else language_of(request)), False
    asked = parameters(request, route.parameters)
    if "lang" in asked:
        one_of("lang", asked["lang"], LANGUAGES)
    one_of("tips", asked.get("tips", "0"), ("0", "1"))
    return language_of(request), one_of("explain", asked.get("explain", "0"), ("0", "1")) == "1"


def _written(api: Api, request: Request, language: str, explained: bool, decided: Decided) -> bytes:
    """One decision as its caller gets it."""
    decision = decided.decision
    latency_us = (perf_counter_ns() - request.began) // 1000
    answers = api.service.answers(decision.policy, language)
    body = answers.write(decision, decided.decision_id, latency_us, "live", explained)
    if request.query and parameters(request, request.known_route().parameters).get("tips") == "1":
        return with_member(body, "tips", told(answers.policy.pack, decision, language))
    return body


def decision_writer(api: Api, request: Request) -> Callable[[Decided | SeawallError], Response]:
    """What writes the answer to one event once it is durable; it raises what became of the event instead."""
    language, explained = _wishes(request, request.known_route())

    def write(result: Decided | SeawallError) -> Response:
        if isinstance(result, SeawallError):
            raise result
        body = _written(api, request, language, explained, result)
        return Response(200, body, _REPEATED if result.repeated else JSON)

    return write


async def _decide_many(api: Api, request: Request) -> Response:
    language, explained = _wishes(request, request.known_route())
    bodies, lines = batch.split(request)
    request.cost = len(bodies)
    results = await api.service.decide_many(bodies)
    return await batch.join(results, lines, language, partial(_written, api, request, language, explained))


async def _decision(api: Api, request: Request) -> Response:
    language, _ = _wishes(request, request.known_route())
    decided = api.service.find(request.argument)
    if decided is None:
        raise ProblemError(
            "not-found",
            "没有此编号的决策,或已超出保留期",
            "there is no decision under this id, or it lies beyond the pack's idempotency horizon",
        )
    body = _stored(api, language, True, decided)
    if api.challenges is not None and decided.decision.outcome == "challenge":
        resolved = await api.challenges.resolved_by(decided.decision.sequence)
        body = body if resolved is None else with_member(body, "resolved_by", resolved)
    return Response(200, body, JSON)


def _stored(api: Api, language: str, explained: bool, decided: Decided) -> bytes:
    """A decision read again: how long it took is not kept."""
    answers = api.service.answers(decided.decision.policy, language)
    return answers.write(decided.decision, decided.decision_id, 0, "live", explained)


async def _decisions(api: Api, request: Request) -> Response:
    asked = parameters(request, request.known_route().parameters)
    language, _ = _wishes(request, request.known_route())
    after = whole("after", asked.get("after", "0"), 0, _MAX_SEQUENCE)
    limit = whole("limit", asked.get("limit", str(_PAGE)), 1, _MAX_PAGE)
    found = api.service.decisions(after, limit)
    items = [_stored(api, language, False, decided) for decided in found]
    following = found[-1].decision.sequence if found else after
    if acceptable(request.headers.get(b"accept", b"*/*"), request.known_route().gives) != JSON_TYPE:
        return Response(200, b"".join(item + b"\n" for item in items), NDJSON)
    return Response(200, b'{"items":[%b],"next":%d}' % (b",".join(items), following), JSON)


async def _label(api: Api, request: Request) -> Response:
    parameters(request, ())
    return _accepted(sequence=await api.service.label(request.body))


async def _list_entry(api: Api, request: Request) -> Response:
    parameters(request, ())
    return _accepted(sequence=await api.service.list_entry(request.argument, request.body))


async def _limit_entry(api: Api, request: Request) -> Response:
    parameters(request, ())
    return _accepted(sequence=await api.service.setting(LIMITS + request.argument, request.body))


async def _switch(api: Api, request: Request) -> Response:
    parameters(request, ())
    return _accepted(sequence=await api.service.setting(SWITCHES + request.argument, request.body))


async def _limits(api: Api, request: Request) -> Response:
    asked = parameters(request, request.known_route().parameters)
    return _accepted(items=api.service.limits(_key("entity", asked), _key("segment", asked)))


async def _switches(api: Api, request: Request) -> Response:
    parameters(request, ())
    return _accepted(items=api.service.switches())


def _key(name: str, asked: Mapping[str, str]) -> str:
    value = asked.get(name, "")
    if len(value) > MAX_KEY:
        raise ProblemError(
            "request-invalid", f"{name} 最长 {MAX_KEY} 个字符", f"{name} has at most {MAX_KEY} characters"
        )
    return value


async def _erase(api: Api, request: Request) -> Response:
    parameters(request, ())
    try:
        subject = _decode_erasure(request.body).subject
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise EventError("subject", f'send {{"subject": "…"}}, text of 1 to {MAX_KEY} characters') from None
    sequence, erasure = await api.service.erase(subject)
    if api.challenges is not None:
        await api.challenges.forget(subject)
    return _accepted(sequence=sequence, key_destroyed=erasure.key_destroyed, links_cut=erasure.links_cut)


def _accepted(**members: Any) -> Response:
    return Response(200, _encode(members), JSON)


async def _openapi(api: Api, request: Request) -> Response:
    parameters(request, ())
    return Response(200, api.documents.openapi(api.table.routes), JSON)


async def _healthz(api: Api, request: Request) -> Response:
    return Response(200, b'{"status":"alive"}', JSON)


async def _readyz(api: Api, request: Request) -> Response:
    why_not = api.service.ready()
    if why_not:
        raise ProblemError("unavailable", f"服务尚未就绪:{why_not}", why_not, retry_after=1)
    warming = api.service.warming
    return _accepted(status="ready", **({"warming": warming} if warming is not None else {}))


async def _metrics(api: Api, request: Request) -> Response:
    return Response(200, api.meters.text(), _TEXT)


class Documents:
    """What describes the running policy, written once for each."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._of: CompiledPolicy | None = None
        self._kept: dict[str, bytes] = {}

    def _once(self, name: str, make: Callable[[CompiledPolicy], Any]) -> bytes:
        policy = self._service.active()
        if policy is not self._of:
            self._of, self._kept = policy, {}
        if name not in self._kept:
            self._kept[name] = _encode(make(policy))
        return self._kept[name]

    def policy(self) -> bytes:
        """The active policy as JSON; what changes from moment to moment is not in it."""
        return self._once("policy", policies.describe)

    def openapi(self, routes: list[Route]) -> bytes:
        """The answer of GET /v1/openapi.json."""
        return self._once("openapi", lambda policy: document(policy.pack, routes, __version__))


def all_routes(meters: metrics.Meters) -> list[Route]:
    """The routes of the decision API."""

    def route(
        name: str, method: str, path: str, scope: str, handler: Any, summary: tuple[str, str], **more: Any
    ) -> Route:
        return Route(name, method, path, scope, handler, meters.route(name), summary=summary, **more)

    wishes = ("explain", "lang", "tips")
    both = (JSON_TYPE, *NDJSON_TYPES)
    return [
        route("decide", "POST", "/v1/decisions", "decide", None, ("对一个事件作出决策", "Decide on one event"),
              max_body=MAX_BODY, parameters=wishes),
        route("decide_many", "POST", "/v1/decisions/batch", "decide", _decide_many,
              ("对多个事件作出决策", "Decide on many events"), max_body=MAX_BATCH_BODY, takes=both, gives=both,
              parameters=wishes),
        route("decision", "GET", "/v1/decisions/{id}", "read", _decision,
              ("按决策编号或事件编号读取决策及其解释", "Read a decision and its explanation, by its id or its event's"),
              parameters=("lang",)),
        route("decisions", "GET", "/v1/decisions", "read", _decisions,
              ("按流水序号读取决策", "Read decisions by sequence"), gives=both, parameters=("after", "limit", "lang")),
        route("label", "POST", "/v1/labels", "label", _label, ("为事件添加标签", "Label an event"), max_body=MAX_BODY),
        route("list_entry", "POST", "/v1/lists/{name}/entries", "lists", _list_entry,
              ("写入名单条目", "Write a list entry"), max_body=MAX_BODY),
        route("list_entries", "POST", "/v1/lists/{name}/entries/batch", "lists", entries.list_entries,
              ("批量写入名单条目", "Write many list entries"), max_body=MAX_BATCH_BODY, takes=both, gives=both),
        route("limit_entry", "POST", "/v1/limits/{name}/entries", "limits", _limit_entry,
              ("写入限额条目", "Write an entry of a limit"), max_body=MAX_BODY),
        route("switch", "POST", "/v1/switches/{name}", "limits", _switch,
              ("打开或关闭开关", "Turn a switch on or off"), max_body=MAX_BODY),
        route("limits", "GET", "/v1/limits", "read", _limits, ("限额及其生效值", "The limits, and what is in force"),
              parameters=("entity", "segment")),
        route("switches", "GET", "/v1/switches", "read", _switches, ("开关及其状态", "The switches, and which are on")),
        route("erase", "POST", "/v1/erasures", "erase", _erase,
              ("销毁主体的数据密钥", "Destroy the data key of a subject"), max_body=MAX_BODY),
        route("policy", "GET", "/v1/policies/active", "read", policies.active, ("当前策略", "The active policy")),
        route("deploy", "POST", "/v1/policies/active", "policies", policies.deploy,
              ("切换策略:冠军、挑战者与影子", "Change the policies that run: champion, challenger, shadows"),
              max_body=MAX_BODY, done=(200, 202)),
        route("bundle", "POST", "/v1/policies/bundles", "policies", policies.file_bundle,
              ("检查并收存策略包", "Check a policy's bundle and keep it"), max_body=MAX_BUNDLE_BODY,
              takes=(BUNDLE_TYPE,), done=(201,)),
        route("openapi", "GET", "/v1/openapi.json", "read", _openapi, ("本接口的说明", "This description")),
        route("healthz", "GET", "/healthz", "", _healthz, ("进程是否存活", "Whether the process is alive")),
        route("readyz", "GET", "/readyz", "", _readyz, ("能否作出决策", "Whether it can decide")),
        route("metrics", "GET", "/metrics", "metrics", _metrics, ("Prometheus 指标", "Metrics for Prometheus"),
              gives=(_METRICS_TYPE,), local=True),
    ]  # fmt: skip
