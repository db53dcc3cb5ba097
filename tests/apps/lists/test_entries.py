"""Entries: four eyes where protection gets less, sensitive values nowhere in the clear, the journal followed once."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from seawall.apps.accounts.models import User
from seawall.apps.approvals import services as approvals
from seawall.apps.approvals.models import Request
from seawall.apps.audit.models import Outbox
from seawall.apps.decisions.jobs import follow_all
from seawall.apps.decisions.models import ListRow
from seawall.apps.errors import ConflictError, DeniedError, InvalidError, UnknownError
from seawall.apps.lists import follow, hits, queries
from seawall.apps.lists.declared import display
from seawall.apps.lists.models import Change, Entry, Hit, HitHour
from seawall.apps.lists.services import entries, expiry, export
from seawall.apps.lists.services.entries import Wanted
from seawall.apps.outbox.engine import RefusedError
from seawall.apps.outbox.models import Delivery
from tests.apps.decisions.home import Live, card
from tests.apps.lists.conftest import Engine, Quick

Make = Callable[..., User]
WHY = "stolen, reported by its owner"
PAN, SHARED, OTHER = "6222020000000077", "6222020000000078", "6222020000000079"
SOON = timedelta(days=30)


@pytest.fixture
def maker(make_user: Make) -> User:
    return make_user("ada", "senior_analyst")


@pytest.fixture
def checker(make_user: Make) -> User:
    return make_user("bob", "compliance_officer")


def add(user: User, name: str, key: str, committed: Any, **more: Any) -> Entry:
    more.setdefault("valid_from", datetime(2026, 1, 1, tzinfo=UTC))  # before the engine's clock of these tests
    with committed():
        made = entries.add(user, Wanted(name, key, **more), WHY)
    made.refresh_from_db()
    return made


def test_a_deny_entry_works_at_once_and_is_met_by_the_next_decision(
    engine: Engine, maker: User, committed: Any
) -> None:
    entry = add(maker, "blocked_devices", "d9", committed)
    assert (entry.state, entry.source, entry.kind, Request.objects.count()) == ("active", "person", "device", 0)
    path, body = engine.asked[-1]
    assert (path, body["key"], body["owner"]) == ("/v1/lists/blocked_devices/entries", "d9", f"user:{maker.pk}")
    for number in (3, 4):
        assert engine.decide(card(number, 600 - number, device="d9")).outcome == "decline"
    follow_all()
    entry.refresh_from_db()
    assert (entry.hits, Hit.objects.count(), entry.sequence) == (2, 2, 3)
    assert sum(HitHour.objects.filter(entry=entry.pk, outcome="decline").values_list("hits", flat=True)) == 2
    assert sum(HitHour.objects.filter(list="blocked_devices", entry=0).values_list("hits", flat=True)) == 2
    assert [row.outcome for row in queries.hits_of(maker, entry)] == ["decline", "decline"]


def test_an_allow_entry_waits_for_a_second_person(
    engine: Engine, maker: User, checker: User, make_user: Make, committed: Any
) -> None:
    entry = add(
        maker, "trusted_customers", "c1", committed, valid_from=timezone.now(), valid_until=timezone.now() + SOON
    )
    assert (entry.state, engine.asked) == ("waiting", [])
    request = Change.objects.get().request
    assert request is not None
    for person in (maker, make_user("cy", "senior_analyst")):
        with pytest.raises(DeniedError):
            approvals.approve(person, request.pk)
    engine.live.feed()
    with committed():
        approvals.approve(checker, request.pk)
    entry.refresh_from_db()
    assert entry.state == "active"
    assert engine.asked[-1][1]["approved_by"] == f"user:{checker.pk}"
    follow_all()
    entry.refresh_from_db()
    assert (entry.approved_by, entry.owner) == (f"user:{checker.pk}", f"user:{maker.pk}")


@pytest.mark.parametrize(
    ("name", "action", "two"),
    [
        ("trusted_customers", "add", True),
        ("trusted_customers", "extend", True),
        ("trusted_customers", "remove", True),  # the list itself demands it
        ("blocked_devices", "add", False),
        ("blocked_devices", "extend", False),
        ("blocked_devices", "shorten", True),
        ("blocked_devices", "remove", True),
        ("sanctioned_accounts", "add", True),  # required by law
        ("sanctioned_accounts", "remove", True),
        ("watch_ips", "add", False),
        ("watch_ips", "remove", True),
    ],
)
def test_whatever_lowers_protection_takes_two_people(live: Live, name: str, action: str, two: bool) -> None:
    assert entries.needs_two(queries.one_list(name).definition, action) is two


def test_a_deny_entry_leaves_by_two_people_and_stays_while_they_talk(
    engine: Engine, maker: User, checker: User, committed: Any
) -> None:
    entry = add(maker, "blocked_devices", "d9", committed)
    follow_all()
    with committed():
        change = entries.remove(maker, entry.pk, "it was found again")
    entry.refresh_from_db()
    assert (change.state, entry.state, len(engine.asked)) == ("waiting", "active", 1)
    with pytest.raises(ConflictError, match="waits"):
        entries.change_end(maker, entry.pk, timezone.now() + SOON, WHY)
    with committed():
        approvals.approve(checker, change.request_id)
    assert engine.asked[-1][1]["removed"] is True
    follow_all()
    entry.refresh_from_db()
    change.refresh_from_db()
    assert (entry.state, change.state) == ("removed", "done")
    assert engine.decide(card(3, 600, device="d9")).outcome == "approve"
    with pytest.raises(ConflictError):
        entries.remove(maker, entry.pk, "once more")


def test_a_rejected_change_sends_nothing(quick: Quick, maker: User, checker: User, committed: Any) -> None:
    entry = add(
        maker, "trusted_customers", "c1", committed, valid_from=timezone.now(), valid_until=timezone.now() + SOON
    )
    with committed():
        approvals.reject(checker, Change.objects.get().request_id, "not known to us")
    entry.refresh_from_db()
    assert (entry.state, entry.problem, quick.asked) == ("refused", "not known to us", [])
    assert (
        add(
            maker, "trusted_customers", "c1", committed, valid_from=timezone.now(), valid_until=timezone.now() + SOON
        ).state
        == "waiting"
    )


def test_a_draft_is_kept_then_submitted_or_thrown_away(quick: Quick, maker: User, committed: Any) -> None:
    with committed():
        first = entries.add(maker, Wanted("blocked_cards", PAN), WHY, draft=True)
        second = entries.add(maker, Wanted("blocked_devices", "d8"), WHY, draft=True)
    assert (first.state, second.state, quick.asked) == ("draft", "draft", [])
    with committed():
        entries.submit(maker, first.pk)
        assert entries.discard(maker, second.pk).sealed == ""
    first.refresh_from_db()
    assert (first.state, first.sealed, quick.asked[0][1]["key"]) == ("active", "", PAN)
    with pytest.raises(ConflictError):
        entries.submit(maker, second.pk)


def everything(path: Path) -> str:
    """All that the control database holds, as text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        found = []
        for (name,) in cursor.fetchall():
            cursor.execute(f'SELECT * FROM "{name}"')
            found.append(str(cursor.fetchall()))
    if path.exists():
        with sqlite3.connect(path) as ledger:
            found += list(ledger.iterdump())
    return "\n".join(found)


