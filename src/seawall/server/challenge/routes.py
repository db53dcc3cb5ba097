"""The routes of challenges: what they take, what they give, what they do. Thin on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from seawall.engine.times import format_instant
from seawall.server import metrics
from seawall.server.challenge.desk import Desk, Shown
from seawall.server.challenge.wishes import MAX_PROOF, Ask, Confirm, Enrol, Reply, read
from seawall.server.decided import UnavailableError
from seawall.server.http.message import JSON, Request, Response
from seawall.server.http.negotiate import language_of, parameters
from seawall.server.http.routes import Route

if TYPE_CHECKING:
    from seawall.server.http.api import Api

SCOPE = "challenge"
_MAX_BODY = MAX_PROOF + 8_192
_encode = msgspec.json.Encoder().encode


def _desk(api: Api) -> Desk:
    if api.challenges is None:
        raise UnavailableError("this server takes no challenges; use `seawall up`")
    return api.challenges


def _language(request: Request) -> str:
    parameters(request, request.known_route().parameters)
    return language_of(request)


def _answer(api: Api, request: Request, shown: Shown, language: str, status: int = 200) -> Response:
    found = _desk(api).described(shown, language) | {"expires_at": format_instant(shown.row.expires_at)}
    decision: Any = None
    if shown.result is not None:
        answers = api.service.answers(shown.result.decision.policy, language)
        decision = msgspec.Raw(answers.write(shown.result.decision, shown.result.decision_id, 0))
    return Response(status, _encode(found | {"decision": decision}), JSON)


async def _ask(api: Api, request: Request) -> Response:
    language = _language(request)
    shown = await _desk(api).ask(read(request.body, Ask))
    return _answer(api, request, shown, language, 201 if shown.fresh else 200)


async def _verify(api: Api, request: Request) -> Response:
    language = _language(request)
    shown = await _desk(api).verify(request.argument, read(request.body, Reply))
    return _answer(api, request, shown, language)


async def _show(api: Api, request: Request) -> Response:
    language = _language(request)
    return _answer(api, request, await _desk(api).show(request.argument), language)


async def _enrol(api: Api, request: Request) -> Response:
    parameters(request, ())
    return Response(201, _encode(await _desk(api).enrol(read(request.body, Enrol))), JSON)


async def _confirm(api: Api, request: Request) -> Response:
    parameters(request, ())
    return Response(200, _encode(await _desk(api).confirm(read(request.body, Confirm))), JSON)


def challenge_routes(meters: metrics.Meters) -> list[Route]:
    """All of them, under the scope `challenge`."""

    def route(name: str, method: str, path: str, handler: Any, zh: str, en: str, **more: Any) -> Route:
        return Route(name, method, path, SCOPE, handler, meters.route(name), summary=(zh, en), **more)

    taking: dict[str, Any] = {"max_body": _MAX_BODY}
    return [
        route("challenge", "POST", "/v1/challenges", _ask, "发起挑战验证,或重发验证码",
              "Challenge a decision's subject, or send the code again", parameters=("lang",), done=(200, 201),
              **taking),
        route("challenge_verify", "POST", "/v1/challenges/{id}/verify", _verify, "提交验证结果",
              "Answer a challenge", parameters=("lang",), **taking),
        route("challenge_show", "GET", "/v1/challenges/{id}", _show, "读取挑战验证", "Read a challenge",
              parameters=("lang",)),
        route("totp_enrol", "POST", "/v1/challenges/totp/enrol", _enrol, "登记身份验证器",
              "Enrol an authenticator", done=(201,), **taking),
        route("totp_confirm", "POST", "/v1/challenges/totp/confirm", _confirm, "用首个动态码确认身份验证器",
              "Confirm an authenticator by its first code", **taking),
    ]  # fmt: skip
