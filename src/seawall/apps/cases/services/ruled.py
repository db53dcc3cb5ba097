"""Cases that rules open: the action `open_case` of a fired rule puts its alert into a case before anybody looked.

An alert that waits joins the open case about the same entity and typology, else gets a case of its own. One that is in
a case stays there; one that a person put aside (snoozed, suppressed) stays aside. Called by intake, in its transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seawall.apps.audit.services import SYSTEM
from seawall.apps.cases.models import Alert, Case, CaseAlert, Notification, Queue
from seawall.apps.cases.services import editing, opening, sla
from seawall.apps.cases.services.notifications import notify
from seawall.apps.cases.table import Table

RANK = 50  # of a queue made from the table
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Asked:
    """A rule wants a case for an alert, because of one decision; `queue`: the one it names, if there is one."""

    alert: Alert
    queue: Queue | None
    rule: str
    sequence: int


def queue_of(key: str, known: list[Queue], wanted: Table) -> Queue | None:
    """The queue that a rule names: one of the active ones, else made as the table says and added to them; None where
    neither knows it, or it takes no new work."""
    found = next((one for one in known if one.key == key), None)
    if found is not None or key not in wanted.queues:
        return found
    named = wanted.queues[key]
    made, new = Queue.objects.get_or_create(key=key, defaults={
        "title_zh": named.title["zh"], "title_en": named.title["en"], "rank": RANK, "reasons": list(named.typologies),
    })  # fmt: skip
    if not made.active:
        return None
    if new:
        known.append(made)
        known.sort(key=lambda one: (one.rank, one.key))
    return made


def open_or_join(asked: Sequence[Asked]) -> int:
    """Give the alerts their cases; how many alerts were put into one."""
    waiting = [one for one in asked if one.alert.state == Alert.State.NEW]
    cases = _open_cases([one.alert.key for one in waiting])
    done = 0
    for one in waiting:
        if one.alert.state != Alert.State.NEW:
            continue  # an earlier decision of the batch asked for it too
        case = cases.get(one.alert.key)
        if case is None or _taken_out(case, one.alert):
            cases[one.alert.key] = _open(one)
        else:
            _join(case, one)
        done += 1
    return done


def _open_cases(keys: Sequence[Key]) -> dict[Key, Case]:
    """Cases at work that hold an alert of the key, the newest of each."""
    links = CaseAlert.objects.filter(removed_at=None, alert__entity_value__in={value for _kind, value, _code in keys})
    links = links.exclude(case__state__in=(Case.State.CLOSED, Case.State.CLOSING)).order_by("case__serial")
    wanted, found, each = set(keys), {}, {}
    for link in links.select_related("alert", "case__queue", "case__assignee"):
        if link.alert.key in wanted:
            found[link.alert.key] = each.setdefault(link.case_id, link.case)  # one object a case: its version counts up
    return found


def _taken_out(case: Case, alert: Alert) -> bool:
    """Whether a person took the alert out of the case: it does not go back there by itself."""
    return CaseAlert.objects.filter(case=case, alert=alert, removed_at__isnull=False).exists()


def _open(one: Asked) -> Case:
    queue = one.queue or one.alert.queue
    about = {"rule": one.rule, "decision": one.sequence}
    case = opening.create(SYSTEM, [one.alert], queue=queue, about=about)
    _move(one.alert, queue)
    notify([case.assignee], Notification.Kind.ASSIGNED, case)
    return case


def _join(case: Case, one: Asked) -> None:
    opening.link(SYSTEM, case, [one.alert])
    _move(one.alert, case.queue)
    changed: dict[str, object] = {}
    if one.alert.severity > case.severity:
        changed = {"severity": one.alert.severity, **sla.hasten(case, one.alert.severity)}
    about = {"alerts": [str(one.alert.pk)], "rule": one.rule, "decision": one.sequence}
    editing.save(SYSTEM, "case.alerts_added", case, changed, data=about)
    notify([case.assignee], Notification.Kind.NEW_HIT, case)


def _move(alert: Alert, queue: Queue) -> None:
    """Whoever works the case must see its alert."""
    if alert.queue_id != queue.pk:
        alert.queue = queue
        alert.save(update_fields=["queue"])