def test_a_sensitive_value_is_nowhere_in_the_clear(
    engine: Engine, maker: User, checker: User, committed: Any, ledger_file: Path, caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    engine.refusal = RefusedError(422, {"detail": "no such list"})
    add(maker, "blocked_cards", PAN, committed)
    assert PAN not in everything(ledger_file)
    engine.refusal = None
    entry = add(maker, "blocked_cards", PAN, committed)
    assert (entry.shown, entry.sealed, entry.state) == ("622202******0077", "", "active")
    assert engine.asked[-1][1]["key"] == PAN
    delivery = Delivery.objects.order_by("-position")[0]
    assert (delivery.channel, delivery.content) == ("engine-sealed", "")
    follow_all()
    entry.refresh_from_db()
    assert entry.key.startswith("card_")
    assert engine.decide(card(3, 600, card=PAN)).outcome == "decline"
    assert export.find_entry(maker, "blocked_cards", PAN).pk == entry.pk
    with pytest.raises(ConflictError, match="on the list already"):
        entries.add(maker, Wanted("blocked_cards", PAN), WHY)
    with committed():
        change = entries.remove(maker, entry.pk, "a mistake of ours")
    with committed():
        approvals.approve(checker, change.request_id)
    assert engine.asked[-1][1]["key"] == entry.key
    assert Outbox.objects.filter(action="list.looked_up").exists()
    written = everything(ledger_file) + caplog.text + "".join(capsys.readouterr())
    assert "622202******0077" in written
    assert PAN not in written


def test_an_erasure_takes_the_masks_of_the_subjects_values_along(
    engine: Engine, live: Live, maker: User, committed: Any
) -> None:
    live.feed(card(40, 500, customer="c8", card=PAN), card(41, 400, customer="c8", card=SHARED),
              card(42, 300, customer="c9", card=SHARED), card(43, 200, customer="c9", card=OTHER))  # fmt: skip
    made = {pan: add(maker, "blocked_cards", pan, committed) for pan in (PAN, SHARED, OTHER)}
    follow_all()

    def shown() -> list[bool]:
        return [bool(Entry.objects.get(pk=made[pan].pk).shown) for pan in (PAN, SHARED, OTHER)]

    assert shown() == [True, True, True]
    live.feed(card(44, 100, customer="c1"), erase="c8")
    follow_all()
    assert shown() == [False, True, True]  # the card that c9 has, too, keeps its link
    entry = Entry.objects.get(pk=made[PAN].pk)
    assert (entry.state, PAN[-4:] in display(entry)) == ("active", False)
    live.feed(erase=Entry.objects.get(pk=made[OTHER].pk).key)  # the stand-in itself
    live.feed(erase="c9")
    follow_all()
    assert shown() == [False, False, False]


@pytest.mark.parametrize(
    ("wanted", "reason", "error", "field"),
    [
        (Wanted("nothing", "x"), WHY, UnknownError, ""),
        (Wanted("blocked_devices", "  "), WHY, InvalidError, "key"),
        (Wanted("blocked_devices", "x" * 257), WHY, InvalidError, "key"),
        (Wanted("blocked_devices", "a\x07b"), WHY, InvalidError, "key"),
        (Wanted("blocked_devices", "x"), "no", InvalidError, "reason"),
        (Wanted("trusted_customers", "c1"), WHY, InvalidError, "valid_until"),
        (Wanted("blocked_devices", "x", None, timezone.now() - SOON), WHY, InvalidError, "valid_until"),
    ],
)
def test_what_the_engine_would_refuse_is_not_asked_for(
    quick: Quick, maker: User, wanted: Wanted, reason: str, error: type[Exception], field: str
) -> None:
    with pytest.raises(error) as refused:
        entries.add(maker, wanted, reason)
    assert not field or field in refused.value.fields  # type: ignore[attr-defined]
    assert Entry.objects.count() == 0


def test_who_may_not_edit_changes_nothing(quick: Quick, make_user: Make) -> None:
    for role in ("analyst", "auditor", "admin", "credit_manager"):
        with pytest.raises(DeniedError):
            entries.add(make_user(role, role), Wanted("blocked_devices", "d"), WHY)


def test_entries_of_other_ways_appear_and_a_batch_that_fails_comes_again_once(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"entry_id": "b1", "key": "d2", "reason": "stolen", "owner": "ana", "valid_from": "2026-01-01T00:00:00.000Z"}
    live.feed(entry=("blocked_devices", body))
    live.feed(card(3, 600, device="d2"), card(4, 590, device="d2"))

    original = hits._many
    monkeypatch.setattr(hits, "_many", lambda *rows: breaks_once(rows))
    calls: list[int] = []

    def breaks_once(rows: Any) -> None:
        original(*rows)
        if not calls:
            calls.append(1)
            raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError):
        follow_all()
    assert (Entry.objects.count(), Hit.objects.count(), HitHour.objects.count()) == (0, 0, 0)
    follow_all()
    follow_all()
    entry = Entry.objects.get()
    assert (entry.source, entry.owner, entry.state, entry.hits, Hit.objects.count()) == ("api", "ana", "active", 2, 2)
    again = {**body, "removed": True}
    live.feed(entry=("blocked_devices", again))
    follow_all()
    assert Entry.objects.get().state == "removed"


