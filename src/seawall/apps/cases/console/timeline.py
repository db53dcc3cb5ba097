"""The timeline of a case or alert: ledger entries in words, with notes and hits between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from seawall.apps.accounts.models import User
from seawall.apps.audit.models import Outbox
from seawall.apps.cases.models import AlertHit, Note
from seawall.apps.cases.services.editing import actor_title
from seawall.apps.cases.severity import severity_name
from seawall.apps.cases.states import ALERT_STATES, CASE_STATES
from seawall.console.pages import Moment
from seawall.console.words import SEVERITIES, Text, Word, word, words

# What the room writes to the ledger, as people read it.
ACTIONS = words(
    Word("alert.snoozed", _("Snoozed"), "pause"),
    Word("alert.woken", _("Back as work"), "play"),
    Word("alert.dismissed", _("Dismissed"), "check", "good"),
    Word("alert.suppressed", _("Suppressed"), "eye-off"),
    Word("alert.lifted", _("Suppression lifted"), "eye"),
    Word("alert.lapsed", _("Suppression over"), "clock"),
    Word("alert.in_case", _("Put into a case"), "folder", "info"),
    Word("alert.detached", _("Taken out of the case"), "x"),
    Word("alert.closed", _("Closed with its case"), "check-circle", "good"),
    Word("alert.reopened", _("Reopened with its case"), "refresh", "notice"),
    Word("case.opened", _("Opened"), "plus", "info"),
    Word("case.taken", _("Taken"), "user", "info"),
    Word("case.assigned", _("Assigned"), "users", "info"),
    Word("case.waiting", _("Waiting for the customer; the clock stands still"), "pause"),
    Word("case.resumed", _("Goes on; the clock runs"), "play"),
    Word("case.escalated", _("Escalated"), "arrow-up", "serious"),
    Word("case.overdue", _("The time limit has passed"), "alert", "bad"),
    Word("case.closure_asked", _("Closure asked for"), "clock", "notice"),
    Word("case.closure_returned", _("Closure not approved"), "x-circle", "notice"),
    Word("case.closed", _("Closed by a second person"), "check-circle", "good"),
    Word("case.reopened", _("Reopened"), "refresh", "notice"),
    Word("case.restricted", _("Restricted"), "lock", "notice"),
    Word("case.unrestricted", _("No longer restricted"), "lock"),
    Word("case.person_added", _("A person was let in"), "user"),
    Word("case.alerts_added", _("Alerts added"), "bell", "info"),
    Word("case.alert_removed", _("An alert was taken out"), "x"),
    Word("case.entity_added", _("An entity was named"), "plus"),
    Word("case.note_added", _("Note"), "note"),
    Word("case.task_added", _("Task added"), "check-list"),
    Word("case.task_done", _("Task done"), "check", "good"),
    Word("case.task_reopened", _("Task not done after all"), "refresh"),
    Word("case.evidence_added", _("Evidence added"), "file", "info"),
    Word("case.evidence_taken", _("Evidence taken out"), "download"),
    Word("case.evidence_tampered", _("Evidence was changed on the disk"), "alert", "bad"),
    Word("case.exported", _("Exported"), "download"),
    Word("label.delivered", _("Label in the journal"), "flag", "good"),
    Word("label.refused", _("Label refused by the journal"), "flag", "bad"),
)
FIELDS: Mapping[str, Text] = {
    "state": _("State"),
    "severity": _("Severity"),
    "assignee": _("Assignee"),
    "disposition": _("Disposition"),
    "sha256": "SHA-256",
    "sequence": _("Journal"),
}


def moment_of(entry: Outbox, people: Mapping[str, str] | None = None) -> Moment:
    """A ledger entry as a line of the timeline."""
    one = word(ACTIONS, entry.action)
    kind, _sep, key = entry.actor.partition(":")
    by = "" if kind != "user" else (people or {}).get(key) or actor_title(entry.actor)
    said = [f"{FIELDS[name]}: {_value(name, old)} → {_value(name, new)}"
            for name, (old, new) in entry.data.get("changed", {}).items()
            if name in ("state", "severity")]  # fmt: skip
    said += [
        f"{FIELDS[name]}: {entry.data[name]}" for name in ("disposition", "sha256", "sequence") if entry.data.get(name)
    ]
    return Moment(entry.created_at, one.title, " · ".join(said), by, one.icon, one.tone, entry.ledger_index)


def timeline(entries: Iterable[Outbox], notes: Iterable[Note], hits: Iterable[AlertHit], urls: Any) -> list[Moment]:
    """Everything that happened, the newest first. `urls(hit)` gives the address of a hit's decision."""
    rows = list(entries)
    names = people_of(rows)
    texts = {str(note.pk): note.text for note in notes}
    found = []
    for entry in rows:
        moment = moment_of(entry, names)
        if entry.action == "case.note_added":
            text = texts.get(str(entry.data.get("note")), "")
            moment = Moment(moment.at, moment.title, text, moment.by, moment.icon, moment.tone, moment.ledger)
        found.append(moment)
    found += [
        Moment(hit.at, f"{hit.alert.headline} · {hit.event_type}", "", "", "bell", SEVERITIES[hit.severity_name].tone,
               None, urls(hit))
        for hit in hits
    ]  # fmt: skip
    return sorted(found, key=lambda one: one.at, reverse=True)


def people_of(entries: Iterable[Outbox]) -> dict[str, str]:
    """Id → name of the people in some entries, in one query."""
    keys = {one.actor.partition(":")[2] for one in entries if one.actor.startswith("user:")}
    return {str(one.pk): str(one) for one in User.objects.filter(pk__in=[UUID(key) for key in keys])}


def _value(name: str, value: object) -> Text:
    if name == "severity" and isinstance(value, int):
        return SEVERITIES[severity_name(value)].title
    known = CASE_STATES.get(str(value)) or ALERT_STATES.get(str(value))
    return known.title if known else str(value)
