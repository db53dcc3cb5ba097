"""Where other rooms join in: hooks of the follower, and what they have about a decision or an entity."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from seawall.console.words import Text, Word
from seawall.engine.journal import ActivationRecord
from seawall.engine.pack.model import Action, Pack
from seawall.engine.settings import SettingEntry

if TYPE_CHECKING:
    from seawall.apps.accounts.models import User
    from seawall.apps.accounts.scope import Scope
    from seawall.apps.decisions.models import DecisionRow, Entity, ErasureRow, ListRow
    from seawall.console.pages import Action as Button
    from seawall.engine.door import Event


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule, deny list or table row that fired, as the deciding policy has it; `outcome` "" where it states none."""

    rule: str
    title: dict[str, str]
    score: int
    severity: str
    reason: str
    outcome: str
    tags: tuple[str, ...]
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class Followed:
    """A decision that has just been indexed. `entities` are (kind, value) pairs, values as admitted.

    `others`: what the policies that did not serve made of the event (`EventRecord.others`); `list_hits`: LIST/ENTRY of
    each entry that the event met.
    """

    row: DecisionRow
    fired: tuple[Fired, ...]
    entities: tuple[tuple[str, str], ...]
    event: Event
    others: tuple[Any, ...] = ()
    list_hits: tuple[str, ...] = ()


Follower = Callable[[Sequence[Followed]], None]
SettingRecord = tuple[int, SettingEntry | ActivationRecord]
SettingFollower = Callable[[Sequence[SettingRecord], Pack | None], None]
ListFollower = Callable[[Sequence["ListRow"]], None]
ErasureFollower = Callable[[Sequence["ErasureRow"], frozenset[str]], None]


@dataclass(frozen=True)
class Related:
    """A record of another room: an alert, a case."""

    title: Text
    url: str
    kind: Text = ""
    status: Word | None = None


@dataclass(frozen=True)
class Neighbour:
    """A room that knows more. Each function is asked only if given.

    `of_decision` and `of_entity` return what this person may know of. `within(scope)` gives the sequence numbers of
    decisions that belong to the cases or queues a scope names (None: it names none of this room's). `acts(kind, value,
    **about)` gives buttons for pages about an entity; `about` may name the `decision` or `case` that the page shows.
    """

    key: str
    of_decision: Callable[[User, DecisionRow], Iterable[Related]] | None = None
    of_entity: Callable[[User, Entity], Iterable[Related]] | None = None
    within: Callable[[Scope], QuerySet | None] | None = None
    acts: Callable[..., Iterable[Button]] | None = None


_FOLLOWERS: list[Follower] = []
_SETTING_FOLLOWERS: list[SettingFollower] = []
_LIST_FOLLOWERS: list[ListFollower] = []
_ERASURE_FOLLOWERS: list[ErasureFollower] = []
_NEIGHBOURS: dict[str, Neighbour] = {}


def register_follower(follower: Follower) -> Follower:
    """Have a function called with each batch of new decisions, inside the transaction that indexes them.

    So what it writes to the control database happens exactly once a decision. Where it raises, nothing of the batch is
    kept and the batch comes again. It must not wait for anything outside. Registering it again changes nothing.
    """
    if follower not in _FOLLOWERS:
        _FOLLOWERS.append(follower)
    return follower


def unregister_follower(follower: Follower) -> None:
    """Take a function out again."""
    if follower in _FOLLOWERS:
        _FOLLOWERS.remove(follower)


def followers() -> tuple[Follower, ...]:
    """All of them, in the order of registration."""
    return tuple(_FOLLOWERS)


def register_setting_follower(follower: SettingFollower) -> SettingFollower:
    """The same for entries of limits and switches and the changes of policy between them, with the pack that was active
    before. Registering it again changes nothing."""
    if follower not in _SETTING_FOLLOWERS:
        _SETTING_FOLLOWERS.append(follower)
    return follower


def setting_followers() -> tuple[SettingFollower, ...]:
    """All of them, in the order of registration."""
    return tuple(_SETTING_FOLLOWERS)


def register_list_follower(follower: ListFollower) -> ListFollower:
    """The same for records of lists, before the batch's decisions. Registering it again changes nothing."""
    if follower not in _LIST_FOLLOWERS:
        _LIST_FOLLOWERS.append(follower)
    return follower


def list_followers() -> tuple[ListFollower, ...]:
    """All of them, in the order of registration."""
    return tuple(_LIST_FOLLOWERS)


def register_erasure_follower(follower: ErasureFollower) -> ErasureFollower:
    """The same for erasures, after everything else of the batch is indexed, with the kinds of entity that the subjects
    may be. Registering it again changes nothing."""
    if follower not in _ERASURE_FOLLOWERS:
        _ERASURE_FOLLOWERS.append(follower)
    return follower


def erasure_followers() -> tuple[ErasureFollower, ...]:
    """All of them, in the order of registration."""
    return tuple(_ERASURE_FOLLOWERS)


def register_neighbour(neighbour: Neighbour) -> None:
    """Make a room's knowledge appear on the pages of decisions and entities."""
    _NEIGHBOURS[neighbour.key] = neighbour


def related_to_decision(user: User, row: DecisionRow) -> list[Related]:
    """What all rooms have about a decision."""
    return [one for n in _NEIGHBOURS.values() if n.of_decision for one in n.of_decision(user, row)]


def related_to_entity(user: User, entity: Entity) -> list[Related]:
    """What all rooms have about an entity."""
    return [one for n in _NEIGHBOURS.values() if n.of_entity for one in n.of_entity(user, entity)]


def buttons(kind: str, value: str, **about: object) -> list[Button]:
    """What all rooms offer to do about an entity; nothing where there is none."""
    if not value:
        return []
    return [one for n in _NEIGHBOURS.values() if n.acts for one in n.acts(kind, value, **about)]


def within(scope: Scope) -> list[QuerySet]:
    """Sequence numbers of the decisions that the cases and queues of a scope hold, room by room."""
    found = [neighbour.within(scope) for neighbour in _NEIGHBOURS.values() if neighbour.within]
    return [one for one in found if one is not None]
