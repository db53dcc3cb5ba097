"""Deployments: what shall decide, told to the engine, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from seawall.analytics.challenger import Limits
from seawall.apps.accounts.models import User
from seawall.apps.audit.services import SYSTEM, record
from seawall.apps.errors import ConflictError, InvalidError
from seawall.apps.outbox import engine
from seawall.apps.outbox.models import Delivery
from seawall.apps.outbox.services import put
from seawall.apps.policies import bundles
from seawall.apps.policies.models import Deployment, Notice, Placement, Version
from seawall.apps.policies.models.deployment import (
    ACTIVE,
    CHALLENGER,
    CHAMPION,
    MOST_SHADOWS,
    MOST_SHARE,
    PUBLISH,
    REFUSED,
    ROLES,
    ROLLBACK,
    SEEN,
    SENT,
    SHADOW,
    STOP,
    WAITING,
)
from seawall.apps.policies.models.policy import LONGEST_NOTE
from seawall.apps.policies.services.moves import touch
from seawall.apps.policies.states import BACKTESTED, IN_REVIEW, RETIRED, RUNNING
from seawall.engine.event import EventType

ABOUT = "policy_deployment"
BUNDLES, SWITCH = "/v1/policies/bundles", "/v1/policies/active"
UPLOAD_SECONDS = 30.0
MADE = (PUBLISH, ROLLBACK, STOP)  # kinds that this room makes
_REFUSED = gettext_noop("The engine refused to deploy %(policy)s: %(problem)s")
_STUCK = gettext_noop("The engine cannot be reached; %(policy)s is not deployed yet.")
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Place:
    """A version's part in a deployment to be made. `share` in basis points, challengers only."""

    version: Version
    role: str
    share: int = 0
    entity: str = ""
    limits: Mapping[str, Any] = field(default_factory=dict)


def wanted(
    version: Version, role: str, share: int = 0, entity: str = "", limits: Mapping[str, Any] | None = None
) -> Place:
    """A place, checked: a known role; for a challenger a share, an entity key of its events, limits. InvalidError."""
    if role not in ROLES:
        says = _("The role is one of %(known)s.") % {"known": ", ".join(ROLES)}
        raise InvalidError(says, {"role": says})
    if role != CHALLENGER:
        return Place(version, role)
    if not 1 <= share <= MOST_SHARE:
        says = _("A challenger gets a share of 0.01 %% to %(most)g %%.") % {"most": MOST_SHARE / 100}
        raise InvalidError(says, {"share": says})
    keys = _keys(bundles.policy(version.digest).pack.events.values())
    if entity not in keys:
        says = _("Choose the entity that is split: %(known)s.") % {"known": ", ".join(keys)}
        raise InvalidError(says, {"entity": says})
    try:
        checked = Limits(**{**asdict(Limits()), **(limits or {})})
    except (TypeError, ValueError) as error:
        raise InvalidError(str(error), {"limits": str(error)}) from None
    return Place(version, role, share, entity, asdict(checked))


def base() -> Deployment | None:
    """The newest deployment that is active or on its way: what the next one starts from."""
    return Deployment.objects.filter(outcome__in=(WAITING, SENT, ACTIVE)).order_by("-id").first()


def active() -> Deployment | None:
    """The deployment that decides now."""
    return Deployment.objects.filter(outcome=ACTIVE).order_by("-sequence").first()


def places(deployment: Deployment | None) -> list[Place]:
    """Its places, the champion first, shadows in the order of their making."""
    if deployment is None:
        return []
    rows = deployment.placements.select_related("version__policy").order_by("id")
    found = [Place(row.version, row.role, row.share, row.entity, row.limits) for row in rows]
    return sorted(found, key=lambda one: ROLES.index(one.role))


def with_place(current: Sequence[Place], new: Place) -> list[Place]:
    """What runs after a version takes a place. A new champion ends the challenger, who was compared with the old one.

    ConflictError: no champion beside it, or a shadow too many.
    """
    kept = [one for one in current if one.version.pk != new.version.pk]
    if new.role == CHAMPION:
        kept = [one for one in kept if one.role == SHADOW]
    elif new.role == CHALLENGER:
        kept = [one for one in kept if one.role != CHALLENGER]
    elif sum(one.role == SHADOW for one in kept) >= MOST_SHADOWS:
        raise ConflictError(_("%(most)d shadows run already; stop one first.") % {"most": MOST_SHADOWS})
    if new.role != CHAMPION and not any(one.role == CHAMPION for one in kept):
        raise ConflictError(_("Nothing decides beside it: publish it as the champion."))
    return sorted([*kept, new], key=lambda one: ROLES.index(one.role))


