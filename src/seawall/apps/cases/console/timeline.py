"""The timeline of a case or alert: ledger entries in words, with notes and hits between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from seawall.apps.audit import moments
from seawall.apps.audit.models import Outbox
from seawall.apps.audit.words import field_title
from seawall.apps.cases.changes import changes_of
from seawall.apps.cases.models import AlertHit, Note
from seawall.apps.decisions.reading import event_titles
from seawall.console.pages import Moment
from seawall.console.words import SEVERITIES

SHOWN = ("state", "severity")  # fields whose change a timeline tells
TOLD = ("disposition", "sha256", "sequence")


def moment_of(entry: Outbox, people: Mapping[str, str]) -> Moment:
    """A ledger entry as a line of the timeline; `people` as of `audit.moments.people_of`."""
    said = [f"{name}: {old} → {new}" for name, old, new in changes_of(entry, SHOWN)]
    said += [f"{field_title(name)}: {entry.data[name]}" for name in TOLD if entry.data.get(name)]
    return moments.moment_of(entry, people, " · ".join(said))


def moments_of(entries: Iterable[Outbox]) -> list[Moment]:
    """Each entry, in the order given."""
    rows = list(entries)
    names = moments.people_of(rows)
    return [moment_of(one, names) for one in rows]


def timeline(entries: Iterable[Outbox], notes: Iterable[Note], hits: Iterable[AlertHit], urls: Any) -> list[Moment]:
    """Everything that happened, the newest first. `urls(hit)` gives the address of a hit's decision."""
    rows = list(entries)
    names = moments.people_of(rows)
    texts = {str(note.pk): note.text for note in notes}
    found = []
    for entry in rows:
        if entry.action == "case.note_added":
            found.append(moments.moment_of(entry, names, texts.get(str(entry.data.get("note")), "")))
        else:
            found.append(moment_of(entry, names))
    shown = list(hits)
    types = event_titles() if shown else {}
    for hit in shown:
        title = f"{hit.alert.headline} · {types.get(hit.event_type, hit.event_type)}"
        found.append(Moment(hit.at, title, "", "", "bell", SEVERITIES[hit.severity_name].tone, None, urls(hit)))
    return sorted(found, key=lambda one: one.at, reverse=True)
