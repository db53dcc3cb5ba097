"""Pages to look at: all versions with what decides now, one policy, one version and its way to the champion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from seawall.apps.accounts.permissions import has_permission, person, requires
from seawall.apps.decisions.queries import base_currency
from seawall.apps.decisions.tips import shown as shown_tips
from seawall.apps.jobs.models import said as told
from seawall.apps.policies import queries
from seawall.apps.policies.console import simulation
from seawall.apps.policies.console.compared import beside
from seawall.apps.policies.console.words import DEPLOYED, ROLES, gates_of, moment, placed
from seawall.apps.policies.models import Deployment, Version
from seawall.apps.policies.models.deployment import CHAMPION
from seawall.apps.policies.queries import Step
from seawall.apps.policies.states import BACKTESTED, DRAFT, IN_REVIEW, RETIRED, SHADOW, STATES, TESTED
from seawall.apps.policies.states import CHALLENGER as AS_CHALLENGER
from seawall.apps.policies.states import CHAMPION as AS_CHAMPION
from seawall.console.filters import Choice, Search, Times
from seawall.console.pages import Action, Crumb, Empty, Fact, Facts, ListPage, Record, View, respond_record
from seawall.console.tables import Column, Table
from seawall.console.words import Text, Word

VIEW, EDIT, ROLLBACK = "policies.view", "policies.edit", "policies.rollback"
LADDER = (DRAFT, TESTED, BACKTESTED, IN_REVIEW, SHADOW, AS_CHALLENGER, AS_CHAMPION)
HISTORY = 30
COLUMNS = (
    Column("label", gettext_lazy("Version"), primary=True),
    Column("state", gettext_lazy("State"), "chip", value=lambda one: STATES[one.state]),
    Column("note", gettext_lazy("What changed")),
    Column("author", gettext_lazy("Author"), "person", value=lambda one: str(one.author) if one.author else None),
    Column("parent", gettext_lazy("Made from"), value=lambda one: one.parent.label if one.parent else None),
    Column("changed_at", gettext_lazy("State since"), "when"),
    Column("created_at", gettext_lazy("Created"), "when", sort="id"),
    Column("digest", gettext_lazy("Content"), "id"),
)
VERSIONS = ListPage(
    name="policies",
    title=gettext_lazy("Policies"),
    purpose=gettext_lazy("What decides, what is being tried beside it, and every version with what it has shown."),
    table=Table(columns=COLUMNS, sort="-id", url=lambda one: reverse("policies:version", args=[one.pk])),
    filters=(
        Search(fields=("policy__name", "note")),
        Choice("state", gettext_lazy("State"), "state", STATES),
        Times("created", gettext_lazy("Created"), "created_at"),
    ),
    views=(
        View("all", gettext_lazy("All")),
        View("running", gettext_lazy("Running"), "state=champion&state=challenger&state=shadow"),
        View("review", STATES[IN_REVIEW].title, "state=in_review"),
    ),
    empty=Empty(
        gettext_lazy("No policies yet"),
        gettext_lazy(
            "The policy that the decision service runs appears here by itself; others come as a zip of their folder."
        ),
        icon="scale",
    ),
    template="policies/versions.html",
)


@dataclass(frozen=True)
class Rung:
    """One step of the ladder of states."""

    word: Word
    done: bool
    current: bool


@requires(VIEW)
@require_safe
def version_list(request: HttpRequest) -> HttpResponseBase:
    """All versions; above them what decides now and the drafts."""
    me = person(request)
    upload = Action(_("Import a policy"), reverse("policies:import"), "upload", permission=EDIT)
    coming = [(one, DEPLOYED[one.outcome], placed(one)) for one in _pending()]
    return VERSIONS.respond(
        request, queries.versions(), actions=[upload], running=_running(), coming=coming,
        drafts=list(queries.drafts().order_by("-changed_at")[:20]),
        told=[(one, told(one.text, one.values)) for one in queries.notices(me)[:5]],
        may_stop=has_permission(me, ROLLBACK),
    )  # fmt: skip


@requires(VIEW)
@require_safe
def policy(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    """One policy: what runs of it, side by side; versions, drafts, history."""
    one = queries.get_policy(policy_id)
    champion = queries.champion()
    mine = champion if champion is not None and champion.policy_id == one.pk else None
    versions = list(queries.versions().filter(policy=one).order_by("-number")[:100])
    history = [each for each in queries.deployments().order_by("-id")[:100] if _of(each, one.pk)][:HISTORY]
    context = {
        "policy": one, "running": _running(), "versions": [(each, STATES[each.state]) for each in versions],
        "drafts": list(queries.drafts().filter(policy=one).order_by("-changed_at")),
        "beside": beside(None, mine.label, base_currency()) if mine else [],
        "may_stop": has_permission(person(request), ROLLBACK),
    }  # fmt: skip
    facts = [
        Fact(_("Owner"), str(one.owner) if one.owner else None, "person"),
        Fact(_("Created"), one.created_at, "when"),
        Fact(_("Versions"), one.versions.count(), "number"),
    ]
    record = Record(
        title=one.name, kind=_("Policy"), sides=[Facts(_("Facts"), facts)], crumbs=[_crumb()],
        timeline=[moment(each) for each in history],
        actions=[Action(_("Edit"), reverse("policies:edit", args=[(mine or versions[0]).pk]), "edit", dialog=True,
                        permission=EDIT, key="e")] if versions else [],
    )  # fmt: skip
    return respond_record(request, "policies/policy.html", record, **context)


@requires(VIEW)
@require_safe
def version(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """One version: its way, what it does otherwise, what it runs as, one event tried on it."""
    one = queries.get_version(version_id)
    champion = queries.champion()
    against = one.parent or champion
    difference = queries.difference(against.digest, one.digest) if against and against.pk != one.pk else None
    content = queries.content(one.digest)
    running = queries.running()
    shown = beside(running, champion.label, base_currency()) if running and champion else []
    context = {
        **_way(request, one), "against": against if difference else None, "difference": difference,
        "beside": [each for each in shown if one.label in (each.label, each.champion)],
        "choices": simulation.choices(request), "simulate_url": reverse("policies:simulate", args=[one.pk]),
        "problems": content.problems,
        "tips": shown_tips(content.checked.policy.pack.tips.values()) if content.checked.policy else [],
    }  # fmt: skip
    return respond_record(request, "policies/version.html", _record(one), **context)


@requires(VIEW)
@require_safe
def way(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """The stepper with its gates alone: it moves while jobs run."""
    return render(request, "policies/parts/way.html", _way(request, queries.get_version(version_id)))


@requires(VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def simulate(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """One event under the version."""
    url = reverse("policies:simulate", args=[version_id])
    return simulation.simulated(request, queries.get_version(version_id).digest, url)


def ladder(state: str) -> list[Rung]:
    """The states up to the champion; one that left it has no current step."""
    at = LADDER.index(state) if state in LADDER else -1
    return [Rung(STATES[key], place < at, place == at) for place, key in enumerate(LADDER)]


def _way(request: HttpRequest, one: Version) -> dict[str, Any]:
    me = person(request)
    steps: list[tuple[Step, Text]] = [(step, step.row.title) for step in queries.steps(one)]
    return {
        "version": one, "state": STATES[one.state], "ladder": ladder(one.state), "gates": gates_of(one.digest),
        "steps": [(step, title, has_permission(me, step.row.permission)) for step, title in steps
                  if not (step.row.action == "roll_back" and step.missing)],
        "may_edit": has_permission(me, EDIT), "moving": one.state in (DRAFT, TESTED, BACKTESTED, IN_REVIEW),
        "review": queries.waiting_request(one), "beside_champion": one.state in (SHADOW, AS_CHALLENGER),
    }  # fmt: skip


def _record(one: Version) -> Record:
    actions = [
        Action(_("Edit"), reverse("policies:edit", args=[one.pk]), "edit", dialog=True, permission=EDIT, key="e")
    ]
    facts = [
        Fact(_("Policy"), one.policy.name),
        Fact(_("Content"), one.digest, "id", _("The digest under which the journal knows it.")),
        Fact(_("Author"), str(one.author) if one.author else None, "person" if one.author else "text"),
        Fact(_("Made from"), one.parent.label if one.parent else None),
        Fact(_("Came by"), _SOURCES[one.source]),
        Fact(_("Created"), one.created_at, "when"),
        Fact(_("State since"), one.changed_at, "when"),
        Fact(_("What changed"), one.note or None),
    ]
    history = queries.deployments().filter(placements__version=one).order_by("-id").distinct()[:HISTORY]
    return Record(
        title=one.label, id=str(one.pk), kind=_("Policy version"), status=STATES[one.state], actions=actions,
        sides=[Facts(_("Facts"), facts)], timeline=[moment(each) for each in history],
        crumbs=[_crumb(), Crumb(one.policy.name, reverse("policies:policy", args=[one.policy_id]))],
    )  # fmt: skip


_SOURCES: dict[str, Text] = {
    "journal": gettext_lazy("the journal: the service ran it"), "upload": gettext_lazy("a zip"),
    "draft": gettext_lazy("a draft"), "command": gettext_lazy("the command line"),
}  # fmt: skip


def _crumb() -> Crumb:
    return Crumb(_("Policies"), reverse("policies:versions"))


def _running() -> dict[str, Any] | None:
    found = queries.running()
    if found is None:
        return None
    rows = sorted(found.placements.all(), key=lambda one: list(ROLES).index(one.role))
    previous = queries.previous_champion()
    return {
        "deployment": found, "since": found.since,
        "previous": previous if previous and previous.state == RETIRED else None,
        "rows": [(row, ROLES[row.role], row.role == CHAMPION, f"{row.share / 100:g} %" if row.share else "")
                 for row in rows],
    }  # fmt: skip


def _pending() -> list[Deployment]:
    """On its way to the engine, or refused after what decides now was made."""
    current = queries.running()
    newer = queries.deployments().exclude(outcome="active").order_by("-id")
    return list((newer.filter(pk__gt=current.pk) if current else newer)[:5])


def _of(deployment: Deployment, policy_id: UUID) -> bool:
    return any(one.version.policy_id == policy_id for one in deployment.placements.all())
