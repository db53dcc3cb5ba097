"""Commands on imports: upload and check (a dry run), then put on the list: at once, or once a second person agrees."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import check
from seawall.apps.approvals import services as approvals
from seawall.apps.approvals.models import Request
from seawall.apps.audit.services import SYSTEM, record
from seawall.apps.errors import ConflictError, InvalidError, UnknownError
from seawall.apps.jobs import services as jobs
from seawall.apps.lists.declared import definition, title
from seawall.apps.lists.models import Import
from seawall.apps.lists.services import spool
from seawall.apps.lists.services.entries import EDIT, check_times, needs_two
from seawall.apps.lists.states import (
    ADD,
    CANCELLED,
    CHECKED,
    DONE,
    FAILED,
    IMPORT_STATES,
    NEW,
    REFUSED,
    RUNNING,
    WAITING,
)
from seawall.apps.reasons import reason_of

IMPORT = "lists.import"
CHECK_JOB, RUN_JOB = "lists-check", "lists-import"
SUFFIXES = {"csv": "csv", "txt": "csv", "ndjson": "ndjson", "jsonl": "ndjson"}
KEPT = timedelta(days=7)  # that the lines of an import that nobody ends are kept


def upload(user: User, name: str, file: str, pieces: Iterable[bytes], reason: str,
           valid_until: datetime | None = None) -> Import:  # fmt: skip
    """Take a file in and check it in the background. InvalidError: no file that can be read, no reason; UnknownError:
    no such list."""
    check(user, EDIT)
    found, reason = definition(name), reason_of(reason)
    form = SUFFIXES.get(file.rpartition(".")[2].casefold() if "." in file else "")
    if form is None:
        text = _("A file must be one of %(types)s.") % {"types": ", ".join(SUFFIXES)}
        raise InvalidError(text, {"file": text})
    if valid_until is not None:
        check_times(found, _now(), int(valid_until.timestamp() * 1000))
    shown = "".join(one for one in file.replace("\\", "/").rpartition("/")[2] if one.isprintable())
    made = Import(list=name, name=shown[-200:], format=form, reason=reason, valid_until=valid_until, author=user)
    size = spool.store(made.pk, pieces)
    try:
        with transaction.atomic():
            made.save(force_insert=True)
            record(user, "list_import.uploaded", "list_import", made.pk, {"list": name, "bytes": size},
                   private={"reason": reason, "file": made.name})  # fmt: skip
            _start(made, user, CHECK_JOB)
    except BaseException:
        spool.discard(made.pk)
        raise
    return made


def confirm(user: User, import_id: UUID) -> Import:
    """Put what the check found new on the list; asks a second person where the list demands it. ConflictError where it
    is not checked, or has nothing new."""
    with transaction.atomic():
        made = _locked(user, import_id, CHECKED)
        found = definition(made.list)
        if not made.fresh:
            raise ConflictError(_("No line of the file is new."))
        if needs_two(found, ADD):
            payload = {
                "list": made.list, "kind": found.kind, "file": made.name, "entries": made.fresh, "bad": made.bad,
                "until": made.valid_until.isoformat() if made.valid_until else "",
            }  # fmt: skip
            made.request = approvals.submit(user, IMPORT, "list_import", made.pk, payload, made.reason,
                                            title=f"{title(made.list)} {made.name}")  # fmt: skip
            made.state = WAITING
        else:
            _run(made, user)
        made.save()
        _record(user, "list_import.confirmed", made)
    return made


def again(user: User, import_id: UUID) -> Import:
    """Go on with an import that stopped or was cancelled on its way, where it stopped."""
    with transaction.atomic():
        made = _locked(user, import_id, FAILED, CANCELLED)
        if not made.added and not made.refused and made.state == CANCELLED:
            raise ConflictError(_("It was cancelled before it began; import the file again."))
        if needs_two(definition(made.list), ADD) and made.checker_id is None:
            raise ConflictError(_("Nobody has approved it; import the file again."))
        _run(made, user)
        made.save()
        _record(user, "list_import.resumed", made)
    return made


def discard(user: User, import_id: UUID) -> Import:
    """Leave a checked file; its lines are removed from the disk."""
    with transaction.atomic():
        made = _locked(user, import_id, CHECKED, FAILED)
        made.state, made.ended_at = CANCELLED, timezone.now()
        made.save(update_fields=["state", "ended_at"])
        _record(user, "list_import.discarded", made)
        transaction.on_commit(lambda: spool.discard(made.pk))
    return made


def cancel(user: User, import_id: UUID) -> Import:
    """Stop the check or the import at its next step."""
    with transaction.atomic():
        made = _locked(user, import_id, NEW, RUNNING)
        assert made.run is not None
        if jobs.cancel(user, made.run).state == CANCELLED:  # it had not begun
            made.state, made.ended_at = CANCELLED, timezone.now()
            made.save(update_fields=["state", "ended_at"])
        _record(user, "list_import.cancelled", made)
    return made


def execute(request: Request, checker: User) -> None:
    """A second person agreed."""
    made = Import.objects.select_for_update().filter(request=request).select_related("author").first()
    if made is None:
        raise UnknownError(_("There is no such import."))
    try:
        definition(made.list)
    except UnknownError as error:
        raise ConflictError(str(error)) from None
    made.checker = checker
    _run(made, request.maker)
    made.save()
    _record(checker, "list_import.approved", made)


def dropped(request: Request) -> None:
    """The request came to nothing."""
    for made in Import.objects.filter(request=request, state=WAITING):
        made.state, made.ended_at = REFUSED, timezone.now()
        made.save(update_fields=["state", "ended_at"])
        spool.discard(made.pk)


def stopped(import_id: UUID, state: str, problem: str = "") -> None:
    """A job on it ended before its end."""
    with transaction.atomic():
        made = Import.objects.select_for_update().get(pk=import_id)
        made.state, made.problem, made.ended_at = state, problem[:300], timezone.now()
        made.save(update_fields=["state", "problem", "ended_at"])
        _record(SYSTEM, "list_import.stopped", made)


def checked(made: Import) -> None:
    """The dry run is over; `made` bears its counts."""
    with transaction.atomic():
        made.state = CHECKED
        made.save()
        _record(SYSTEM, "list_import.checked", made)


def finished(made: Import) -> None:
    """All lines are through."""
    with transaction.atomic():
        made.state, made.ended_at, made.problem = DONE, timezone.now(), ""
        made.save()
        _record(SYSTEM, "list_import.done", made)
        transaction.on_commit(lambda: spool.discard(made.pk))


def forget_old(now: datetime | None = None) -> int:
    """Remove lines of imports that nobody ended; how many."""
    before = (now or timezone.now()) - KEPT
    old = Import.objects.filter(created_at__lt=before).exclude(state__in=(WAITING, RUNNING))
    found = [one for one in old.values_list("pk", flat=True) if (spool.folder() / f"{one}.lines").exists()]
    for one in found:
        spool.discard(one)
    Import.objects.filter(pk__in=found, state__in=(NEW, CHECKED)).update(state=CANCELLED, ended_at=timezone.now())
    return len(found)


def _run(made: Import, user: User) -> None:
    made.state, made.problem, made.ended_at = RUNNING, "", None
    _start(made, user, RUN_JOB)


def _start(made: Import, user: User, job: str) -> None:
    made.run = jobs.start(user, job, import_id=str(made.pk)).pk
    Import.objects.filter(pk=made.pk).update(run=made.run)


def _locked(user: User, import_id: UUID, *states: str) -> Import:
    check(user, EDIT)
    made = Import.objects.select_for_update().filter(pk=import_id).first()
    if made is None:
        raise UnknownError(_("There is no such import."))
    if made.state not in states:
        text = _("This is not possible while the import is “%(state)s”.")
        raise ConflictError(text % {"state": IMPORT_STATES[made.state].title})
    return made


def _record(actor: User | str, action: str, made: Import) -> None:
    counts = ("lines", "fresh", "duplicates", "present", "bad", "added", "refused")
    about = {"list": made.list, "state": made.state} | {name: getattr(made, name) for name in counts}
    record(actor, action, "list_import", made.pk, about)


def _now() -> int:
    return int(timezone.now().timestamp() * 1000)
