"""Commands reach the ledger exactly once, in order, whatever breaks between the two files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from seawall.apps.audit import jobs, queries, services
from seawall.apps.audit.models import Outbox, Salt
from seawall.apps.errors import ConflictError, UnknownError
from seawall.ledger import EntryError, Ledger, LedgerError, opens

pytestmark = pytest.mark.django_db


def say(number: int, **more: Any) -> Outbox:
    with transaction.atomic():
        return services.record("system", "test.said", "thing", number, {"number": number}, **more)


def numbers(path: Path) -> list[int]:
    with Ledger.open(path, read_only=True) as ledger:
        return [entry.data["number"] for entry in ledger.entries()]


def test_a_commit_sends_what_was_recorded(ledger_file: Path, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        say(1)
        say(2)
    assert numbers(ledger_file) == [1, 2]
    assert list(Outbox.objects.order_by("id").values_list("ledger_index", flat=True)) == [0, 1]


def test_a_rollback_sends_nothing(ledger_file: Path, django_capture_on_commit_callbacks: Any) -> None:
    def fail() -> None:
        with transaction.atomic():
            say(1)
            raise RuntimeError

    with django_capture_on_commit_callbacks(execute=True), pytest.raises(RuntimeError):
        fail()
    assert not ledger_file.exists()
    assert not Outbox.objects.exists()


def test_order_is_kept_over_batches(ledger_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "BATCH", 3)
    for n in range(10):
        say(n)
    assert services.drain() == 10
    assert services.drain() == 0
    assert numbers(ledger_file) == list(range(10))


def test_a_crash_after_the_append_sends_nothing_twice(ledger_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    say(0)
    services.drain()
    say(1)
    say(2)

    def crash(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(Outbox.objects), "bulk_update", crash, raising=False)
        with pytest.raises(KeyboardInterrupt):
            services.drain()
    assert numbers(ledger_file) == [0, 1, 2]
    assert queries.waiting() == 2, "the marks were rolled back"
    say(3)
    assert services.drain() == 3
    assert numbers(ledger_file) == [0, 1, 2, 3]
    assert list(Outbox.objects.order_by("id").values_list("ledger_index", flat=True)) == [0, 1, 2, 3]


def test_a_crash_while_the_ledger_is_made_is_repaired(ledger_file: Path) -> None:
    ledger_file.touch(0o600)
    say(1)
    assert services.drain() == 1
    assert numbers(ledger_file) == [1]


def test_a_lost_or_shortened_ledger_is_not_begun_anew(ledger_file: Path) -> None:
    say(1)
    services.drain()
    ledger_file.rename(ledger_file.with_suffix(".gone"))
    say(2)
    with pytest.raises(LedgerError, match="no ledger"):
        services.drain()
    Ledger.create(ledger_file).close()
    with pytest.raises(LedgerError, match="restore it"):
        services.drain()
    assert queries.waiting() == 1


def test_a_ledger_that_cannot_be_written_stops_no_command(
    ledger_file: Path, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def refuse(*args: Any) -> None:
        raise LedgerError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "append", refuse)
        with django_capture_on_commit_callbacks(execute=True):
            say(1)
    assert queries.waiting() == 1
    assert jobs.drain() == 1


def test_what_the_ledger_would_refuse_is_refused_at_once() -> None:
    with pytest.raises(EntryError, match="fraction"), transaction.atomic():
        services.record("system", "test.said", "thing", "1", {"number": 0.5})
    assert not Outbox.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_recorded() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        services.record("system", "test.said", "thing", "1")


def test_personal_data_is_only_committed_to(ledger_file: Path) -> None:
    row = say(1, private={"reason": "张三 asked on the phone"})
    services.drain()
    assert "张三" not in ledger_file.read_bytes().decode("utf-8", "ignore")
    salt = Salt.objects.get(entry=row, name="reason")
    kept = queries.entry(0).entry.commitments["reason"]
    assert opens(kept, "reason", "张三 asked on the phone", bytes(salt.salt))
    assert not opens(kept, "reason", "李四 asked on the phone", bytes(salt.salt))


def test_a_journal_checkpoint_is_an_entry_once() -> None:
    assert services.record_journal_checkpoint(1000, "ab" * 32) is not None
    assert services.record_journal_checkpoint(1000, "ab" * 32) is None
    with pytest.raises(ConflictError, match="has been changed"):
        services.record_journal_checkpoint(1000, "cd" * 32)
    services.drain()
    assert queries.entry(0).entry.data["sequence"] == 1000


def test_checkpoints_are_signed_where_something_is_new(ledger_file: Path) -> None:
    assert not jobs.checkpoint()
    say(1)
    assert jobs.checkpoint()
    assert not jobs.checkpoint()
    assert ledger_file.with_suffix(".key").stat().st_mode & 0o777 == 0o600
    last = queries.last_checkpoint()
    assert last is not None
    assert last.head.size == 1


def test_verification_finds_a_changed_byte_and_is_recorded(ledger_file: Path) -> None:
    import sqlite3

    say(1)
    say(2)
    assert services.verify("system").ok
    services.drain()
    assert queries.entry(2).entry.action == "ledger.verified"
    with sqlite3.connect(ledger_file) as raw:
        raw.execute("DROP TRIGGER entries_no_update")
        raw.execute("UPDATE entries SET body = replace(body, '1', '7') WHERE idx = 0")
    report = services.verify("system")
    assert not report.ok
    assert "0" in report.findings[0].place


def test_proofs_and_unknown_entries() -> None:
    with pytest.raises(UnknownError):
        queries.entry(0)
    for n in range(5):
        say(n)
    services.drain()
    shown = queries.entry(3)
    assert (shown.entry.data["number"], shown.size, len(shown.path)) == (3, 5, 3)
    with pytest.raises(UnknownError):
        queries.entry(5)
    assert queries.actions() == ["test.said"]
    assert queries.entries_of("thing", 3).count() == 1
