"""Reading policies, versions, drafts, deployments; what pages and the API show of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from seawall.apps.approvals.models import PENDING, Request
from seawall.apps.decisions.archive import archive
from seawall.apps.decisions.models import DecisionRow
from seawall.apps.decisions.reading import policy_of
from seawall.apps.errors import InvalidError, UnknownError
from seawall.apps.policies import bundles, sampling, simulate
from seawall.apps.policies.changes import Change, compare, line_diff
from seawall.apps.policies.checking import Checked, check
from seawall.apps.policies.models import Deployment, Draft, GateReport, Notice, Placement, Policy, Save, Version
from seawall.apps.policies.sampling import HitRate, Sample
from seawall.apps.policies.services import gates
from seawall.apps.policies.services.deployments import active, places
from seawall.apps.policies.states import TRANSITIONS, Transition, possible
from seawall.engine.errors import Problem
from seawall.engine.policy import CompiledPolicy

MOST_SIMULATED = 65_536  # bytes of a typed event


def policies() -> QuerySet[Policy]:
    """All, by name."""
    return Policy.objects.select_related("owner").order_by("name")


def get_policy(policy_id: UUID) -> Policy:
    """One policy. UnknownError."""
    found = policies().filter(pk=policy_id).first()
    if found is None:
        raise UnknownError(_("There is no such policy."))
    return found


def versions() -> QuerySet[Version]:
    """All with what a list shows of them; order them by `-id` for the newest first."""
    return Version.objects.select_related("policy", "author", "parent__policy")


def get_version(version_id: UUID) -> Version:
    """One version. UnknownError."""
    found = versions().filter(pk=version_id).first()
    if found is None:
        raise UnknownError(_("There is no such policy version."))
    return found


def version_named(label: str) -> Version:
    """The version `name@version`. UnknownError."""
    name, _at, number = label.partition("@")
    found = versions().filter(policy__name=name, number=int(number) if number.isdecimal() else 0).first()
    if found is None:
        raise UnknownError(_("There is no policy version %(label)s.") % {"label": label[:120]})
    return found


def version_of_digest(digest: str) -> Version | None:
    """The version that a content became, if it did."""
    return versions().filter(bundle=digest).order_by("id").first()


def drafts() -> QuerySet[Draft]:
    """Drafts that can still be edited; order them by `-changed_at`."""
    return Draft.objects.filter(version=None, discarded_at=None).select_related("policy", "base__policy", "author")


def get_draft(draft_id: UUID) -> Draft:
    """One draft, open or not. UnknownError."""
    found = Draft.objects.select_related("policy", "base__policy", "author").filter(pk=draft_id).first()
    if found is None:
        raise UnknownError(_("There is no such draft."))
    return found


def saves(draft: Draft, limit: int = 50) -> list[Save]:
    """The newest saves of a draft, newest first."""
    return list(draft.saves.select_related("by").order_by("-revision")[:limit])


def notices(user: object) -> QuerySet[Notice]:
    """What a person has not read yet about their versions."""
    return Notice.objects.filter(person=user, read_at=None).select_related("version__policy").order_by("-id")


# --- content ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Content:
    """A pack as the editor shows it: its texts, what the checker says, how often its rules fire on recent events.

    `wide` are warnings of rules that match nearly everything, at the rule's place.
    """

    texts: dict[str, str]
    checked: Checked
    rates: dict[str, HitRate]
    wide: tuple[Problem, ...]

    @property
    def problems(self) -> list[Problem]:
        """The checker's and the sample's."""
        return [*self.checked.problems, *self.wide]


def content(digest: str, sample: Sample | None = None) -> Content:
    """A content with its findings; `sample` is what hit rates are counted on (none: no rates)."""
    files = bundles.files(digest)
    checked = check(files)
    policy = checked.policy
    rates = sampling.rates(digest, policy, sample) if policy is not None and sample is not None else {}
    texts = {name: bundles.text(data) for name, data in files.items() if name.endswith(".yaml")}
    wide = tuple(_wide(policy, rate) for rate in rates.values() if rate.wide and policy is not None)
    return Content(texts, checked, rates, wide)


def _wide(policy: CompiledPolicy, rate: HitRate) -> Problem:
    table, _slash, row = rate.rule.partition("/")
    place = policy.pack.places.get(("rule", rate.rule)) or policy.pack.places.get(("row", table, row))
    message = _("%(rule)s fires on %(share).1f %% of the last %(events)d events that it runs on") % {
        "rule": rate.rule, "share": 100 * rate.share, "events": rate.events,
    }  # fmt: skip
    file, line, column = (place.file, place.line, place.column) if place else ("rules.yaml", 0, 0)
    return Problem(message, _("a rule that matches so much says little; narrow it"), file, line, column, "warning")


@dataclass(frozen=True)
class Difference:
    """Two contents compared: in words where both hold together, and by line."""

    changes: tuple[Change, ...]
    lines: dict[str, list[str]]


def changes(old: str, new: str) -> tuple[Change, ...]:
    """What the content `new` (a digest) does otherwise than `old`, in words; nothing where one does not hold
    together."""
    packs = [check(bundles.files(digest)).pack for digest in (old, new)]
    return tuple(compare(packs[0], packs[1])) if packs[0] is not None and packs[1] is not None else ()


def difference(old: str, new: str) -> Difference:
    """The same, and by line."""
    return Difference(changes(old, new), line_diff(bundles.texts(old), bundles.texts(new)))


# --- the way of a version ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """A transition that a person could ask for now, with what is missing for it."""

    row: Transition
    missing: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


def steps(version: Version) -> list[Step]:
    """What could be asked for in the version's state."""
    return [Step(row, tuple(gates.missing(version, row))) for row in possible(version.state)]


