"""Customers who are challenged, so that the pages about it have something to show."""

from __future__ import annotations

import contextlib
import http.client
import json
from typing import Any

from tests.browser.platform import Platform


def challenge_some(running: Platform, first: int = 5_000) -> list[str]:
    """Five customers by text message: passed, at the second try, changed the amount, gave up, still open; their ids."""
    made = []
    for number, story in enumerate(("right", "second", "changed", "gone", "open")):
        about = {"customer": f"asked-{story}", "device": f"asked-{story}", "card": f"62220277{number:08d}"}
        payments = [running.decide(first + 10 * number + place, 1, merchant=f"shop-{place}", amount=20_000, **about)[0]
                    for place in range(4)]  # fmt: skip
        assert payments[-1]["outcome"] == "challenge", payments[-1]
        wish = {"decision_id": payments[-1]["decision_id"], "method": "otp", "to": f"+8613800138{number:03d}"}
        challenge_id = _call(running, "/v1/challenges", wish)["challenge_id"]
        _answer(running, challenge_id, story)
        made.append(str(challenge_id))
    return made


def _answer(running: Platform, challenge_id: str, story: str) -> None:
    lines = (running.home / "sandbox" / "messages.jsonl").read_text("utf-8").splitlines()
    code = json.loads(lines[-1])["text"].partition("验证码 ")[2][:6]
    bound: dict[str, Any] = {"amount": 20_000, "currency": "CNY", "merchant": "shop-3"}
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    replies: dict[str, list[dict[str, Any]]] = {
        "right": [{"code": code, "bound": bound}],
        "second": [{"code": wrong, "bound": bound}, {"code": code, "bound": bound}],
        "changed": [{"code": code, "bound": bound | {"amount": 90_000}}],
        "gone": [{"abandon": True}],
        "open": [{"code": wrong, "bound": bound}],
    }
    for reply in replies[story]:
        _call(running, f"/v1/challenges/{challenge_id}/verify", reply)


def _call(running: Platform, path: str, body: dict[str, Any]) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", running.api, timeout=20)
    with contextlib.closing(connection):
        headers = {"Authorization": f"Bearer {running.key}", "Content-Type": "application/json"}
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status in (200, 201), text
        return json.loads(text)
