"""What may happen to an entry, a change and an import: one table each, which services obey and pages show."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from seawall.apps.errors import ConflictError
from seawall.console.words import Word, words

DRAFT, WAITING, SENDING, ACTIVE = "draft", "waiting", "sending", "active"
EXPIRED, REMOVED, REFUSED, DONE, DROPPED = "expired", "removed", "refused", "done", "dropped"
OPEN = (DRAFT, WAITING, SENDING, ACTIVE)  # entries of one key that stand in the way of another

STATES = words(
    Word(DRAFT, pgettext_lazy("entry of a list", "Draft"), "edit", "neutral"),
    Word(WAITING, pgettext_lazy("entry of a list", "Waits for approval"), "clock", "notice"),
    Word(SENDING, pgettext_lazy("entry of a list", "On its way"), "send", "info"),
    Word(ACTIVE, pgettext_lazy("entry of a list", "Active"), "check-circle", "good"),
    Word(EXPIRED, pgettext_lazy("entry of a list", "Expired"), "clock", "neutral"),
    Word(REMOVED, pgettext_lazy("entry of a list", "Removed"), "x", "neutral"),
    Word(REFUSED, pgettext_lazy("entry of a list", "Refused"), "x-circle", "bad"),
)
# step -> (from, to). The journal has the last word: what the follower reads there stands whatever was before.
STEPS: Mapping[str, tuple[tuple[str, ...], str]] = MappingProxyType({
    "submit": ((DRAFT,), WAITING),
    "send": ((DRAFT, WAITING), SENDING),
    "arrive": ((SENDING,), ACTIVE),
    "refuse": ((WAITING, SENDING), REFUSED),
    "discard": ((DRAFT,), REMOVED),
    "expire": ((ACTIVE,), EXPIRED),
    "remove": ((ACTIVE,), REMOVED),
})  # fmt: skip

CHANGE_STATES = words(
    Word(WAITING, pgettext_lazy("change of a list", "Waits for approval"), "clock", "notice"),
    Word(SENDING, pgettext_lazy("change of a list", "On its way"), "send", "info"),
    Word(DONE, pgettext_lazy("change of a list", "In the journal"), "check-circle", "good"),
    Word(REFUSED, pgettext_lazy("change of a list", "Refused by the engine"), "x-circle", "bad"),
    Word(DROPPED, pgettext_lazy("change of a list", "Not approved"), "x", "neutral"),
)

ADD, EXTEND, SHORTEN, REMOVE = "add", "extend", "shorten", "remove"
ACTIONS = words(
    Word(ADD, pgettext_lazy("change of a list", "Add"), "plus"),
    Word(EXTEND, pgettext_lazy("change of a list", "Extend"), "clock"),
    Word(SHORTEN, pgettext_lazy("change of a list", "Shorten"), "clock"),
    Word(REMOVE, pgettext_lazy("change of a list", "Remove"), "trash"),
)
# Whatever lowers protection takes two people: (action, kind of list).
TWO_PEOPLE = frozenset(
    {(ADD, "allow"), (EXTEND, "allow"), (REMOVE, "deny"), (SHORTEN, "deny"), (REMOVE, "watch"), (SHORTEN, "watch")}
)

KINDS = words(
    Word("allow", gettext_lazy("Allow list"), "check-circle", "good"),
    Word("deny", gettext_lazy("Deny list"), "x-circle", "bad"),
    Word("watch", gettext_lazy("Watch list"), "eye", "notice"),
)
PERSON, CASE, IMPORT, ACTION, API = "person", "case", "import", "action", "api"
SOURCES = words(
    Word(PERSON, pgettext_lazy("source of an entry", "Person"), "user"),
    Word(CASE, pgettext_lazy("source of an entry", "Case"), "folder"),
    Word(IMPORT, pgettext_lazy("source of an entry", "Import"), "upload"),
    Word(ACTION, pgettext_lazy("source of an entry", "Action"), "bolt"),
    Word(API, pgettext_lazy("source of an entry", "Decision API"), "send"),
)

NEW, CHECKED, RUNNING, CANCELLED, FAILED = "new", "checked", "running", "cancelled", "failed"
IMPORT_STATES = words(
    Word(NEW, pgettext_lazy("import of a list", "Being checked"), "search", "info"),
    Word(CHECKED, pgettext_lazy("import of a list", "Checked, nothing done yet"), "check-list", "notice"),
    Word(WAITING, pgettext_lazy("import of a list", "Waits for approval"), "clock", "notice"),
    Word(RUNNING, pgettext_lazy("import of a list", "Running"), "play", "info"),
    Word(DONE, pgettext_lazy("import of a list", "Done"), "check-circle", "good"),
    Word(CANCELLED, pgettext_lazy("import of a list", "Cancelled"), "pause", "neutral"),
    Word(REFUSED, pgettext_lazy("import of a list", "Not approved"), "x", "neutral"),
    Word(FAILED, pgettext_lazy("import of a list", "Stopped"), "x-circle", "bad"),
)


def step(action: str, state: str) -> str:
    """Where a step leads from a state. ConflictError where it is not possible."""
    sources, to = STEPS[action]
    if state not in sources:
        text = _("This is not possible while the entry is “%(state)s”.")
        raise ConflictError(text % {"state": STATES[state].title})
    return to
