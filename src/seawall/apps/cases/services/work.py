"""Notes with mentions, and tasks."""

from __future__ import annotations

import re
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.cases.models import Case, Note, Notification, Task
from seawall.apps.cases.scopes import may_see
from seawall.apps.cases.services import editing
from seawall.apps.cases.services.notifications import notify
from seawall.apps.errors import ConflictError, InvalidError, UnknownError

WORK = "cases.work"
LONGEST_NOTE = 10_000
LONGEST_TITLE = 200
MOST_TASKS = 200
MOST_MENTIONS = 20
_MENTION = re.compile(r"(?<![\w.@+-])@([\w.@+-]{1,64})")


def mentioned(text: str) -> list[str]:
    """Usernames that a text names with an @, folded, each once."""
    names = (found.rstrip(".-@+").casefold() for found in _MENTION.findall(text))
    return list(dict.fromkeys(name for name in names if name))[:MOST_MENTIONS]


def add_note(user: User, case_id: UUID, text: str, version: int | None = None) -> Note:
    """Write a note; whoever is named in it and may see the case is told. Closed cases take notes too."""
    text = text.strip()
    if not 0 < len(text) <= LONGEST_NOTE:
        words = _("A note has 1 to %(most)d characters.") % {"most": LONGEST_NOTE}
        raise InvalidError(words, {"text": words})
    with transaction.atomic():
        case = editing.locked_case(user, case_id, WORK, version)
        note = Note.objects.create(case=case, author=user, text=text)
        people = list(User.objects.filter(username__in=mentioned(text), is_active=True))
        told = notify(people, Notification.Kind.MENTIONED, case, by=user)
        editing.save(
            user, "case.note_added", case, {}, data={"note": str(note.pk), "told": told}, private={"text": text}
        )
    return note


def add_task(
    user: User, case_id: UUID, title: str, *, assignee: UUID | None = None, due_at: datetime | None = None,
    version: int | None = None,
) -> Task:  # fmt: skip
    """A thing to be done before the case is closed."""
    title = " ".join(title.split())
    if not 0 < len(title) <= LONGEST_TITLE:
        words = _("A task has 1 to %(most)d characters.") % {"most": LONGEST_TITLE}
        raise InvalidError(words, {"title": words})
    with transaction.atomic():
        case = editing.locked_case(user, case_id, WORK, version)
        _check_open(case)
        if case.tasks.count() >= MOST_TASKS:
            raise ConflictError(_("A case has at most %(most)d tasks.") % {"most": MOST_TASKS})
        person = _assignee(case, assignee)
        task = Task.objects.create(case=case, title=title, assignee=person, due_at=due_at, created_by=user)
        about = {"task": str(task.pk), "assignee": str(person.pk) if person else None}
        editing.save(user, "case.task_added", case, {}, data=about, private={"title": title})
        notify([person], Notification.Kind.TASK, case, by=user)
    return task


def finish_task(user: User, case_id: UUID, task_id: UUID, done: bool = True, version: int | None = None) -> Task:
    """Tick a task off, or untick it."""
    with transaction.atomic():
        case = editing.locked_case(user, case_id, WORK, version)
        _check_open(case)
        task = Task.objects.select_for_update().filter(pk=task_id, case=case).first()
        if task is None:
            raise UnknownError(_("There is no such task in this case."))
        if (task.done_at is not None) != done:
            task.done_at, task.done_by = (timezone.now(), user) if done else (None, None)
            task.save(update_fields=["done_at", "done_by"])
            action = "case.task_done" if done else "case.task_reopened"
            editing.save(user, action, case, {}, data={"task": str(task.pk)})
    return task


def _assignee(case: Case, person_id: UUID | None) -> User | None:
    if person_id is None:
        return None
    found = User.objects.filter(pk=person_id, is_active=True).first()
    if found is None or not may_see(found, case):
        text = _("This person may not see the case.")
        raise InvalidError(text, {"assignee": text})
    return found


def _check_open(case: Case) -> None:
    if case.state in (Case.State.CLOSED, Case.State.CLOSING):
        raise ConflictError(_("%(case)s is closed or about to be; reopen it first.") % {"case": case.number})
