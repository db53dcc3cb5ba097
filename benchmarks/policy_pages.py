"""Server time of the policy pages: `python benchmarks/policy_pages.py [RESULT [EVENTS]]`.

A home that runs `payments` and has decided EVENTS (3,000) card payments, a draft of its policy; then pages through
Django's own request path, all middleware included: of five requests the first, the median, the worst and the median CPU
time, in ms. RESULT is the `result` that `backtest_console.py` left in its HOME: with it, the report page, too.
"""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import seawall
from seawall.bench.content import FORTY, pack
from seawall.bench.http_content import _card_payment, _recent
from seawall.bench.stream import bodies
from seawall.engine.pack import load_pack
from seawall.sealing import OpenKeyWarning
from seawall.server.home import Home
from seawall.server.packs import bundle_of
from seawall.server.service import Service

PAYMENTS = Path(seawall.__file__).parent / "packs" / "payments"
TIMES = 5
BATCH = 500


def decide(folder: Path, events: int) -> None:
    """A journal of a home that has decided so many card payments."""
    home = Home(folder).prepare()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OpenKeyWarning)
        service = Service(home, home.key_ring()[0])
    service.open(bundle_of(PAYMENTS, load_pack(PAYMENTS)))
    sent = [_card_payment(body) for body in bodies(_recent(events), pack(FORTY), 0, events)]

    async def run() -> None:
        await service.start()
        for start in range(0, events, BATCH):
            await service.decide_many(sent[start : start + BATCH])
        await service.stop()

    asyncio.run(run())


def furnish(result: str) -> dict[str, str]:
    """A draft, and a backtest with the result; the addresses to measure by name."""
    from django.urls import reverse
    from django.utils import timezone

    from seawall.apps.decisions.jobs import follow_all
    from seawall.apps.policies.follow import take_in_activations
    from seawall.apps.policies.models import Backtest, Version
    from seawall.apps.policies.services import drafts

    follow_all()
    take_in_activations()
    user, version = _user(), Version.objects.get()
    draft = drafts.open_draft(user, version.pk)
    at = reverse("policies:draft", args=[draft.pk])
    found = {
        "draft": at, "draft, a rule": f"{at}?show=rule:{_rule(draft.digest)}",
        "draft, its text": f"{at}?show=text:rules.yaml", "version": reverse("policies:version", args=[version.pk]),
        "versions": reverse("policies:versions"),
    }  # fmt: skip
    if result:
        kept = Backtest.objects.create(
            candidate=version.digest, candidate_label=version.label, asked_by=user, done_at=timezone.now(),
            result=json.loads(Path(result).read_bytes()), events=1_000_000, seconds=1.0,
        )  # fmt: skip
        found["report"] = reverse("backtests:backtest", args=[kept.pk])
    return found


def main(result: str, events: int, folder: Path) -> None:
    """Fill, then measure."""
    from seawall.server.control import prepare

    decide(folder, events)
    prepare(folder)
    from django.conf import settings
    from django.test import Client

    from seawall.server.control.logs import set_up_logs

    set_up_logs("ERROR")
    settings.SEAWALL_OPTIONS = settings.SEAWALL_OPTIONS.model_copy(update={"require_mfa": False})
    client = Client(headers={"host": "localhost"})
    addresses = furnish(result)
    client.force_login(_user())
    client.get("/policies/")  # what a process does once
    for name, address in addresses.items():
        _say(name, [_timed(lambda a=address: client.get(a)) for _ in range(TIMES)])
    saves = []
    for place in range(TIMES):
        page = client.get(addresses["draft"]).content.decode()
        (token,) = set(re.findall(r'name="token" value="(\d+)"', page))
        url = re.findall(r'hx-post="([^"]+/form/)"', page)[0]
        body = {"token": token, "show": "thresholds", "challenge": 31, "review": 61 + place, "decline": 95, "cap": 100}
        saves.append(_timed(lambda u=url, b=body: client.post(u, b, headers={"hx-request": "true"})))
    _say("draft, a threshold saved", saves)


def _timed(ask: Any) -> tuple[float, float]:
    start, cpu = time.perf_counter(), time.process_time()
    answer = ask()
    answer.content  # noqa: B018 - rendering ends here
    assert answer.status_code == 200, (answer.status_code, answer.content[:300])
    return (time.perf_counter() - start) * 1_000, (time.process_time() - cpu) * 1_000


def _say(name: str, spent: list[tuple[float, float]]) -> None:
    walls, cpus = zip(*spent, strict=True)
    figures = (walls[0], statistics.median(walls), max(walls), statistics.median(cpus))
    print(f"{name:26} " + " ".join(f"{one:8.1f}" for one in figures))


def _user() -> Any:
    from seawall.apps.accounts.models import Assignment, User

    user, made = User.objects.get_or_create(username="bench", defaults={"language": "en"})
    if made:
        for role in ("model_owner", "analyst"):
            Assignment.objects.create(user=user, role=role)
    return user


def _rule(digest: str) -> str:
    from seawall.apps.policies import bundles

    return bundles.policy(digest).pack.rules[0].id


if __name__ == "__main__":
    sys.path.remove(str(Path(__file__).resolve().parent))  # whose http.py is not Python's own
    with tempfile.TemporaryDirectory(prefix="seawall-bench-") as made:
        main(sys.argv[1] if len(sys.argv) > 1 else "", int(sys.argv[2]) if len(sys.argv) > 2 else 3_000, Path(made))
