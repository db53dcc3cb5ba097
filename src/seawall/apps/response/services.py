"""Commands: take an action, undo it, end it; and what happens when its deliveries arrive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import check
from seawall.apps.approvals import services as approvals
from seawall.apps.approvals.models import Request
from seawall.apps.audit.services import SYSTEM, actor_name, record
from seawall.apps.errors import ConflictError, InvalidError, UnknownError
from seawall.apps.ids import uuid7
from seawall.apps.outbox import services as outbox
from seawall.apps.outbox import states as delivery_states
from seawall.apps.outbox.models import Delivery
from seawall.apps.response.adapters import ABOUT, Asked, adapter_of
from seawall.apps.response.kinds import KINDS, LONGEST_TTL, SHORTEST_TTL
from seawall.apps.response.models import Action
from seawall.apps.response.preview import Preview, four_eyes, preview
from seawall.apps.response.states import EFFECTIVE, PROPOSED, STARTING, UNDOING, step
from seawall.apps.timers import services as timers
from seawall.console.formatting import short_id

START, APPROVAL, EXPIRY = "actions.start", "actions.start", "response.expire"
LONGEST_TEXT = 500


@dataclass(frozen=True)
class Wish:
    """What somebody wants done. `ttl` for those that last; `decision` and `case` say where it was asked for."""

    kind: str
    reason: str = ""
    target_kind: str = ""
    target: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    ttl: timedelta | None = None
    decision: int | None = None
    case: UUID | None = None

    @property
    def asked(self) -> Asked:
        """As adapters read it."""
        return Asked(self.kind, self.target_kind, self.target, dict(self.parameters))


def dry_run(user: User, wish: Wish, now: datetime | None = None) -> Preview:
    """What would happen, to how many. DeniedError; InvalidError for a kind or parameters that cannot be."""
    check(user, START)
    _check(wish)
    return preview(wish.asked, wish.ttl, now)


def take(user: User, wish: Wish, *, key: str = "", now: datetime | None = None) -> Action:
    """Take an action; where it needs a second person, ask for it. The same `key` again is the same action.

    DeniedError; InvalidError for what cannot be; ConflictError where it cannot be done here, or for another wish under
    a known key.
    """
    check(user, START)
    _check(wish)
    reason = _text(wish.reason)
    with transaction.atomic():
        if key and (known := Action.objects.filter(key=key).first()):
            return _same(known, wish)
        if problem := _adapter(wish.kind).problem(wish.asked):
            raise ConflictError(problem)
        action = _made(wish, user, key or f"{user.pk}:{uuid7()}", reason, now or timezone.now())
        if four_eyes(wish.asked):
            action.state = PROPOSED
            action.save(force_insert=True)
            payload = {"kind": action.kind, "target": f"{action.target_kind} {action.target}".strip(),
                       "minutes": int(wish.ttl.total_seconds() // 60) if wish.ttl else None,
                       **{name: str(value) for name, value in action.parameters.items()}}  # fmt: skip
            title = f"{KINDS[action.kind].title} {short_id(action.target)}".strip()
            approvals.submit(user, APPROVAL, ABOUT, action.pk, payload, reason, title=title)
            _record(user, "action.proposed", action, private={"reason": reason})
        else:
            action.save(force_insert=True)
            _start(action, user)
    return action


def take_by_rule(wish: Wish, rule: str, key: str, now: datetime) -> Action | None:
    """What a fired rule asks for, in the follower's transaction: each once by its key. None where it was done already,
    or where the same rule has it in effect for the same target. What cannot be done here is kept as failed."""
    if Action.objects.filter(key=key).exists():
        return None
    standing = _standing(wish, rule, now)
    if standing is not None:
        Action.objects.filter(pk=standing.pk).update(repeats=standing.repeats + 1)
        return None
    action = _made(wish, f"rule:{rule}", key, wish.reason[:LONGEST_TEXT], now)
    action.rule = rule
    adapter = adapter_of(wish.kind)
    problem = _("no adapter") if adapter is None else adapter.problem(wish.asked)
    if problem:
        action.state, action.problem, action.ended_at = "failed", str(problem)[:300], now
        action.save(force_insert=True)
        _record(action.actor, "action.failed", action)
        return action
    action.save(force_insert=True)
    _start(action, action.actor)
    return action


def undo(user: User, action_id: UUID, reason: str, now: datetime | None = None) -> Action:
    """Take an action back. One that has not left yet is withdrawn; ConflictError after its deadline, or while it is on
    its way."""
    check(user, START)
    why, at = _text(reason), now or timezone.now()
    with transaction.atomic():
        action = Action.objects.select_for_update().filter(pk=action_id).first()
        if action is None:
            raise UnknownError(_("There is no such action."))
        if action.state == STARTING:
            if not all(outbox.drop(one.pk) for one in _deliveries(action)):
                raise ConflictError(_("It is on its way; undo it when it is in effect, or look at the outbox."))
            _end(action, step("withdraw", action.state), at, undo_reason=why, undone_by=actor_name(user))
            _record(user, "action.withdrawn", action, private={"reason": why})
            return action
        state = step("undo", action.state)
        if action.undo_until is None:
            raise ConflictError(_("An action of this kind cannot be undone."))
        if action.undo_until <= at:
            raise ConflictError(
                _("It could be undone until %(time)s.") % {"time": timezone.localtime(action.undo_until)}
            )
        _undo(action, state, user, why)
    return action


def expire(action_id: UUID, now: datetime | None = None) -> None:
    """The end of its time: what it set ends by itself, or is undone. Called by its timer."""
    at = now or timezone.now()
    with transaction.atomic():
        action = Action.objects.select_for_update().filter(pk=action_id, state=EFFECTIVE).first()
        if action is None:
            return
        if _adapter(action.kind).lapses:
            _end(action, step("expire", action.state), at)
            _record(SYSTEM, "action.expired", action)
        else:
            _undo(action, step("undo", action.state), SYSTEM, _("Its time is over."))


# --- four eyes --------------------------------------------------------------------------------------------------------


def execute(request: Request, checker: User) -> None:
    """Carry an approved action out; its time runs from now on."""
    action = Action.objects.select_for_update().get(pk=request.object_id)
    state, now = step("approve", action.state), timezone.now()
    if problem := _adapter(action.kind).problem(_wish(action).asked):
        raise ConflictError(problem)
    action.state, action.approved_by, action.created_at = state, checker, now
    _time(action, now)
    action.save()
    _start(action, request.maker)


def came_to_nothing(request: Request) -> None:
    """A request that was rejected, withdrawn or expired."""
    action = Action.objects.select_for_update().filter(pk=request.object_id, state=PROPOSED).first()
    if action is not None:
        _end(action, step("reject", action.state), timezone.now())


# --- what the outbox says ---------------------------------------------------------------------------------------------


def arrived(delivery: Delivery) -> None:
    """A delivery of an action arrived."""
    _heard(delivery)


def refused(delivery: Delivery) -> None:
    """A delivery of an action was refused or cancelled."""
    _heard(delivery)


def _heard(delivery: Delivery) -> None:
    """Once nothing of an action is on its way any more it is in effect (or undone), or it failed."""
    action = Action.objects.select_for_update().get(pk=delivery.about_id)
    now = delivery.ended_at or timezone.now()
    wanted = [one for one in _deliveries(action) if bool(one.undo_of_id) == (action.state == UNDOING)]
    if action.state not in (STARTING, UNDOING) or any(one.state in delivery_states.OPEN for one in wanted):
        return
    newest = max(wanted, key=lambda one: one.position)
    reached = newest if action.state == UNDOING else next((one for one in wanted if one.state == "delivered"), None)
    if action.state == UNDOING:
        if newest.state == "delivered":
            _end(action, step("undone", action.state), now)
            timers.cancel(EXPIRY, ABOUT, action.pk)
            _record(action.undone_by, "action.undone", action, sequence=newest.sequence)
        else:
            action.state, action.problem = step("undo_fail", action.state), newest.problem
            action.save(update_fields=["state", "problem"])
            _record(SYSTEM, "action.undo_failed", action, sequence=None)
    elif reached is not None:
        _take_effect(action, now, reached.sequence)
    else:
        _end(action, step("fail", action.state), now, problem=delivery.problem)
        _record(SYSTEM, "action.failed", action)


# --- inside -----------------------------------------------------------------------------------------------------------


def _check(wish: Wish) -> None:
    """InvalidError for a wish that its kind does not allow."""
    kind = KINDS.get(wish.kind)
    if kind is None or adapter_of(wish.kind) is None:
        text = _("There is no adapter for this action here.") if kind else _("There is no such action.")
        raise InvalidError(text, {"kind": text})
    wrong: dict[str, str] = {}
    if kind.target and not (wish.target and wish.target_kind):
        wrong["target"] = _("Say which entity.")
    if len(wish.target) > 256 or len(wish.target_kind) > 64:
        wrong["target"] = _("Too long.")
    allowed = {*kind.parameters, *kind.optional}
    for name in kind.parameters:
        if wish.parameters.get(name) in (None, ""):
            wrong[name] = _("Required.")
    for name, value in wish.parameters.items():
        if name not in allowed:
            wrong[name] = _("This action has no such parameter.")
        elif not isinstance(value, str | int) or len(str(value)) > LONGEST_TEXT:
            wrong[name] = _("A text or whole number of at most 500 characters.")
    if kind.lasting and wish.ttl is None:
        wrong["ttl"] = _("Say for how long.")
    if wish.ttl is not None and not SHORTEST_TTL <= wish.ttl <= LONGEST_TTL:
        wrong["ttl"] = _("Between one minute and %(days)d days.") % {"days": LONGEST_TTL.days}
    if wrong:
        raise InvalidError(next(iter(wrong.values())), wrong)


def _standing(wish: Wish, rule: str, now: datetime) -> Action | None:
    """What the same rule has done to the same target already, with at least half of its time to come."""
    if wish.ttl is None:
        return None
    live = Action.objects.filter(
        rule=rule, kind=wish.kind, target_kind=wish.target_kind, target=wish.target, state__in=(STARTING, EFFECTIVE),
        expires_at__gt=now + wish.ttl / 2,
    )  # fmt: skip
    return live.order_by("-id").first()


def _made(wish: Wish, actor: User | str, key: str, reason: str, now: datetime) -> Action:
    action = Action(
        key=key, kind=wish.kind, target_kind=wish.target_kind, target=wish.target, parameters=dict(wish.parameters),
        ttl=wish.ttl, reason=reason, actor=actor_name(actor), person=actor if isinstance(actor, User) else None,
        decision=wish.decision, case=wish.case, created_at=now,
    )  # fmt: skip
    _time(action, now)
    return action


def _time(action: Action, now: datetime) -> None:
    adapter = adapter_of(action.kind)
    within = adapter.undo_within if adapter else timedelta(0)
    action.expires_at = now + action.ttl if action.ttl else None
    action.undo_until = action.expires_at if within is None else now + within if within else None


def _start(action: Action, actor: User | str) -> None:
    action.result = _adapter(action.kind).start(action, actor)
    action.save(update_fields=["result"])
    _record(actor, "action.taken", action, private={"reason": action.reason} if action.reason else None)
    if action.result.get("done"):
        _take_effect(action, timezone.now(), None)


def _take_effect(action: Action, now: datetime, sequence: int | None) -> None:
    action.state, action.effective_at = step("arrive", action.state), now
    action.save(update_fields=["state", "effective_at"])
    if action.expires_at is not None:
        timers.start(EXPIRY, ABOUT, action.pk, due_at=action.expires_at)
    _record(SYSTEM, "action.effective", action, sequence=sequence)


def _undo(action: Action, state: str, actor: User | str, why: str) -> None:
    action.state, action.undo_reason, action.undone_by = state, why, actor_name(actor)
    action.problem = ""
    action.save(update_fields=["state", "undo_reason", "undone_by", "problem"])
    _adapter(action.kind).undo(action, actor)
    _record(actor, "action.undo_asked", action, private={"reason": why})


def _end(action: Action, state: str, at: datetime, **changes: Any) -> None:
    action.state, action.ended_at = state, at
    for name, value in changes.items():
        setattr(action, name, value)
    action.save(update_fields=["state", "ended_at", *changes])


def _deliveries(action: Action) -> list[Delivery]:
    return list(Delivery.objects.filter(about_type=ABOUT, about_id=str(action.pk)).order_by("position"))


def _adapter(kind: str) -> Any:
    found = adapter_of(kind)
    if found is None:
        raise ConflictError(_("There is no adapter for this action here."))
    return found


def _wish(action: Action) -> Wish:
    return Wish(action.kind, action.reason, action.target_kind, action.target, action.parameters, action.ttl,
                action.decision, action.case)  # fmt: skip


def _same(known: Action, wish: Wish) -> Action:
    mine = (known.kind, known.target_kind, known.target, known.parameters, known.ttl)
    if mine != (wish.kind, wish.target_kind, wish.target, dict(wish.parameters), wish.ttl):
        raise ConflictError(_("The idempotency key %(key)s was used for something else.") % {"key": known.key})
    return known


def _text(text: str) -> str:
    text = text.strip()
    if not text:
        raise InvalidError(_("Say why: the ledger keeps it."), {"reason": _("Required.")})
    if len(text) > LONGEST_TEXT:
        raise InvalidError(_("At most %(most)d characters.") % {"most": LONGEST_TEXT}, {"reason": _("Too long.")})
    return text


def _record(actor: User | str, action: str, row: Action, private: Mapping[str, str] | None = None, **more: Any) -> None:
    about = {"kind": row.kind, "target_kind": row.target_kind, "rule": row.rule, "decision": row.decision, **more}
    hidden = dict(private or {}) | ({"target": row.target} if row.target else {})
    record(actor, action, ABOUT, row.pk, about, private=hidden)
