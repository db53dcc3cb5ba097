"""What lists the active policy declares, and values of their keys as people write and see them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from seawall.apps.decisions.archive import archive
from seawall.apps.decisions.reading import titles
from seawall.apps.decisions.words import mask_kind, titled
from seawall.apps.errors import InvalidError, UnknownError
from seawall.apps.lists.models import LONGEST_KEY, Entry
from seawall.console.formatting import short_id
from seawall.engine.event import Field
from seawall.engine.lists import ListDefinition
from seawall.sealing import mask

_STAND_IN = re.compile(r"[a-z2-7]{26}")
HIDDEN = "***"


def definitions() -> Mapping[str, ListDefinition]:
    """Every list of the active policy, by name; {} before the first."""
    policy = titles()
    return policy.pack.lists if policy else {}


def definition(name: str) -> ListDefinition:
    """One of them. UnknownError where the active policy has none of that name."""
    found = definitions().get(name)
    if found is None:
        raise UnknownError(_("The active policy has no list of this name."))
    return found


def title(name: str) -> str:
    """What a list is called; its name where the active policy has it no more."""
    found = definitions().get(name)
    return titled(found.title, name) if found else name


def field_of(found: ListDefinition) -> Field | None:
    """The key field of a list's entries, as an event type declares it."""
    policy = titles()
    events = policy.pack.events.values() if policy else ()
    return next((kind.fields[found.key] for kind in events if found.key in kind.fields), None)


def is_sensitive(found: ListDefinition) -> bool:
    """Whether keys of the list are kept as stand-ins."""
    field = field_of(found)
    return field is not None and field.pseudonymised


def entity_kind(found: ListDefinition) -> str:
    """The kind of entity a list is of."""
    field = field_of(found)
    return (field.space or field.name) if field is not None else ""


@dataclass(frozen=True)
class Key:
    """A value for a list. `key`: as the journal has it, "" where it has none yet; `shown`: the mask of a sensitive one;
    `clear`: what the door must be told, "" where it is told `key`."""

    key: str
    shown: str = ""
    clear: str = ""


def key_problem(text: str) -> str:
    """Why a text can be no key, for people; "" where it can."""
    if not text:
        return _("The value is empty.")
    if len(text) > LONGEST_KEY:
        return _("The value is longer than %(most)d characters.") % {"most": LONGEST_KEY}
    return "" if text.isprintable() else _("The value holds a character that cannot be printed.")


def is_stand_in(space: str, text: str) -> bool:
    """Whether a text is a stand-in of this space, as decisions show it."""
    return text.startswith(f"{space}_") and _STAND_IN.fullmatch(text[len(space) + 1 :]) is not None


def key_of(found: ListDefinition, text: str) -> Key:
    """A value as people know it. InvalidError for what can be no key; ArchiveError where the key store is broken."""
    text = text.strip()
    if problem := key_problem(text):
        raise InvalidError(problem, {"key": problem})
    if not is_sensitive(found):
        return Key(text)
    space = entity_kind(found)
    if is_stand_in(space, text):
        return Key(text)
    return Key(archive().surrogate(space, text) or "", masked_as(found, text), text)


def masked_as(found: ListDefinition, text: str) -> str:
    """The mask of a list's value, by the name of its key field."""
    return mask(mask_kind(found.key), text)


def display(entry: Entry) -> str:
    """An entry's value for the page: whole, or a mask where it is sensitive."""
    return entry.shown or short_id(entry.key) or HIDDEN


def masked(entry: Entry) -> str:
    """An entry's value for a file that leaves the platform."""
    return entry.shown or (mask("generic", entry.key) if entry.key else HIDDEN)