def make(
    kind: str, after: Sequence[Place], by: User | None, reason: str, *, checker: User | None = None,
) -> Deployment:  # fmt: skip
    """Have the engine run these from its next batch on. In the caller's transaction, which wrote why; after its commit
    the packs go to the engine, then the switch. ConflictError where that is what runs (or is on its way) already.
    """
    current = base()
    if [_plain(one) for one in places(current)] == [_plain(one) for one in after]:
        raise ConflictError(_("This is what runs already."))
    deployment = Deployment.objects.create(kind=kind, by=by, checker=checker, reason=reason[:LONGEST_NOTE])
    _place(deployment, after)
    about = {"kind": kind, "places": [_plain(one) for one in after]}
    record(by or SYSTEM, "policy.deploying", ABOUT, deployment.pk, about, private={"reason": reason or "-"})
    transaction.on_commit(partial(_send_soon, deployment.pk), robust=True)
    return deployment


def _send_soon(deployment_id: UUID) -> None:
    send(deployment_id)


def send_waiting() -> int:
    """Send what waits, in order, as long as the engine takes it; how many."""
    sent = 0
    for pk in list(Deployment.objects.filter(outcome=WAITING).order_by("id").values_list("pk", flat=True)[:20]):
        if not send(pk):
            break
        sent += 1
    return sent


def send(deployment_id: UUID, api: engine.EngineApi | None = None) -> bool:
    """Give the engine the packs it lacks, then put the switch into the outbox. False: it must wait its turn, or the
    engine cannot be reached; what waits is sent later. Twice does no harm.
    """
    deployment = Deployment.objects.filter(pk=deployment_id, outcome=WAITING).first()
    if deployment is None or Deployment.objects.filter(outcome=WAITING, pk__lt=deployment_id).exists():
        return False
    client = api or engine.client(UPLOAD_SECONDS)
    if client is None:
        return False
    after = places(deployment)
    try:
        for one in after:
            if not _known_to_engine(one.version):
                client.post_bytes(BUNDLES, bundles.packed(one.version.digest))
    except engine.RefusedError as error:
        _refuse(deployment_id, _explained(error))
        return False
    except engine.DeliveryError as error:
        log.warning("policy upload", deployment=str(deployment_id), problem=str(error))
        return False
    with transaction.atomic():
        row = Deployment.objects.select_for_update().filter(pk=deployment_id, outcome=WAITING).first()
        if row is None:
            return False
        by = row.by or SYSTEM
        put("engine", SWITCH, body(deployment, after), key=f"policies:{row.pk}", order="policies", actor=by,
            about=(ABOUT, row.pk))  # fmt: skip
        row.outcome = SENT
        row.save(update_fields=["outcome"])
    return True


def body(deployment: Deployment, after: Sequence[Place]) -> dict[str, Any]:
    """The switch as `POST /v1/policies/active` takes it."""
    challenger = next((one for one in after if one.role == CHALLENGER), None)
    return {
        "champion": next(one.version.digest for one in after if one.role == CHAMPION),
        "challenger": None if challenger is None else {
            "digest": challenger.version.digest, "share": challenger.share, "entity": challenger.entity,
        },
        "shadows": [one.version.digest for one in after if one.role == SHADOW],
        "note": str(deployment.pk),
    }  # fmt: skip


# --- what came of it --------------------------------------------------------------------------------------------------


def delivered(delivery: Delivery) -> None:
    """The engine has switched: the versions are what they run as. In the outbox's transaction. While it still fills the
    windows of new features there is no record yet; the journal will tell.
    """
    row = Deployment.objects.select_for_update().filter(pk=delivery.about_id).first()
    if row is None or row.outcome == ACTIVE or delivery.answer.get("warming"):
        return
    sequence = delivery.sequence
    if sequence is None or Deployment.objects.filter(sequence=sequence).exclude(pk=row.pk).exists():
        refuse(row, _("The engine answered without a new journal record."))
        return
    activate(row, sequence, timezone.now())


