"""Commands: looking at a sealed value, and looking a sensitive key up. Both leave an entry in the ledger."""

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import check
from seawall.apps.audit.services import record
from seawall.apps.decisions.archive import archive
from seawall.apps.decisions.models import LONGEST_KEY, DecisionRow, Entity, Reveal
from seawall.apps.decisions.queries import get_decision
from seawall.apps.decisions.reading import active_policy, policy_of
from seawall.apps.decisions.words import PURPOSES, mask_kind, titled
from seawall.apps.errors import InvalidError, UnknownError
from seawall.apps.reasons import reason_of
from seawall.console.forms import LONGEST_REASON, SHORTEST_REASON
from seawall.sealing import mask


@dataclass(frozen=True)
class Revealed:
    """What a reveal shows, once. `erased`: the value is gone for good, `text` is empty."""

    field: str
    title: str
    text: str
    masked: bool
    erased: bool


def reveal(user: User, decision_id: UUID, field: str, purpose: str, reason: str, *, whole: bool = False) -> Revealed:
    """Open a sealed field of a decision's event for a purpose: masked, or whole where that is asked for.

    The ledger has the entry before anybody has the value. DeniedError without decisions.reveal on this decision;
    UnknownError: no such decision or sealed field; InvalidError: no purpose, or no reason that says something.
    """
    check(user, "decisions.reveal")
    row = get_decision(user, decision_id, "decisions.reveal")
    if purpose not in PURPOSES:
        raise InvalidError(_("Choose a purpose."), {"purpose": _("Choose a purpose.")})
    reason = reason_of(reason, least=SHORTEST_REASON, most=LONGEST_REASON)
    title, value = _value(row, field)
    with transaction.atomic():
        Reveal.objects.create(
            user=user, sequence=row.sequence, field=field, purpose=purpose, reason=reason, whole=whole,
            erased=value is None,
        )  # fmt: skip
        shown = {"field": field, "purpose": purpose, "whole": whole, "erased": value is None}
        record(user, "decision.revealed", "decision", row.decision_id, shown, private={"reason": reason})
    if value is None:
        return Revealed(field, title, "", not whole, True)
    return Revealed(field, title, value if whole else mask(mask_kind(field), value), not whole, False)


def _value(row: DecisionRow, field: str) -> tuple[str, str | None]:
    """Title and clear value of a sealed field; None for one that was erased."""
    source = archive()
    found, policy = source.event(row.sequence), policy_of(row.policy)
    declared = policy.pack.events.get(row.event_type) if policy else None
    one = declared.fields.get(field) if declared else None
    if found is None or declared is None or one is None or not one.sealed or field not in found.event.fields:
        raise UnknownError(_("The event has no sealed field %(field)s.") % {"field": field[:64]})
    event = found.event
    clear = source.open(str(event.fields[declared.subject]), f"{event.event_id}/{field}", str(event.fields[field]))
    title = titled(one.title, field)
    if clear is None:
        return title, None
    value = json.loads(clear)
    return title, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def find_entity(user: User, kind: str, value: str) -> Entity:
    """The entity of a value as people know it. A sensitive one (a card number) is found by its surrogate, exactly.

    UnknownError where no decision has it. Looking up a sensitive value is a ledger entry, which holds no value.
    """
    check(user, "entities.view")
    value = value.strip()
    if not 0 < len(value) <= LONGEST_KEY or not value.isprintable():
        says = _("Write the whole value, at most %(most)d characters.") % {"most": LONGEST_KEY}
        raise InvalidError(says, {"value": says})
    nothing = UnknownError(_("No decision has this value. Sensitive values are found only when written in full."))
    found = Entity.objects.filter(kind=kind, value=value).first()
    if kind not in sensitive_kinds():
        if found is None:
            raise nothing
        return found
    surrogate = archive().surrogate(kind, value)
    found = Entity.objects.filter(kind=kind, value=surrogate).first() if surrogate else found
    with transaction.atomic():
        record(user, "entity.looked_up", "entity", found.pk if found else "none", {"kind": kind, "found": bool(found)})
    if found is None:
        raise nothing
    return found


def sensitive_kinds() -> frozenset[str]:
    """Kinds of entity that events carry by surrogate, under the active policy."""
    policy = active_policy()
    events = policy.pack.events.values() if policy else ()
    return frozenset(one.space for kind in events for one in kind.fields.values() if one.pseudonymised)


def record_export(user: User, form: str) -> None:
    """Note that somebody takes a file of decisions away. DeniedError without decisions.export."""
    check(user, "decisions.export")
    with transaction.atomic():
        record(user, "decisions.exported", "decisions", "list", {"format": form})
