"""Pages: the list of entities, looking one up, one entity with what surrounds it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from seawall.apps.accounts.permissions import person, requires
from seawall.apps.decisions import queries, services
from seawall.apps.decisions.archive import ArchiveError
from seawall.apps.decisions.console.forms import LookUpForm
from seawall.apps.decisions.models import DecisionRow, Entity, LabelRow
from seawall.apps.decisions.reading import active_policy
from seawall.apps.decisions.registry import buttons, related_to_entity
from seawall.apps.decisions.selection import kind_title
from seawall.apps.decisions.words import label_title, titled
from seawall.apps.errors import ServiceError
from seawall.console import charts
from seawall.console.filters import Choice, Search
from seawall.console.formatting import short_id
from seawall.console.pages import (
    Action,
    Crumb,
    Empty,
    Fact,
    Facts,
    ListPage,
    Moment,
    Record,
    dialog,
    go,
    respond_record,
)
from seawall.console.tables import Column, Table
from seawall.console.words import ENTITIES, OUTCOMES, Word, word, words
from seawall.engine.policy import CompiledPolicy

VIEW = "entities.view"
_SHOWN_LINKED = 24
_DAY = 24 * 3_600_000
_LIST_KINDS = words(
    Word("allow", gettext_lazy("Allow list"), "check-circle", "good"),
    Word("deny", gettext_lazy("Deny list"), "x-circle", "bad"),
    Word("watch", gettext_lazy("Watch list"), "eye", "notice"),
)
_ERASED = Word("erased", gettext_lazy("Erased"), "trash", "neutral")


def _kind_words() -> dict[str, Word]:
    return words(*(word(ENTITIES, kind) for kind in queries.kinds()))


def entity_url(kind: str, value: str) -> str:
    """The address of an entity's page."""
    return reverse("decisions:entity", args=[kind, value])


ENTITIES_PAGE = ListPage(
    name="entities",
    title=gettext_lazy("Entities"),
    purpose=gettext_lazy("Customers, cards, devices and all else that takes part in events."),
    table=Table(
        columns=(
            Column("entity", gettext_lazy("Entity"), "text", value=lambda row: short_id(row.value), primary=True),
            Column("kind", gettext_lazy("Kind"), "chip", value=lambda row: word(ENTITIES, row.kind)),
            Column("decisions", gettext_lazy("Decisions"), "number"),
            Column("flagged", gettext_lazy("Not approved"), "number", sort="flagged"),
            Column("first", gettext_lazy("First seen"), "when", "first_at"),
            Column("last", gettext_lazy("Last seen"), "when", "last_at", sort="last_sequence"),
            Column("erased", gettext_lazy("Erased"), "when", "erased_at", shown=False),
            Column("value", gettext_lazy("Whole value"), "id", shown=False),
        ),
        sort="-last_sequence",
        url=lambda row: entity_url(row.kind, row.value),
    ),
    filters=(
        Search(fields=("value",), hint=gettext_lazy("How the value begins")),
        Choice("kind", gettext_lazy("Kind"), "kind", load=_kind_words),
    ),
    empty=Empty(gettext_lazy("No entities yet"), gettext_lazy("They appear with the first decisions.")),
    exportable=False,
)


@requires(VIEW)
@require_safe
def entities(request: HttpRequest) -> HttpResponseBase:
    """All entities, the one seen last first."""
    find = Action(_("Look up"), reverse("decisions:find"), "search", dialog=True, key="f")
    return ENTITIES_PAGE.respond(request, queries.entities(person(request)), actions=[find])