def activate(row: Deployment, sequence: int, since: datetime) -> None:
    """From a journal record on a deployment decides."""
    row.outcome, row.sequence, row.since, row.problem = ACTIVE, sequence, since, ""
    row.save(update_fields=["outcome", "sequence", "since", "problem"])
    now = {one.version.pk: one for one in places(row)}
    newer = Deployment.objects.filter(outcome=ACTIVE, sequence__gt=sequence).exists()
    if not newer:
        for version in Version.objects.select_for_update().filter(state__in=RUNNING).exclude(pk__in=now):
            touch(version, RETIRED)
        for one in now.values():
            touch(one.version, one.role)
    about = {"sequence": sequence, "places": [_plain(one) for one in now.values()]}
    record(SYSTEM, "policy.deployed", ABOUT, row.pk, about)
    for earlier in Deployment.objects.filter(outcome=SENT, pk__lt=row.pk, kind__in=MADE).order_by("id"):
        refuse(earlier, _("A later deployment took its place."))


def refused(delivery: Delivery) -> None:
    """The engine will not do it. In the outbox's transaction."""
    row = Deployment.objects.select_for_update().filter(pk=delivery.about_id).exclude(outcome=ACTIVE).first()
    if row is not None:
        refuse(row, delivery.problem)


def stuck(delivery: Delivery) -> None:
    """The engine cannot be reached for a long time."""
    row = Deployment.objects.filter(pk=delivery.about_id, outcome=SENT).first()
    if row is not None:
        _tell(row, _STUCK, {})


def refuse(row: Deployment, problem: str) -> None:
    """A deployment that never will be; its version goes back to where it can be submitted again."""
    row.outcome, row.problem = REFUSED, problem[:300]
    row.save(update_fields=["outcome", "problem"])
    for one in places(row):
        if one.version.state == IN_REVIEW:
            touch(one.version, BACKTESTED)
    record(SYSTEM, "policy.deployment_refused", ABOUT, row.pk, {}, private={"problem": problem or "-"})
    _tell(row, _REFUSED, {"problem": problem[:200]})


def seen(sequence: int, at: int, after: Sequence[Place], note: str = "") -> Deployment:
    """A switch that the journal holds: one of ours, whose id is its note, else somebody else's."""
    with transaction.atomic():
        known = Deployment.objects.filter(sequence=sequence).first()
        if known is not None:
            return known
        since = datetime.fromtimestamp(at / 1000, UTC)
        ours = Deployment.objects.select_for_update().filter(sequence=None, kind__in=MADE)
        for row in ours.filter(pk=_uuid(note)):
            activate(row, sequence, since)
            return row
        row = Deployment.objects.create(kind=SEEN)
        _place(row, after)
        activate(row, sequence, since)
    return row


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _refuse(deployment_id: UUID, problem: str) -> None:
    with transaction.atomic():
        row = Deployment.objects.select_for_update().filter(pk=deployment_id, outcome=WAITING).first()
        if row is not None:
            refuse(row, problem)


def _explained(error: engine.RefusedError) -> str:
    """The engine's first finding, or its words."""
    problems = error.problem.get("problems")
    if isinstance(problems, list) and problems and isinstance(problems[0], dict):
        first = problems[0]
        return f"{first.get('file', '')}:{first.get('line', '')}: {first.get('message', '')}"
    return str(error)


def _known_to_engine(version: Version) -> bool:
    """Whether a journal record names its pack already."""
    return version.placements.filter(deployment__outcome=ACTIVE).exists()


def _place(deployment: Deployment, after: Sequence[Place]) -> None:
    Placement.objects.bulk_create([
        Placement(deployment=deployment, version=one.version, role=one.role, share=one.share, entity=one.entity,
                  limits=dict(one.limits))
        for one in after
    ])  # fmt: skip


def _plain(one: Place) -> dict[str, Any]:
    return {"policy": one.version.label, "role": one.role, "share": one.share, "entity": one.entity}


def _tell(row: Deployment, text: str, values: Mapping[str, Any]) -> None:
    placed = places(row)
    version = next((one.version for one in placed if one.version.state not in RUNNING), placed[0].version)
    people = {one.pk: one for one in (row.by, version.author) if one is not None}
    Notice.objects.bulk_create([
        Notice(person=one, version=version, text=text, values={"policy": version.label, **values})
        for one in people.values()
    ])  # fmt: skip


def _keys(events: Any) -> list[str]:
    """Key fields that events of the policy carry."""
    names: dict[str, None] = {}
    for event in events:
        assert isinstance(event, EventType)
        names |= {name: None for name, one in event.fields.items() if one.type == "key"}
    return sorted(names)
