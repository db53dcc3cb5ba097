"""Imports: the dry run tells every line's fate, the real one sends each new line once, whatever happens meanwhile."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.apps.accounts.models import User
from seawall.apps.approvals import services as approvals
from seawall.apps.audit.models import Outbox
from seawall.apps.errors import ConflictError, InvalidError, ServiceError
from seawall.apps.jobs.models import Run
from seawall.apps.jobs.running import CancelledError
from seawall.apps.lists import reading
from seawall.apps.lists.models import Entry, Import
from seawall.apps.lists.services import entries, importing, imports, putting, sorting, spool
from seawall.apps.outbox.engine import DeliveryError, RefusedError
from tests.apps.lists.conftest import Quick
from tests.apps.lists.test_entries import everything

Make = Callable[..., User]
WHY = "list of the industry"
PANS = [f"62220200000001{n:02d}" for n in range(100)]


@pytest.fixture
def maker(make_user: Make) -> User:
    return make_user("ada", "senior_analyst")


def quiet(done: int, total: int) -> None:
    """No progress."""


def checked(user: User, name: str, text: str | bytes, file: str = "bad.csv", **more: Any) -> Import:
    data = text.encode() if isinstance(text, str) else text
    made = imports.upload(user, name, file, iter([data]), WHY, **more)
    importing.check_file(Import.objects.get(pk=made.pk), quiet)
    return Import.objects.get(pk=made.pk)


def run(made: Import, progress: Any = quiet) -> Import:
    importing.put_on_list(Import.objects.select_related("author", "checker").get(pk=made.pk), progress)
    return Import.objects.get(pk=made.pk)


def counts(made: Import) -> tuple[int, ...]:
    return made.lines, made.fresh, made.duplicates, made.present, made.bad, made.added, made.refused


def test_each_line_has_a_verdict_and_nothing_is_sent_before_it_is_confirmed(quick: Quick, maker: User) -> None:
    Entry.objects.create(list="blocked_devices", entry_id="x", key="there", state="active", valid_from=0, source="api")
    lines = ["key,reason,valid_until", "d1,,", "d2,by hand,2030-12-31", "d1,,", "", "there,,", ",,", "d3", 'd4,"x,y',
             "d5,,someday", "d6,,2020-01-01", "d7," + "r" * 501 + ",", "x" * 5_000, "e\x07,,"]  # fmt: skip
    made = checked(maker, "blocked_devices", "\n".join(lines).encode() + b"\n\xff\xfe,,\n")
    assert counts(made) == (13, 2, 1, 1, 9, 0, 0)
    assert (made.state, quick.asked, Entry.objects.count()) == ("checked", [], 1)
    report = {row[0]: row[1:4] for row in spool.report(made.pk)}
    assert report[4] == ["duplicate", "d1", "The value stands in an earlier line."]
    assert report[6][0] == "present"
    assert [number for number, row in report.items() if row[0] == "bad"] == [7, 8, 9, 10, 11, 12, 13, 14, 15]
    assert (report[8][2], report[13][2], report[15][2]) == (reading.COLUMN_COUNT, reading.TOO_LONG, reading.NOT_TEXT)
    imports.confirm(maker, made.pk)
    done = run(made)
    assert (counts(done), done.state) == ((13, 2, 1, 1, 9, 2, 0), "done")
    assert sorted((body["key"], body["reason"]) for _path, body in quick.asked) == [("d1", WHY), ("d2", "by hand")]
    assert {one.state for one in Entry.objects.filter(batch=made)} == {"active"}
    assert {"list_import.uploaded", "list_import.checked", "list_import.confirmed", "list_import.done"} <= set(
        Outbox.objects.values_list("action", flat=True)
    )


def test_ndjson_and_its_bad_lines(quick: Quick, maker: User) -> None:
    lines = ['{"key": "d1"}', '{"key": "d2", "valid_until": "2030-01-01T00:00:00Z"}', "[]", "{", '{"key": 7}',
             '{"key": "d", "other": 1}', "[" * 2_000]  # fmt: skip
    made = checked(maker, "blocked_devices", "\n".join(lines), "bad.ndjson")
    assert counts(made)[:5] == (7, 2, 0, 0, 5)


@pytest.mark.parametrize(("text", "file"), [("a,b\nc,d\n", "x.csv"), ("", "x.csv"), ("a", "x.exe"), ("a", "csv")])
def test_a_file_that_is_none_is_refused(quick: Quick, maker: User, text: str, file: str) -> None:
    with pytest.raises(InvalidError):
        checked(maker, "blocked_devices", text, file)


def test_one_bad_line_does_not_stand_for_its_neighbours(quick: Quick, maker: User) -> None:
    made = checked(maker, "blocked_devices", 'key\n"open\n' + "\n".join(f"d{n}" for n in range(900)))
    assert counts(made)[:5] == (901, 900, 0, 0, 1)


def test_an_import_that_breaks_goes_on_where_it_stopped(
    quick: Quick, maker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = checked(maker, "blocked_devices", "\n".join(f"d{n}" for n in range(1_000)))
    imports.confirm(maker, made.pk)
    monkeypatch.setattr(putting, "WAITS", ())
    quick.answer = lambda body: DeliveryError("down") if body["key"] >= "d5" else None
    with pytest.raises(ServiceError, match="cannot be reached"):
        run(made)
    sent = len(quick.asked)
    assert 0 < sent < 1_000
    quick.answer = lambda body: RefusedError(422, {"detail": "no"}) if body["key"] == "d999" else None
    done = run(made)
    assert counts(done) == (1_000, 1_000, 0, 0, 0, 999, 1)
    ids = [body["entry_id"] for _path, body in quick.asked]
    assert len(set(ids)) == 999
    assert [row[1:3] for row in spool.report(made.pk)] == [["refused", "d999"]]
    run_again = len(quick.asked)
    assert counts(run(made)) == counts(done)
    assert len(quick.asked) == run_again


def test_a_cancelled_import_keeps_what_was_added(quick: Quick, maker: User) -> None:
    made = checked(maker, "blocked_devices", "\n".join(f"d{n}" for n in range(1_000)))
    imports.confirm(maker, made.pk)
    done: list[int] = []

    def cancel(at: int, total: int) -> None:
        done.append(at)
        if len(done) == 1:
            raise CancelledError

    with pytest.raises(CancelledError):
        run(made, cancel)
    imports.stopped(made.pk, "cancelled")
    assert Import.objects.get().added == len(quick.asked) == sorting.CHUNK < 1_000
    imports.again(maker, made.pk)
    assert counts(run(made))[5] == 1_000


def test_an_import_into_an_allow_list_takes_two_people(
    quick: Quick, maker: User, make_user: Make, committed: Any
) -> None:
    checker, until = make_user("bob", "compliance_officer"), timezone.now() + timedelta(days=30)
    late = checked(maker, "trusted_customers", "c1\nc2\n")
    assert counts(late)[:5] == (2, 0, 0, 0, 2)  # the list bounds its entries' time
    made = checked(maker, "trusted_customers", "c1\nc2\n", valid_until=until)
    waiting = imports.confirm(maker, made.pk)
    assert waiting.state == "waiting"
    with pytest.raises(ConflictError):
        imports.confirm(maker, made.pk)
    approvals.approve(checker, waiting.request_id)
    done = run(made)
    assert (done.state, done.checker, done.added) == ("done", checker, 2)
    assert {body["approved_by"] for _path, body in quick.asked} == {f"user:{checker.pk}"}
    assert Run.objects.filter(job=imports.RUN_JOB).count() == 1


def test_a_rejected_import_sends_nothing_and_its_lines_are_gone(quick: Quick, maker: User, make_user: Make) -> None:
    made = checked(maker, "trusted_customers", "c1\n", valid_until=timezone.now() + timedelta(days=30))
    request = imports.confirm(maker, made.pk).request_id
    approvals.reject(make_user("bob", "compliance_officer"), request, "unknown source")
    assert (Import.objects.get().state, quick.asked) == ("refused", [])
    assert not (spool.folder() / f"{made.pk}.lines").exists()


def test_sensitive_lines_are_masked_everywhere(quick: Quick, maker: User, ledger_file: Any) -> None:
    known = "6222020000000001"  # the home has seen it
    entries.add(maker, entries.Wanted("blocked_cards", known), WHY)
    Entry.objects.update(state="active")
    made = checked(maker, "blocked_cards", "\n".join([*PANS, PANS[0], known, PANS[1] + ",x"]))
    assert counts(made)[:5] == (103, 100, 1, 1, 1)
    files = b"".join(one.read_bytes() for one in spool.folder().iterdir())
    imports.confirm(maker, made.pk)
    done = run(made)
    assert done.added == 100
    assert sorted(body["key"] for _path, body in quick.asked) == PANS
    files += b"".join(one.read_bytes() for one in spool.folder().iterdir())
    written = everything(ledger_file) + files.decode()
    assert "622202******0100" in written
    assert not [pan for pan in (*PANS, known) if pan in written]


def test_nothing_new_is_nothing_to_confirm(quick: Quick, maker: User) -> None:
    made = checked(maker, "blocked_devices", "\x07\n")
    with pytest.raises(ConflictError, match="No line"):
        imports.confirm(maker, made.pk)
    assert imports.discard(maker, made.pk).state == "cancelled"


def test_what_nobody_ends_is_forgotten(quick: Quick, maker: User) -> None:
    made = checked(maker, "blocked_devices", "d1\n")
    assert imports.forget_old() == 0
    assert imports.forget_old(timezone.now() + timedelta(days=8)) == 1
    assert Import.objects.get(pk=made.pk).state == "cancelled"


def test_a_spool_gives_its_lines_back_and_holds_them_sealed(live: Any, make_user: Make) -> None:
    from seawall.apps.ids import uuid7

    key = uuid7()
    lines = [b"x" * n for n in (0, 1, 50_000, 200_000, 7)] + [b"secret"] * 30_000
    data = b"\n".join(lines)

    def pieces() -> Iterator[bytes]:
        left = io.BytesIO(data)
        while piece := left.read(7_001):
            yield piece

    assert spool.store(key, pieces()) == len(data)
    assert list(spool.lines(key, 4_096)) == [line[:4_097] for line in lines]
    assert b"secret" not in (spool.folder() / f"{key}.lines").read_bytes()


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.binary(max_size=40).map(lambda one: one.replace(b"\n", b"")), max_size=12),
    st.sampled_from(["csv", "ndjson"]),
)
def test_any_bytes_are_lines_or_a_title_row_that_is_refused(raw: list[bytes], form: str) -> None:
    try:
        found = list(reading.lines_of(form, raw))
    except reading.HeaderError:
        return
    numbers = [line.number for line in found]
    assert numbers == sorted(set(numbers))
    assert all(line.problem or line.key == line.key.strip() for line in found)
