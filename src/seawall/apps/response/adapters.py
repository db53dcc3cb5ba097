"""How each type of action is carried out: on our own engine, or outwards. A type without an adapter is not offered.

An adapter works inside the transaction of the command: it puts deliveries into the outbox and waits for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.cases.models import Queue
from seawall.apps.cases.services import opening
from seawall.apps.decisions.reading import titles
from seawall.apps.decisions.words import titled
from seawall.apps.outbox import contacts, services, webhooks
from seawall.apps.outbox.models import Contact, Delivery, Endpoint
from seawall.apps.response.models import Action
from seawall.console.formatting import short_id
from seawall.engine.lists import ListDefinition
from seawall.engine.times import format_instant

ABOUT = "action"
Actor = User | str


@dataclass(frozen=True)
class Asked:
    """What an action would be: its kind's name, target and parameters."""

    kind: str
    target_kind: str
    target: str
    parameters: dict[str, Any]


class Adapter(Protocol):
    """One way to carry a type of action out. `lapses`: what it set ends by itself at the end of its time."""

    lapses: bool
    undo_within: timedelta | None  # None: for as long as it holds; zero: never

    def problem(self, asked: Asked) -> str:
        """Why it cannot be done here, for people; "" where it can."""
        ...

    def place(self, asked: Asked) -> str:
        """What it acts on, for people: a list, a limit, a group."""
        ...

    def four_eyes(self, asked: Asked) -> bool:
        """Whether what it acts on demands a second person."""
        ...

    def start(self, action: Action, actor: Actor) -> dict[str, Any]:
        """Put the deliveries that carry it out; what to keep for the undo (`{"done": …}` where nothing was put)."""
        ...

    def undo(self, action: Action, actor: Actor) -> None:
        """Put the deliveries that take it back."""
        ...


_ADAPTERS: dict[str, Adapter] = {}


def register(kind: str, adapter: Adapter) -> None:
    """Give a type its adapter; rooms that can do more bring theirs."""
    _ADAPTERS[kind] = adapter


def adapter_of(kind: str) -> Adapter | None:
    """The adapter of a type; None where this version has none."""
    return _ADAPTERS.get(kind)


def _first_delivery(action: Action) -> Delivery | None:
    return Delivery.objects.filter(about_type=ABOUT, about_id=str(action.pk), undo_of=None).order_by("position").first()


class OnList:
    """An entry on a list of the policy: chosen by its outcome (`deny` lists), or named by the parameter `list`."""

    lapses = True
    undo_within = None

    def __init__(self, outcome: str = "") -> None:
        self._outcome = outcome

    def _list(self, asked: Asked) -> ListDefinition | None:
        policy = titles()
        if policy is None:
            return None
        if not self._outcome:
            found = policy.pack.lists.get(str(asked.parameters.get("list", "")))
            return found if found is not None and _fits(policy.pack, found.key, asked.target_kind) else None
        fitting = (
            one for one in policy.pack.lists.values()
            if one.kind == "deny" and one.outcome == self._outcome and not one.legal
            and _fits(policy.pack, one.key, asked.target_kind)
        )  # fmt: skip
        return next(fitting, None)

    def problem(self, asked: Asked) -> str:
        """No list fits."""
        if self._list(asked) is not None:
            return ""
        if not self._outcome:
            return _("The policy has no list %(list)s for entities of this kind.") % {
                "list": asked.parameters.get("list", "")
            }
        return _("The policy has no list that does this to entities of the kind %(kind)s.") % {
            "kind": asked.target_kind or "—"
        }

    def place(self, asked: Asked) -> str:
        """The list's title."""
        found = self._list(asked)
        return titled(found.title, found.name) if found else ""

    def four_eyes(self, asked: Asked) -> bool:
        """As the list says."""
        found = self._list(asked)
        return found is not None and found.four_eyes

    def start(self, action: Action, actor: Actor) -> dict[str, Any]:
        """One entry, from now until the end of its time."""
        found = self._list(_asked_of(action))
        assert found is not None
        assert action.expires_at is not None
        body: dict[str, Any] = {
            "entry_id": f"action-{action.pk}", "key": action.target, "reason": action.reason[:500],
            "owner": action.actor, "valid_from": _instant(action.created_at),
            "valid_until": _instant(action.expires_at),
        }  # fmt: skip
        if action.approved_by_id:
            body["approved_by"] = f"user:{action.approved_by_id}"
        _put(action, actor, f"/v1/lists/{found.name}/entries", body, f"lists/{found.name}/{action.pk}")
        return {"list": found.name, "body": body}

    def undo(self, action: Action, actor: Actor) -> None:
        """The same entry, removed."""
        name = action.result["list"]
        _put_undo(action, actor, f"/v1/lists/{name}/entries", f"lists/{name}/{action.pk}")


