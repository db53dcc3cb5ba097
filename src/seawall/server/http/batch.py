"""Many records in one request: a JSON array or lines of JSON, answered in the same form and order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

import msgspec

from seawall.engine.errors import SeawallError
from seawall.server.http.message import JSON, NDJSON, Request, Response
from seawall.server.http.negotiate import media_type
from seawall.server.http.problem import ProblemError, as_object, new_instance
from seawall.server.http.routes import JSON_TYPE

MAX_RECORDS = 1_000
T = TypeVar("T")
_STRETCH = 64  # answers written before others get their turn
_decode = msgspec.json.Decoder(Annotated[list[msgspec.Raw], msgspec.Meta(max_length=MAX_RECORDS)]).decode
_encode = msgspec.json.Encoder().encode


def split(request: Request) -> tuple[list[bytes], bool]:
    """The bodies in a request, unread as yet, and whether they came as lines. ProblemError where it is no batch."""
    body = request.body
    sent = media_type(request.headers.get(b"content-type", JSON_TYPE.encode()))
    lines = sent != JSON_TYPE or body.lstrip()[:1] != b"["
    if lines:
        bodies = [line for line in body.split(b"\n") if line.strip()]
        if len(bodies) > MAX_RECORDS:
            raise _refused(f"{len(bodies):,} 条记录", f"{len(bodies):,} records")
    else:
        try:
            bodies = [bytes(raw) for raw in _decode(body)]
        except msgspec.ValidationError:
            raise _refused(f"超过 {MAX_RECORDS:,} 条记录", f"more than {MAX_RECORDS:,} records") from None
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            reason = str(error)[:64]
            raise _refused(f"不是 JSON 数组({reason})", f"no JSON array ({reason})") from None
    if not bodies:
        raise _refused("没有记录", "no record")
    return bodies, lines


def _refused(zh: str, en: str) -> ProblemError:
    return ProblemError(
        "request-invalid",
        f"请求体中{zh};请发送 1 至 {MAX_RECORDS:,} 条记录的 JSON 数组,或每行一条",
        f"the body holds {en}; send a JSON array of 1 to {MAX_RECORDS:,} records, or one a line",
    )


async def join(
    results: Sequence[T | SeawallError], lines: bool, language: str, write: Callable[[T], bytes]
) -> Response:
    """One answer or problem object (with its `index`) a body, in the form they came in."""
    instance, parts = new_instance(), []
    for index, result in enumerate(results):
        if index % _STRETCH == _STRETCH - 1:
            await asyncio.sleep(0)
        if isinstance(result, SeawallError):
            parts.append(_encode({"index": index} | as_object(result, language, f"{instance}#{index}")))
        else:
            parts.append(write(result))
    if lines:
        return Response(200, b"\n".join(parts) + b"\n", NDJSON)
    return Response(200, b"[" + b",".join(parts) + b"]", JSON)
