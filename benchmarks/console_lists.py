"""Server time of the console's lists over a million decisions: `python benchmarks/console_lists.py [ROWS [FOLDER]]`.

Fills a control database as the follower would have (a year of decisions, 400,000 entities, 60 rules; an alert in ten
decisions, a case in ten alerts), then opens pages
through Django's own request path, all middleware included. Prints of five requests the median, the worst and the median
CPU time, in ms; the last says more on a busy machine.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import sys
import tempfile
import time
import uuid
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

HOUR = 3_600_000
START = 1_765_000_000_000
TYPES = ["payment.card", "login", "payment.transfer", "account.change", "payment.refund", "service.probe"]
KINDS = {"customer": 100_000, "card": 120_000, "device": 120_000, "merchant": 5_000, "ip": 60_000}
COLUMNS = """
sequence decision_id event_id event_type outcome score severity policy effective_at received_at base_amount currency
subject_kind subject rules degraded late_by_ms
"""
PAGES = {
    "all": "",
    "page far back": "?at={far}",
    "declined": "?outcome=decline",
    "challenged or declined": "?outcome=challenge&outcome=decline",
    "approved": "?outcome=approve",
    "one type, declined": "?outcome=decline&type=login",
    "two outcomes, one type": "?outcome=approve&outcome=review&type=payment.card",
    "a common rule": "?rule=rule_0",
    "a rare rule": "?rule=rule_59",
    "common rule and outcome": "?rule=rule_0&outcome=review",
    "type that the rule never meets": "?rule=rule_0&type=service.probe",
    "the largest merchant": "?entity=merchant:m0",
    "largest merchant, declined": "?entity=merchant:m0&outcome=decline",
    "a customer": "?entity=customer:c77",
    "search a customer": "?q=c77",
    "search an event": "?q=e-500000",
    "large amounts": "?amount_min=9000",
    "amounts of the middle": "?amount_min=100&amount_max=2000",
    "large and declined": "?amount_min=9000&outcome=decline",
    "one old day": "?time_from=2025-12-20&time_to=2025-12-20",
    "old week, declined": "?time_from=2025-12-20&time_to=2025-12-27&outcome=decline",
    "by score": "?sort=-score",
    "by amount": "?sort=-base_amount",
    "by amount, declined": "?sort=-base_amount&outcome=decline",
    "degraded": "?degraded=1",
}

WORK_PAGES = {
    "situation room": "/situation/",
    "alerts": "/alerts/?state=new",
    "alerts, all": "/alerts/?sort=-last_at",
    "alerts by hits": "/alerts/?sort=-hits",
    "alerts of a queue": "/alerts/?state=new&queue={queue}",
    "alerts, high or critical": "/alerts/?state=new&severity=3&severity=4",
    "alerts of a typology": "/alerts/?state=new&typology=VELOCITY",
    "alerts, two filters, by score": "/alerts/?state=new&typology=VELOCITY&severity=2&sort=-score",
    "alerts of one day": "/alerts/?last_from=2026-03-20&last_to=2026-03-20",
    "search an alert's entity": "/alerts/?q=c77",
    "an alert": "/alerts/{alert}/",
    "cases": "/cases/?state=new&state=assigned&state=in_progress&state=waiting&state=closing",
    "cases, closed": "/cases/?state=closed&sort=-opened_at",
    "search a case": "/cases/?q=c77",
    "a case": "/cases/{case}/",
    "my work": "/work/",
    "queues": "/queues/",
}
TYPOLOGIES = ["VELOCITY", "CARD_TESTING", "STRUCTURING", "NEW_DEVICE", "FAN_IN", "PASS_THROUGH", "ACCOUNT_TAKEOVER"]


def fill_work(rows: int) -> None:
    """Alerts, their hits and cases, as the follower and people would have made them."""
    from datetime import UTC, datetime, timedelta

    from seawall.apps.cases.models import Alert, AlertHit, Case, CaseAlert, CaseEntity, Queue

    random = np.random.default_rng(11)
    queues = [Queue.objects.create(key=f"q{n}", title_zh=f"队列{n}", title_en=f"Queue {n}") for n in range(6)]
    count, moved = rows // 10, ["new", "in_case", "closed", "snoozed"]
    states = random.choice(moved, count, p=[0.55, 0.12, 0.31, 0.02])
    at = [datetime.fromtimestamp((START + 8_760 * HOUR * n // count) / 1_000, UTC) for n in range(count)]
    alerts = [
        Alert(
            entity_kind="customer", entity_value=f"c{random.integers(0, 100_000)}", severity=int(random.integers(1, 5)),
            typology=TYPOLOGIES[int(random.integers(0, len(TYPOLOGIES)))], title={"zh": "规则", "en": "A rule fired"},
            state=str(states[n]), queue=queues[n % 6], collecting=False, joins_until=at[n],
            hits=int(random.integers(1, 9)), score=int(random.integers(0, 100)),
            first_sequence=n, last_sequence=n, first_at=at[n], last_at=at[n],
        ) for n in range(count)
    ]  # fmt: skip
    Alert.objects.bulk_create(alerts, batch_size=2_000)
    AlertHit.objects.bulk_create([
        AlertHit(alert=one, sequence=n * 10 + k, event_id=f"e-{n * 10 + k}", event_type="payment.card", at=at[n],
                 outcome="review", score=60, severity=one.severity, rules=[["rule_0", {"zh": "规则", "en": "Rule"}]])
        for n, one in enumerate(alerts) for k in range(2)
    ], batch_size=2_000)  # fmt: skip
    held = [one for one in alerts if one.state == "in_case"]
    cases = [
        Case(serial=1_001 + n, title=f"{one.typology} · customer {one.entity_value}", queue=one.queue,
             severity=one.severity, due_at=one.last_at + timedelta(days=20), opened_at=one.last_at,
             **({"state": "closed", "closed_at": one.last_at} if n % 3 else {"state": "new"}))
        for n, one in enumerate(held)
    ]  # fmt: skip
    for case in cases:
        if case.state == "closed":
            case.assignee_id = _bench_user().pk
    Case.objects.bulk_create(cases, batch_size=2_000)
    pairs = list(zip(cases, held, strict=True))
    CaseAlert.objects.bulk_create([CaseAlert(case=case, alert=one) for case, one in pairs], batch_size=2_000)
    CaseEntity.objects.bulk_create(
        [CaseEntity(case=case, kind="customer", value=one.entity_value) for case, one in pairs], batch_size=2_000
    )


@cache
def _bench_user() -> Any:
    from seawall.apps.accounts.models import Assignment, User

    found = User.objects.filter(username="bench").first()
    if found is None:
        found = User(username="bench", language="en")
        found.set_unusable_password()
        found.save()
        Assignment.objects.create(user=found, role="compliance_officer")
    return found


def fill(path: Path, rows: int) -> None:
    """A year of decisions into a prepared control database."""
    random = np.random.default_rng(7)
    at = START + np.sort(random.integers(0, 8_760 * HOUR, rows))
    types = random.choice(len(TYPES), rows, p=[0.5, 0.2, 0.18, 0.02, 0.05, 0.05])
    outcomes = random.choice(["approve", "challenge", "review", "decline"], rows, p=[0.955, 0.025, 0.015, 0.005])
    scores = np.where(outcomes == "approve", random.integers(0, 30, rows), random.integers(30, 100, rows))
    amounts = np.where(np.isin(types, [0, 2, 4]), np.exp(random.normal(9, 2, rows)).astype(int), 0)
    rules: list[list[str]] = [[] for _ in range(rows)]
    for place in np.flatnonzero((scores > 10) & (types != 5)):
        rules[place] = [f"rule_{min(int(one), 59)}" for one in random.geometric(0.12, 1 + int(scores[place] > 50)) - 1]
    members = {kind: random.integers(0, size, rows) for kind, size in KINDS.items()}
    members["merchant"] = np.minimum(random.zipf(1.3, rows) - 1, KINDS["merchant"] - 1)  # a few have most
    db = sqlite3.connect(path)
    db.executescript("PRAGMA synchronous=OFF; PRAGMA cache_size=-200000; BEGIN;")
    row = "INSERT INTO decisions_decisionrow VALUES (" + ",".join("?" * 17) + ")"
    names = [one[1] for one in db.execute("PRAGMA table_info(decisions_decisionrow)")]
    assert names == COLUMNS.split(), names
    db.executemany(row, (
        (n + 1, uuid.UUID(int=(int(at[n]) << 80) | (7 << 76) | (1 << 63) | n).hex, f"e-{n}", TYPES[types[n]],
         str(outcomes[n]), int(scores[n]), "", "payments@1", int(at[n]), int(at[n]), int(amounts[n]),
         "CNY" if amounts[n] else "", "customer", f"c{members['customer'][n]}",
         json.dumps(list(dict.fromkeys(rules[n]))), int(n % 5_000 == 0), 0)
        for n in range(rows)
    ))  # fmt: skip
    hits = sorted({(rule, n + 1) for n in range(rows) for rule in rules[n]})
    db.executemany("INSERT INTO decisions_rulehit (rule, sequence) VALUES (?, ?)", hits)
    _entities(db, at, outcomes, members)
    hours: Counter[tuple[int, str, str]] = Counter()
    rule_hours: Counter[tuple[int, str]] = Counter()
    for n in range(rows):
        hour = int(at[n]) // HOUR * HOUR
        hours[hour, TYPES[types[n]], str(outcomes[n])] += 1
        rule_hours.update((hour, rule) for rule in dict.fromkeys(rules[n]))
    db.executemany("INSERT INTO decisions_hourcount (hour, event_type, outcome, decisions, amount) VALUES (?,?,?,?,0)",
                   [(*cell, count) for cell, count in hours.items()])  # fmt: skip
    db.executemany("INSERT INTO decisions_hourrule (hour, rule, decisions) VALUES (?,?,?)",
                   [(*cell, count) for cell, count in rule_hours.items()])  # fmt: skip
    totals: Counter[tuple[str, str]] = Counter()
    for (_hour, kind, outcome), count in hours.items():
        totals["event_type", kind] += count
        totals["outcome", outcome] += count
    for (_hour, rule), count in rule_hours.items():
        totals["rule", rule] += count
    db.executemany("INSERT INTO decisions_total (facet, name, decisions) VALUES (?,?,?)",
                   [(*name, count) for name, count in totals.items()])  # fmt: skip
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def _entities(db: sqlite3.Connection, at: Any, outcomes: Any, members: dict[str, Any]) -> None:
    base = 1
    flagged = outcomes != "approve"
    for kind, values in members.items():
        order = np.argsort(values, kind="stable")
        known, first, count = np.unique(values[order], return_index=True, return_counts=True)
        sums = np.add.reduceat(flagged[order], first)
        firsts, lasts = order[first], order[first + count - 1]
        db.executemany(
            "INSERT INTO decisions_entity (id, kind, value, decisions, flagged, first_sequence, last_sequence,"
            " first_at, last_at) VALUES (?,?,?,?,?,?,?,?,?)",
            ((base + i, kind, f"{kind[0]}{known[i]}", int(count[i]), int(sums[i]), int(firsts[i]) + 1,
              int(lasts[i]) + 1, int(at[firsts[i]]), int(at[lasts[i]])) for i in range(len(known))),
        )  # fmt: skip
        places = np.repeat(np.arange(len(known)) + base, count)
        db.executemany("INSERT INTO decisions_entitylink (entity_id, sequence) VALUES (?, ?)",
                       zip(places.tolist(), (order + 1).tolist(), strict=True))  # fmt: skip
        base += len(known)


def main(rows: int, folder: Path) -> None:
    """Fill, then measure."""
    from seawall.server.control import prepare

    began = time.perf_counter()
    prepare(folder)
    from django.conf import settings
    from django.test import Client
    from django.urls import reverse

    from seawall.apps.cases.models import Alert, Case, Queue
    from seawall.apps.decisions.models import DecisionRow
    from seawall.console.keyset import Cursor
    from seawall.server.control.logs import set_up_logs

    set_up_logs("ERROR")

    if not DecisionRow.objects.exists():
        fill(folder / "control.db", rows)
    if not Alert.objects.exists():
        fill_work(rows)
    counts = f"{DecisionRow.objects.count():,} decisions, {Alert.objects.count():,} alerts"
    print(f"{counts} ready after {time.perf_counter() - began:.0f} s")
    settings.SEAWALL_OPTIONS = settings.SEAWALL_OPTIONS.model_copy(update={"require_mfa": False})
    client = Client(headers={"host": "localhost"})
    client.force_login(_bench_user())
    far = Cursor(rows // 3, str(rows // 3)).encode()
    addresses = {name: f"/decisions/{page.format(far=far)}" for name, page in PAGES.items()}
    addresses["entities"] = "/entities/"
    addresses["entities by not approved"] = "/entities/?sort=-flagged"
    addresses["merchants"] = "/entities/?kind=merchant"
    addresses["entity page, the largest merchant"] = reverse("decisions:entity", args=["merchant", "m0"])
    addresses["entity page, a customer"] = reverse("decisions:entity", args=["customer", "c77"])
    models = {"queue": Queue, "alert": Alert, "case": Case}
    known = {name: model.objects.values_list("pk", flat=True).first() for name, model in models.items()}
    addresses |= {name: page.format(**known) for name, page in WORK_PAGES.items()}
    worst = 0.0
    for name, address in addresses.items():
        spent, worked = [], []
        for _ in range(5):
            start, cpu = time.perf_counter(), time.process_time()
            answer = client.get(address)
            answer.content  # noqa: B018 - rendering ends here
            spent.append((time.perf_counter() - start) * 1_000)
            worked.append((time.process_time() - cpu) * 1_000)
            assert answer.status_code == 200, (address, answer.status_code)
        worst = max(worst, statistics.median(spent))
        print(f"{name:36} {statistics.median(spent):7.1f} {max(spent):7.1f} {statistics.median(worked):7.1f}")
    print(f"slowest median {worst:.0f} ms")


if __name__ == "__main__":
    sys.path.remove(str(Path(__file__).resolve().parent))  # whose http.py is not Python's own
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    if len(sys.argv) > 2:
        main(number, Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory(prefix="seawall-bench-") as made:
            main(number, Path(made))