class OnLimit:
    """An entry of a limit for one entity: named by `limit`, or the only one for entities of its kind."""

    lapses = True
    undo_within = None

    def _limit(self, asked: Asked) -> Any:
        policy = titles()
        found = [] if policy is None else [
            one for one in policy.pack.settings.values()
            if one.name.startswith("limits.") and one.entity and _fits(policy.pack, one.entity, asked.target_kind)
        ]  # fmt: skip
        wanted = str(asked.parameters.get("limit") or "")
        named = [one for one in found if one.name == f"limits.{wanted}"] if wanted else found
        return named[0] if len(named) == 1 else None

    def problem(self, asked: Asked) -> str:
        """No limit fits, or more than one, or the amount is none."""
        if self._limit(asked) is None:
            return _("Name one of the policy's limits for entities of this kind.")
        amount = asked.parameters.get("amount")
        if isinstance(amount, bool) or not str(amount).isdecimal() or int(str(amount)) > 10**15:
            return _("The amount is a whole number of minor units (of the base currency), not negative.")
        return ""

    def place(self, asked: Asked) -> str:
        """The limit's title."""
        found = self._limit(asked)
        return titled(found.title, found.name) if found else ""

    def four_eyes(self, asked: Asked) -> bool:
        """Lowering a limit stops nobody for good."""
        return False

    def start(self, action: Action, actor: Actor) -> dict[str, Any]:
        """One entry, until the end of its time."""
        found = self._limit(_asked_of(action))
        assert found is not None
        assert action.expires_at is not None
        body: dict[str, Any] = {
            "entry_id": f"action-{action.pk}", "scope": "entity", "key": action.target,
            "value": int(str(action.parameters["amount"])), "reason": action.reason[:500], "source": action.actor,
            "valid_from": _instant(action.created_at), "valid_until": _instant(action.expires_at),
        }  # fmt: skip
        name = found.name.removeprefix("limits.")
        _put(action, actor, f"/v1/limits/{name}/entries", body, f"limits/{name}/{action.pk}")
        return {"limit": name, "body": body}

    def undo(self, action: Action, actor: Actor) -> None:
        """The same entry, removed."""
        name = action.result["limit"]
        _put_undo(action, actor, f"/v1/limits/{name}/entries", f"limits/{name}/{action.pk}")


class ToGroup:
    """A message to the contacts of a group. It cannot be unsaid."""

    lapses = True
    undo_within = timedelta(0)

    def problem(self, asked: Asked) -> str:
        """Nobody is in the group."""
        group = str(asked.parameters.get("to") or "")
        if Contact.objects.filter(group=group).exists():
            return ""
        return _("Nobody is in the group %(group)s; add contacts in the outbox.") % {"group": group or "—"}

    def place(self, asked: Asked) -> str:
        """The group and how many are in it."""
        group = str(asked.parameters.get("to") or "")
        return _("%(group)s (%(count)d contacts)") % {
            "group": group, "count": Contact.objects.filter(group=group).count()
        }  # fmt: skip

    def four_eyes(self, asked: Asked) -> bool:
        """No."""
        return False

    def start(self, action: Action, actor: Actor) -> dict[str, Any]:
        """One message a contact."""
        about = f" {action.target_kind} {short_id(action.target)}" if action.target else ""
        subject = f"Seawall: {action.rule or action.reason}{about}"
        text = str(action.parameters.get("text") or action.reason)
        told = contacts.tell(str(action.parameters["to"]), subject, text, key=str(action.pk),
                             about=(ABOUT, action.pk), actor=actor)  # fmt: skip
        return {"contacts": len(told)}

    def undo(self, action: Action, actor: Actor) -> None:
        """Never asked."""
        raise AssertionError("a message cannot be undone")


