"""Queues: made and changed by those who assign work; whose turn it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import check
from seawall.apps.audit.services import record
from seawall.apps.cases.models import Case, Queue
from seawall.apps.cases.models.queue import DEFAULT_HOURS
from seawall.apps.cases.severity import SEVERITIES
from seawall.apps.errors import ConflictError, InvalidError, UnknownError
from seawall.apps.timers.calendars import ALWAYS, CalendarError, calendar_of

MANAGE = "cases.assign"
DEFAULT_KEY = "general"
LAST_RANK = 9_999
_KEY = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_MOST = 200
_LONGEST_HOURS = 24 * 366


@dataclass(frozen=True)
class Wanted:
    """A queue as somebody wants it."""

    key: str
    title_zh: str
    title_en: str
    rank: int = 50
    severities: Sequence[str] = ()
    reasons: Sequence[str] = ()
    event_types: Sequence[str] = ()
    assignment: str = Queue.Assignment.MANUAL
    hours: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_HOURS))
    calendar: str = ALWAYS.key
    active: bool = True
    members: Sequence[UUID | str] = ()

    def fields(self) -> dict[str, object]:
        """The columns, checked. InvalidError names the field at fault."""
        self._check()
        columns = asdict(self)
        del columns["members"]
        for name in ("severities", "reasons", "event_types"):
            columns[name] = list(dict.fromkeys(columns[name]))
        return columns | {"hours": dict(self.hours)}

    def _check(self) -> None:
        wrong: dict[str, str] = {}
        if not _KEY.fullmatch(self.key):
            wrong["key"] = _("Small letters, digits, - and _, at most 40, a letter first.")
        for name in ("title_zh", "title_en"):
            if not 0 < len(getattr(self, name).strip()) <= 80:
                wrong[name] = _("1 to 80 characters.")
        if not 0 <= self.rank <= LAST_RANK:
            wrong["rank"] = _("0 to %(last)d.") % {"last": LAST_RANK}
        if unknown := [one for one in self.severities if one not in SEVERITIES]:
            wrong["severities"] = _("There is no severity %(name)s.") % {"name": unknown[0]}
        for name in ("reasons", "event_types"):
            if len(getattr(self, name)) > _MOST or any(not 0 < len(one) <= 100 for one in getattr(self, name)):
                wrong[name] = _("At most %(most)d names of 1 to 100 characters.") % {"most": _MOST}
        if self.assignment not in tuple(Queue.Assignment):
            wrong["assignment"] = _("There is no such way.")
        if set(self.hours) != set(SEVERITIES) or not all(0 < one <= _LONGEST_HOURS for one in self.hours.values()):
            wrong["hours"] = _("Hours for each severity, more than 0, at most %(most)d.") % {"most": _LONGEST_HOURS}
        try:
            calendar_of(self.calendar)
        except CalendarError as error:
            wrong["calendar"] = str(error)
        if wrong:
            raise InvalidError(" ".join(wrong.values()), wrong)


def default_queue() -> Queue:
    """The queue of what no other takes: the one of the last rank, made on first use."""
    found = Queue.objects.filter(active=True).order_by("-rank", "-key").first()
    if found is not None and not (found.severities or found.reasons or found.event_types):
        return found
    made, _made = Queue.objects.get_or_create(
        key=DEFAULT_KEY, defaults={"title_zh": "通用", "title_en": "General", "rank": LAST_RANK}
    )
    return made


def create_queue(user: User, wanted: Wanted) -> Queue:
    """A new queue. DeniedError, InvalidError, ConflictError for a key that is taken."""
    check(user, MANAGE)
    fields = wanted.fields()
    with transaction.atomic():
        if Queue.objects.filter(key=wanted.key).exists():
            raise ConflictError(_("There is a queue of this key already."))
        queue = Queue.objects.create(**fields)
        queue.members.set(_people(wanted.members))
        record(user, "queue.created", "queue", queue.pk, {"version": queue.version, "key": queue.key})
    return queue


def change_queue(user: User, queue_id: UUID, wanted: Wanted, version: int | None = None) -> Queue:
    """Change a queue; its key stays. Clocks that run already keep their deadline."""
    check(user, MANAGE)
    fields = wanted.fields()
    with transaction.atomic():
        queue = Queue.objects.select_for_update().filter(pk=queue_id).first()
        if queue is None:
            raise UnknownError(_("There is no such queue."))
        if version is not None and version != queue.version:
            raise ConflictError(_("This queue was changed after you opened it. Reload, then decide again."))
        if wanted.key != queue.key:
            raise InvalidError(_("The key of a queue cannot change."), {"key": _("Cannot change.")})
        changed = {name: value for name, value in fields.items() if getattr(queue, name) != value}
        for name, value in changed.items():
            setattr(queue, name, value)
        queue.version += 1
        queue.save(update_fields=[*changed, "version"])
        queue.members.set(_people(wanted.members))
        about = {"version": queue.version, "key": queue.key, "fields": sorted(changed), "members": len(wanted.members)}
        record(user, "queue.changed", "queue", queue.pk, about)
    return queue


def route(severity: int, reason: str, event_type: str = "") -> Queue:
    """The queue that takes such work."""
    takes = (one for one in Queue.objects.filter(active=True) if one.takes(severity, reason, event_type))
    return next(takes, None) or default_queue()


def pick(queue: Queue, restricted: bool = False) -> User | None:
    """Whose turn it is in a queue that assigns by itself; None where that is for people to say.

    In turn: the next member by name after the last one. Fewest open cases: of equal ones the first by name. Members
    who may not work cases of this queue now are passed over.
    """
    if queue.assignment == Queue.Assignment.MANUAL:
        return None
    able = [
        one for one in queue.members.filter(is_active=True).order_by("username") if one.has_perm("cases.work", queue)
    ]
    if restricted:
        able = [one for one in able if one.has_perm("cases.restricted")]
    if not able:
        return None
    if queue.assignment == Queue.Assignment.LOAD:
        open_cases = Count("cases", filter=~Q(cases__state=Case.State.CLOSED))
        load = dict(User.objects.filter(pk__in=[one.pk for one in able]).annotate(n=open_cases).values_list("pk", "n"))
        return min(able, key=lambda one: (load[one.pk], one.username))
    last = queue.last_assignee.username if queue.last_assignee else ""
    chosen = next((one for one in able if one.username > last), able[0])
    queue.last_assignee = chosen
    queue.save(update_fields=["last_assignee"])
    return chosen


def _people(ids: Sequence[UUID | str]) -> list[User]:
    found = list(User.objects.filter(pk__in=ids, is_active=True))
    if len(found) != len({str(one) for one in ids}):
        raise InvalidError(_("A member is not an active person here."), {"members": _("Not an active person.")})
    return found