def waiting_request(version: Version) -> Request | None:
    """The request for it that a second person has not decided yet."""
    about = Request.objects.filter(kind=gates.PUBLISH, object_type="policy_version", object_id=str(version.pk))
    return about.filter(state=PENDING).select_related("maker").first()


def reports(digest: str) -> dict[str, GateReport]:
    """The newest report of each kind about a content."""
    return gates.latest(digest)


def transitions() -> Sequence[Transition]:
    """The whole table, for the help page."""
    return TRANSITIONS


# --- what decides -----------------------------------------------------------------------------------------------------


def running() -> Deployment | None:
    """The deployment that decides now, with its places."""
    found = active()
    return deployments().filter(pk=found.pk).first() if found is not None else None


def deployments() -> QuerySet[Deployment]:
    """All, with their places; order them by `-id` for the newest first."""
    placed = Placement.objects.select_related("version__policy").order_by("id")
    return Deployment.objects.select_related("by", "checker").prefetch_related(Prefetch("placements", placed))


def champion() -> Version | None:
    """The version that decides."""
    return next((one.version for one in places(active()) if one.role == "champion"), None)


def previous_champion() -> Version | None:
    """The version that decided before the one that decides now: where a rollback leads."""
    now = champion()
    if now is None:
        return None
    before = Placement.objects.filter(role="champion", deployment__outcome="active").exclude(version=now)
    newest = before.select_related("version__policy").order_by("-deployment__sequence").first()
    return newest.version if newest is not None else None


# --- one event --------------------------------------------------------------------------------------------------------


def simulated(digest: str, decision_id: UUID | None = None, body: bytes = b"", now_ms: int = 0) -> simulate.Simulated:
    """What a content says to a recorded decision's event, or to a typed one. UnknownError, InvalidError (also where the
    content does not compile), ArchiveError."""
    policy = bundles.policy(digest)
    if decision_id is None:
        if not 0 < len(body) <= MOST_SIMULATED:
            raise InvalidError(_("Write one event as JSON, at most %(most)d bytes.") % {"most": MOST_SIMULATED})
        return simulate.on_event(policy, simulate.admitted(policy, body, now_ms))
    row = DecisionRow.objects.filter(decision_id=decision_id).first()
    record = archive().event(row.sequence) if row is not None else None
    then = policy_of(row.policy) if row is not None else None
    if record is None or then is None:
        raise UnknownError(_("There is no such decision."))
    return simulate.on_record(policy, record, then)