class ToEndpoint:
    """A signed message to an endpoint, which acts by itself; its undo is another message."""

    lapses = False
    undo_within = timedelta(days=7)

    def problem(self, asked: Asked) -> str:
        """No such endpoint, or switched off."""
        name = str(asked.parameters.get("to") or "")
        if Endpoint.objects.filter(name=name, active=True).exists():
            return ""
        return _("There is no active endpoint %(name)s.") % {"name": name or "—"}

    def place(self, asked: Asked) -> str:
        """The endpoint's name."""
        return str(asked.parameters.get("to") or "")

    def four_eyes(self, asked: Asked) -> bool:
        """No."""
        return False

    def start(self, action: Action, actor: Actor) -> dict[str, Any]:
        """Tell it."""
        endpoint = Endpoint.objects.get(name=action.parameters["to"])
        webhooks.tell(endpoint, _told(action, undo=False), key=str(action.pk), about=(ABOUT, action.pk), actor=actor)
        return {}

    def undo(self, action: Action, actor: Actor) -> None:
        """Tell it that it is over."""
        first, endpoint = _first_delivery(action), Endpoint.objects.get(name=action.parameters["to"])
        webhooks.tell(endpoint, _told(action, undo=True), key=f"{action.pk}:undo:{_count(action)}",
                      about=(ABOUT, action.pk), actor=actor, undo_of=first.pk if first else None)  # fmt: skip


class OpenCase:
    """A case about the target, by the services of cases: there at once. It is closed as cases are, not undone."""

    lapses = True
    undo_within = timedelta(0)

    def problem(self, asked: Asked) -> str:
        """It needs something to be about."""
        return "" if asked.target or asked.parameters.get("title") else _("Name an entity or give a title.")

    def place(self, asked: Asked) -> str:
        """Its title."""
        return str(asked.parameters.get("title") or short_id(asked.target))

    def four_eyes(self, asked: Asked) -> bool:
        """No."""
        return False

    def start(self, action: Action, actor: Actor) -> dict[str, Any]:
        """Open it. DeniedError for who may not; rules open theirs through the alerts."""
        assert isinstance(actor, User)
        queue = Queue.objects.filter(key=str(action.parameters.get("queue") or ""), active=True).first()
        title = str(action.parameters.get("title") or action.reason)[:200]
        entities = [(action.target_kind, action.target)] if action.target else []
        made = opening.open_case(actor, title=title, queue_id=queue.pk if queue else None, entities=entities)
        return {"done": True, "case": str(made.pk), "number": made.number}

    def undo(self, action: Action, actor: Actor) -> None:
        """Never asked."""
        raise AssertionError("a case is closed, not undone")


def _told(action: Action, undo: bool) -> dict[str, Any]:
    until = _instant(action.expires_at) if action.expires_at else None
    return {
        "action": str(action.pk), "undo": undo, "target": {"kind": action.target_kind, "key": action.target},
        "until": until, "rule": action.rule or None, "decision": action.decision, "text": action.parameters.get("text"),
    }  # fmt: skip


def _put(action: Action, actor: Actor, path: str, body: dict[str, Any], order: str) -> None:
    services.put(
        "engine", path, body, key=str(action.pk), order=order, actor=actor, about=(ABOUT, action.pk),
        soon=isinstance(actor, User),
    )  # fmt: skip


def _put_undo(action: Action, actor: Actor, path: str, order: str) -> None:
    """The same entry once more, removed; behind what set it."""
    first, body = _first_delivery(action), {**action.result["body"], "removed": True}
    services.put(
        "engine", path, body, key=f"{action.pk}:undo:{_count(action)}", order=order,
        actor=actor, about=(ABOUT, action.pk), undo_of=first.pk if first else None, soon=isinstance(actor, User),
    )  # fmt: skip


def _count(action: Action) -> int:
    """How many deliveries it has had: a refused undo may be asked for again, under another key."""
    return Delivery.objects.filter(about_type=ABOUT, about_id=str(action.pk)).count()


def _asked_of(action: Action) -> Asked:
    return Asked(action.kind, action.target_kind, action.target, dict(action.parameters))


def _fits(pack: Any, key: str, kind: str) -> bool:
    """Whether a list's or limit's key is a field of entities of this kind."""
    declared = [event.fields[key] for event in pack.events.values() if key in event.fields]
    return any((one.space or one.name) == kind for one in declared)


def _instant(at: Any) -> str:
    return format_instant(int(at.timestamp() * 1000))


register("block", OnList("decline"))
register("freeze", OnList("decline"))
register("hold", OnList("review"))
register("add_to_list", OnList())
register("limit", OnLimit())
register("notify", ToGroup())
register("open_case", OpenCase())
register("webhook", ToEndpoint())
