"""Notes with mentions, tasks, evidence that shows when it was changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from seawall.apps.accounts.models import User
from seawall.apps.audit.models import Outbox
from seawall.apps.cases import files
from seawall.apps.cases.export import export_case
from seawall.apps.cases.models import Case, Evidence, Notification
from seawall.apps.cases.services import cases, evidence, work
from seawall.apps.cases.services.work import mentioned
from seawall.apps.errors import ConflictError, InvalidError, UnknownError

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7 a bank statement"


def test_who_is_mentioned() -> None:
    text = "@ada please ask @Sam. Mail bob@bank.example, and @kim, @kim; (@x-1)"
    assert mentioned(text) == ["ada", "sam", "kim", "x-1"]


def test_a_mention_tells_those_who_may_see_the_case(case: Case, people: Any, make_user: Callable[..., User]) -> None:
    make_user("root", "admin")
    work.add_note(people["ada"], case.pk, "@sam look; @ada @root @nobody")
    assert list(Notification.objects.values_list("person__username", "kind", "by__username")) == [
        ("sam", "mentioned", "ada")
    ]
    cases.restrict(people["kim"], case.pk, True, "insider")
    work.add_note(people["ada"], case.pk, "@sam again")
    assert Notification.objects.count() == 1
    entry = Outbox.objects.filter(action="case.note_added").order_by("id").first()
    assert entry is not None
    assert "look" not in str(entry.data)  # what people write is committed to, not kept, in the ledger


@pytest.mark.parametrize("text", ["", "   ", "x" * 10_001])
def test_a_note_has_bounds(text: str, case: Case, people: Any) -> None:
    with pytest.raises(InvalidError):
        work.add_note(people["ada"], case.pk, text)


def test_tasks(case: Case, people: Any, make_user: Callable[..., User]) -> None:
    task = work.add_task(people["ada"], case.pk, "  call   the customer ", assignee=people["sam"].pk)
    assert (task.title, Notification.objects.get().person) == ("call the customer", people["sam"])
    done = work.finish_task(people["sam"], case.pk, task.pk)
    assert (done.done_by, done.done_at is not None) == (people["sam"], True)
    version = Case.objects.get().version
    work.finish_task(people["sam"], case.pk, task.pk)
    assert Case.objects.get().version == version  # done twice changes nothing
    assert work.finish_task(people["ada"], case.pk, task.pk, False).done_at is None
    with pytest.raises(InvalidError, match="may not see"):
        work.add_task(people["ada"], case.pk, "x", assignee=make_user("root", "admin").pk)
    with pytest.raises(PermissionDenied):
        work.add_task(make_user("dpo", "dpo"), case.pk, "x")


# --- evidence ---------------------------------------------------------------------------------------------------------


def test_a_file_is_kept_by_its_hash(case: Case, people: Any, own_home: Path) -> None:
    made = evidence.add_evidence(people["ada"], case.pk, "C:\\papers\\statement.PDF", [PDF[:5], PDF[5:]], "January")
    digest = hashlib.sha256(PDF).hexdigest()
    assert (made.name, made.kind, made.size, made.sha256) == ("statement.PDF", "pdf", len(PDF), digest)
    path = own_home / "evidence" / digest[:2] / digest[2:]
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (PDF, 0o600)
    assert evidence.open_evidence(people["sam"], case.pk, made.pk)[1] == PDF
    assert Outbox.objects.get(action="case.evidence_taken").data["sha256"] == digest
    with pytest.raises(ConflictError, match="already"):
        evidence.add_evidence(people["ada"], case.pk, "again.pdf", [PDF])
    assert not list((own_home / "evidence").glob(".new-*"))


@pytest.mark.parametrize("harm", ["flip", "append", "remove"])
def test_a_changed_file_is_never_given_out(harm: str, case: Case, people: Any) -> None:
    made = evidence.add_evidence(people["ada"], case.pk, "a.pdf", [PDF])
    path = files.path_of(made.sha256)
    if harm == "remove":
        path.unlink()
    else:
        path.write_bytes(PDF[:-1] + b"X" if harm == "flip" else PDF + b"X")
    with pytest.raises(files.TamperedError):
        evidence.open_evidence(people["sam"], case.pk, made.pk)
    assert Outbox.objects.filter(action="case.evidence_tampered", object_id=str(case.pk)).count() == 1
    assert not Outbox.objects.filter(action="case.evidence_taken").exists()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("run.exe", b"MZ"), ("page.html", b"<html>"), ("none", b"x"), ("a.pdf", b"GIF89a"), ("a.png", PDF),
        ("a.txt", b""),
        ("a.csv", b"a,b\x00"), ("." , b"x"), ("x" * 300 + ".txt", b"x"),
    ],
)  # fmt: skip
def test_what_is_not_taken(name: str, data: bytes, case: Case, people: Any, own_home: Path) -> None:
    with pytest.raises(InvalidError):
        evidence.add_evidence(people["ada"], case.pk, name, [data])
    assert not Evidence.objects.exists()
    assert not [one for one in (own_home / "evidence").rglob("*") if one.is_file()]


def test_too_large_is_refused_before_it_is_whole(case: Case, people: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST", 10)
    read: list[int] = []

    def pieces() -> Any:
        for number in range(100):
            read.append(number)
            yield b"12345"

    with pytest.raises(InvalidError, match="at most"):
        evidence.add_evidence(people["ada"], case.pk, "a.txt", pieces())
    assert len(read) == 3


def test_nobody_else_reaches_the_file(case: Case, people: Any, make_user: Callable[..., User]) -> None:
    made = evidence.add_evidence(people["ada"], case.pk, "a.pdf", [PDF])
    cases.restrict(people["kim"], case.pk, True, "insider")
    with pytest.raises(UnknownError):
        evidence.open_evidence(people["sam"], case.pk, made.pk)
    with pytest.raises(PermissionDenied):
        evidence.open_evidence(make_user("root", "admin"), case.pk, made.pk)
    with pytest.raises(UnknownError):
        evidence.add_evidence(people["sam"], case.pk, "b.txt", [b"x"])


# --- export -----------------------------------------------------------------------------------------------------------


def test_the_export_is_whole_and_reaches_for_nothing(case: Case, people: Any) -> None:
    made = evidence.add_evidence(people["ada"], case.pk, "a.pdf", [PDF], "January")
    work.add_note(people["ada"], case.pk, "<script>alert(1)</script> odd")
    name, data = export_case(people["sam"], case.pk)
    text = data.decode()
    for part in (made.sha256, "VELOCITY", "e-1", "u-1", "&lt;script&gt;", "January", "C-1001"):
        assert part in text
    assert "<script" not in text
    assert not any(word in text for word in ("src=", "href=", "url(", "@import"))
    assert name == "C-1001.html"
    assert Outbox.objects.get(action="case.exported").data["sha256"] == hashlib.sha256(data).hexdigest()
    with pytest.raises(PermissionDenied):
        export_case(people["ada"], case.pk)