def test_the_newest_record_counts_within_one_batch(db: None) -> None:
    def row(sequence: int, **changed: Any) -> ListRow:
        fields: dict[str, Any] = {"list": "l", "entry_id": "action-7", "key": "k", "owner": "o", "valid_from": 1}
        return ListRow(sequence=sequence, **fields | changed)

    follow.follow([row(1), row(2, removed=True), row(3, valid_until=2)])
    entry = Entry.objects.get()
    assert (entry.state, entry.sequence, entry.source, entry.source_ref) == ("expired", 3, "action", "7")


def test_time_ends_entries_and_tells_their_authors_once(quick: Quick, maker: User, committed: Any) -> None:
    entry = add(maker, "watch_ips", "10.0.0.9", committed, valid_until=timezone.now() + timedelta(days=20))
    now = timezone.now()
    assert (expiry.tell_authors(now), expiry.expire(now)) == (0, 0)
    later = now + timedelta(days=14)
    assert (expiry.tell_authors(later), expiry.tell_authors(later), expiry.expire(later)) == (1, 0, 0)
    assert Outbox.objects.get(action="list_entries.ending").data["person"] == str(maker.pk)
    assert expiry.expire(now + timedelta(days=21)) == 1
    entry.refresh_from_db()
    assert entry.state == "expired"
    assert Outbox.objects.get(action="list_entries.expired").data["count"] == 1


def test_an_entry_that_nothing_meets_for_long_is_stale(quick: Quick, maker: User, committed: Any) -> None:
    entry = add(maker, "watch_ips", "10.0.0.9", committed, valid_from=timezone.now())
    assert not queries.is_stale(entry)
    entry.valid_from -= 91 * queries.DAY
    assert queries.is_stale(entry)
    entry.last_hit_at = queries.now_ms() - queries.DAY
    assert not queries.is_stale(entry)