@requires(VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Look an entity up by its value; the value travels in no address."""
    kinds = [(kind, str(kind_title(kind))) for kind in queries.kinds()]
    form = LookUpForm(request.POST or None, kinds=kinds)
    if request.method == "POST" and form.is_valid():
        try:
            found = services.find_entity(person(request), form.cleaned_data["kind"], form.cleaned_data["value"])
        except ServiceError as error:
            form.add_error("value", str(error))
        else:
            return go(request, entity_url(found.kind, found.value))
    status = 422 if request.method == "POST" else 200
    return dialog(request, _("Look up an entity"), form, reverse("decisions:find"), button=_("Look up"), status=status)


@requires(VIEW)
@require_safe
def entity(request: HttpRequest, kind: str, value: str) -> HttpResponse:
    """One entity: its decisions over time, features now, what it shares decisions with, lists, linked work."""
    me = person(request)
    shown = queries.get_entity(me, kind, value)
    newest = queries.newest_of(me, shown, queries.NEWEST)
    rows, linked = queries.rows_of(newest), queries.linked(shown, newest)
    features, policy, problem = [], None, ""
    try:
        policy, features = active_policy(), queries.features_now(me, shown)
    except ArchiveError as error:
        problem = str(error)
    context = {
        "shown": shown, "problem": problem, "linked": linked, "lists": _lists(shown, policy),
        "features": [one for one in features if not one.zero], "zero": [one for one in features if one.zero],
        "over_time": _over_time(rows), "graph": _graph(shown, linked), "counted": len(rows), "most": queries.NEWEST,
        "related": related_to_entity(me, shown),
        "explore": f"{reverse('decisions:decisions')}?{_entity_query(shown)}",
    }  # fmt: skip
    return respond_record(request, "decisions/entity.html", _record(shown, rows, policy), **context)


def _entity_query(shown: Entity) -> str:
    asked = QueryDict(mutable=True)
    asked["entity"] = f"{shown.kind}:{shown.value}"
    return asked.urlencode()


def _record(shown: Entity, rows: list[DecisionRow], policy: CompiledPolicy | None) -> Record:
    flagged = sum(row.outcome != "approve" for row in rows)
    whole = len(rows) < queries.NEWEST
    facts = [
        Fact(_("Decisions"), len(rows) if whole else shown.decisions, "number"),
        Fact(_("Not approved"), flagged if whole else shown.flagged, "number"),
        Fact(_("First seen"), rows[-1].effective_at if whole and rows else shown.first_at, "when"),
        Fact(_("Last seen"), rows[0].effective_at if rows else shown.last_at, "when"),
    ]
    if shown.erased_at:
        hint = _("Its keys and links are destroyed; sealed values cannot be read any more.")
        facts.append(Fact(_("Erased"), shown.erased_at, "when", hint))
    return Record(
        title=short_id(shown.value), id=shown.value, kind=kind_title(shown.kind),
        status=_ERASED if shown.erased_at else None, sides=[Facts(_("Seen"), facts)],
        timeline=_moments(shown, rows[: queries.MOST_MOMENTS], policy), actions=buttons(shown.kind, shown.value),
        crumbs=[Crumb(_("Entities"), reverse("decisions:entities")), Crumb(kind_title(shown.kind))],
    )  # fmt: skip


def _moments(shown: Entity, rows: list[DecisionRow], policy: CompiledPolicy | None) -> list[Moment]:
    """Decisions, labels of their events, list records and the erasure, the newest first."""
    found = []
    rules = {one.id: titled(one.title, one.id) for one in policy.entries} if policy else {}
    types = {name: titled(one.title, name) for name, one in policy.pack.events.items()} if policy else {}
    for row in rows:
        outcome = word(OUTCOMES, row.outcome)
        url = reverse("decisions:decision", args=[row.decision_id])
        title = f"{outcome.title} · {types.get(row.event_type, row.event_type)}"
        fired = ", ".join(rules.get(one, one) for one in row.rules)
        found.append(Moment(row.effective_at, title, fired, icon=outcome.icon, tone=outcome.tone, url=url))
    for label in LabelRow.objects.filter(event_id__in=[row.event_id for row in rows]):
        title = _("Labelled: %(label)s") % {"label": label_title(policy, label.label)}
        found.append(Moment(label.received_at, title, label.event_id, icon="flag", tone="info"))
    if shown.erased_at:
        found.append(Moment(shown.erased_at, _("Erased"), icon="trash"))
    return sorted(found, key=lambda one: one.at if isinstance(one.at, int) else 0, reverse=True)


def _lists(shown: Entity, policy: CompiledPolicy | None) -> list[dict[str, object]]:
    """Entries that name the entity, with what their list is."""
    now = int(timezone.now().timestamp() * 1000)
    found = []
    for row in queries.list_entries_of(shown):
        definition = policy.pack.lists.get(row.list) if policy else None
        valid = not row.removed and row.valid_from <= now and (row.valid_until is None or now < row.valid_until)
        found.append({
            "row": row, "title": titled(definition.title, row.list) if definition else row.list, "valid": valid,
            "kind": word(_LIST_KINDS, definition.kind) if definition else None,
        })  # fmt: skip
    return found


def _over_time(rows: list[DecisionRow]) -> charts.Chart | None:
    """Decisions a day by outcome; nothing to draw within one day."""
    counts = queries.outcomes_by_day(rows)
    days = {day for day, _outcome in counts}
    if len(days) < 2:
        return None
    span = range(min(days), max(days) + _DAY, _DAY)
    if len(span) > 400:
        span = range(max(days) - 399 * _DAY, max(days) + _DAY, _DAY)
    seen = [outcome for outcome in OUTCOMES if any(one == outcome for _day, one in counts)]
    points = [(day, outcome, counts[day, outcome]) for outcome in seen for day in span]
    titles = {key: one.title for key, one in OUTCOMES.items()}
    return charts.over_time(_("Decisions a day"), points, _("decisions"), area=True, titles=titles, height=160)


def _graph(shown: Entity, linked: list[queries.Linked]) -> charts.Chart | None:
    """The entity in the middle of those it shares decisions with."""
    if not linked:
        return None
    near = linked[:_SHOWN_LINKED]
    nodes = [charts.Node("0", short_id(shown.value), kind_title(shown.kind), weight=4)]
    nodes += [
        charts.Node(str(one.entity.pk), short_id(one.entity.value), kind_title(one.entity.kind),
                    url=entity_url(one.entity.kind, one.entity.value), weight=1)
        for one in near
    ]  # fmt: skip
    edges = [charts.Link("0", str(one.entity.pk), one.shared) for one in near]
    return charts.graph(_("Entities that share decisions"), nodes, edges, height=320)
