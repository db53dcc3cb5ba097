"""After an erasure the masks of the subject's values go, too: a mask still tells of a value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from seawall.apps.decisions.archive import archive
from seawall.apps.decisions.models import Entity, EntityLink, ErasureRow
from seawall.apps.decisions.registry import register_erasure_follower
from seawall.apps.lists.models import Entry

_AT_ONCE = 500


def follow(erasures: Sequence[ErasureRow], kinds: frozenset[str]) -> None:
    """Forget the mask of each entry whose stand-in's link the erasures cut. The stand-in itself says nothing.

    A link can only be cut where an event named the key together with an erased subject, or the key was the subject."""
    for kind, values in _near({one.subject for one in erasures}, kinds).items():
        for first in range(0, len(values), _AT_ONCE):
            masked = Entry.objects.filter(kind=kind, key__in=values[first : first + _AT_ONCE]).exclude(shown="")
            keys = sorted(set(masked.values_list("key", flat=True)))
            cut = [key for key, is_linked in zip(keys, archive().linked(keys), strict=True) if not is_linked]
            Entry.objects.filter(kind=kind, key__in=cut).update(shown="")


def _near(subjects: set[str], kinds: frozenset[str]) -> dict[str, list[str]]:
    """The values that decisions know together with these subjects, by kind of entity."""
    shared = EntityLink.objects.filter(entity__kind__in=kinds, entity__value__in=subjects).values("sequence")
    beside = EntityLink.objects.filter(sequence__in=shared).values("entity")
    found: dict[str, list[str]] = defaultdict(list)
    for kind, value in Entity.objects.filter(pk__in=beside).values_list("kind", "value"):
        found[kind].append(value)
    return found


def register() -> None:
    """Have the follower of the journal hand over erasures."""
    register_erasure_follower(follow)
