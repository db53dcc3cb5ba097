"""Pages: alerts to be triaged, one alert, suppressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import person, requires
from seawall.apps.audit.queries import entries_of
from seawall.apps.cases import queries
from seawall.apps.cases.console.shared import (
    crumbs,
    reason,
    says_what_changed,
    show,
    status_of,
    uuid_or_none,
    uuids,
    version_of,
)
from seawall.apps.cases.console.timeline import moments_of
from seawall.apps.cases.forms import AddToCaseForm, SnoozeForm, SuppressForm
from seawall.apps.cases.models import Alert, AlertHit, Queue, Suppression
from seawall.apps.cases.naming import spoken, typology_title
from seawall.apps.cases.services import alerts as services
from seawall.apps.cases.services import opening
from seawall.apps.cases.severity import RANKS
from seawall.apps.cases.states import ALERT_STATES, ALERTS
from seawall.apps.decisions.reading import event_titles
from seawall.apps.errors import InvalidError, UnknownError
from seawall.apps.transitions import possible, row_of
from seawall.console.filters import Choice, Search, Times
from seawall.console.pages import (
    Action,
    Empty,
    Fact,
    Facts,
    ListPage,
    Record,
    View,
    ask_why,
    dialog,
    go,
    respond_record,
    selected,
)
from seawall.console.tables import Column, RowAction, Table
from seawall.console.words import SEVERITIES, Text, Word, word, words

VIEW = "alerts.view"
MOST_FOUND = 500
KEYS = {"open_case": "a", "snooze": "s", "dismiss": "d", "suppress": "p", "wake": "w", "lift": "w"}
RANK_WORDS = {str(rank): Word(str(rank), SEVERITIES[name].title, SEVERITIES[name].icon, SEVERITIES[name].tone)
              for name, rank in reversed(RANKS.items())}  # fmt: skip


def queue_words() -> dict[str, Word]:
    """All queues, for a facet."""
    return words(*(Word(str(one.pk), str(one), "inbox") for one in Queue.objects.all()))


def _typology_words() -> dict[str, Word]:
    return words(*(Word(one, typology_title(one), "flag") for one in queries.typologies()))


def _found(text: str) -> Q:
    named = [
        key for key, one in _typology_words().items() if text.casefold() in (key.casefold(), str(one.title).casefold())
    ]
    if named:
        return Q(typology__in=named)
    about = Alert.objects.filter(entity_value=text).order_by("-last_sequence")
    return Q(pk__in=list(about.values_list("pk", flat=True)[:MOST_FOUND]))  # named, so that no order misleads SQLite


def _bulk(action: str, title: Text, icon: str, key: str = "", **more: Any) -> Action:
    url: Any = reverse_lazy("cases:alerts_do", args=[action])
    return Action(title, url, icon, key=key, permission="alerts.work", **more)


CLOSES: Text = gettext_lazy("It closes without a case; the next hit raises a new alert.")
IN_ROW = ("open_case", "snooze", "dismiss")


def _of_row(alert: Alert) -> list[RowAction]:
    """What can be done to one alert of the list, as to the chosen ones."""
    return [
        RowAction(row.title, f"{reverse('cases:alerts_do', args=[row.action])}?selected={alert.pk}", row.icon,
                  post=row.action != "snooze", dialog=row.action == "snooze", permission=row.permission,
                  **({"reason": True, "confirm": CLOSES} if row.action == "dismiss" else {}))
        for row in possible(ALERTS, alert.state) if row.action in IN_ROW
    ]  # fmt: skip


ALERT_LIST = ListPage(
    name="alerts",
    title=gettext_lazy("Alerts"),
    purpose=gettext_lazy("Decisions worth a look, by entity and typology. Choose rows with x, then press a, s or d."),
    table=Table(
        columns=(
            Column("typology", gettext_lazy("Typology"), "coded", value=lambda row: (row.headline, row.typology),
                   primary=True, hint=gettext_lazy("The gravest rule that fired, and the typology that joins hits")),
            Column("entity", gettext_lazy("About"), "entity", value=lambda row: (row.entity_kind, row.entity_value)),
            Column("severity", gettext_lazy("Severity"), "severity", value="severity_name", sort="severity"),
            Column("hits", gettext_lazy("Hits"), "number", sort="hits"),
            Column("score", gettext_lazy("Highest score"), "score", sort="score"),
            Column("state", gettext_lazy("State"), "chip", value=lambda row: word(ALERT_STATES, row.state)),
            Column("queue", gettext_lazy("Queue"), value=lambda row: str(row.queue)),
            Column("last_at", gettext_lazy("Last hit"), "when", sort="last_at"),
            Column("first_at", gettext_lazy("First hit"), "when", shown=False),
        ),
        sort="-severity",
        url=lambda row: reverse("cases:alert", args=[row.pk]),
        actions=lambda row: _of_row(row),
    ),
    filters=(
        Search(find=_found, hint=gettext_lazy("Entity or typology")),
        Choice("state", gettext_lazy("State"), "state", ALERT_STATES),
        Choice("severity", gettext_lazy("Severity"), "severity", RANK_WORDS),
        Choice("queue", gettext_lazy("Queue"), "queue", load=queue_words),
        Choice("typology", gettext_lazy("Typology"), "typology", load=_typology_words, counts=False),
        Times("last", gettext_lazy("Last hit"), "last_at"),
    ),
    views=(
        View("new", gettext_lazy("New"), "state=new"),
        View("snoozed", gettext_lazy("Snoozed"), "state=snoozed"),
        View("cases", gettext_lazy("In a case"), "state=in_case"),
        View("all", gettext_lazy("All"), "sort=-last_at"),
    ),
    empty=Empty(
        gettext_lazy("No alerts"), gettext_lazy("Decisions sent to review or declined, and grave rules, appear here."),
        icon="check-circle",
    ),
    bulk=(
        _bulk("open_case", gettext_lazy("Open a case"), "folder", "a", post=True),
        _bulk("add", gettext_lazy("Add to a case"), "plus", dialog=True),
        _bulk("snooze", gettext_lazy("Snooze"), "pause", "s", dialog=True),
        _bulk("dismiss", gettext_lazy("Dismiss"), "check", "d", post=True, reason=True,
              confirm=gettext_lazy("They close without a case; the next hit raises a new alert.")),
    ),
    poll=15,
)  # fmt: skip


@requires(VIEW)
@require_safe
def alert_list(request: HttpRequest) -> HttpResponseBase:
    """Alerts this person may know of; new ones unless the address asks for others."""
    if not request.GET:
        return redirect(f"{reverse('cases:alerts')}?state=new")
    suppressions = Action(_("Suppressions"), reverse("cases:suppressions"), "eye-off", permission=VIEW)
    return ALERT_LIST.respond(request, queries.alerts(person(request)), actions=[suppressions])


# --- several at once --------------------------------------------------------------------------------------------------


@requires("alerts.work")
@require_http_methods(["GET", "POST"])
def alerts_do(request: HttpRequest, action: str) -> HttpResponseBase:
    """One action on the chosen alerts; all of them or none."""
    try:
        return _BULK[action](request)
    except KeyError:
        raise UnknownError(_("There is no such action.")) from None


def _bulk_open(request: HttpRequest) -> HttpResponse:
    case = opening.open_case(person(request), uuids(selected(request)), take=True)
    return go(request, reverse("cases:case", args=[case.pk]), _("%(case)s is yours.") % {"case": case.number})


def _bulk_dismiss(request: HttpRequest) -> HttpResponse:
    me, chosen = person(request), uuids(selected(request))
    if asking := ask_why(request, _("Dismiss"), text=CLOSES):
        return asking
    services.dismiss_all(me, chosen, reason(request))
    return go(request, _back(request), _done(len(chosen)))


def _bulk_snooze(request: HttpRequest) -> HttpResponse:
    chosen = selected(request)
    form = SnoozeForm(_answered(request), selected=chosen)
    if form.is_valid():
        services.snooze_all(person(request), uuids(chosen), form.until(), form.cleaned_data["reason"])
        return go(request, _back(request), _done(len(chosen)))
    uuids(chosen)
    return dialog(request, _("Snooze"), form, reverse("cases:alerts_do", args=["snooze"]), button=_("Snooze"),
                  status=status_of(form))  # fmt: skip


def _bulk_add(request: HttpRequest) -> HttpResponse:
    me = person(request)
    chosen = selected(request)
    rows = queries.cases(me).exclude(state__in=("closing", "closed")).order_by("-opened_at")[:100]
    form = AddToCaseForm(_answered(request, "case"), selected=chosen, cases=rows)
    if form.is_valid():
        case_id = uuid_or_none(form.cleaned_data["case"])
        assert case_id is not None
        opening.add_alerts(me, case_id, uuids(chosen))
        return go(request, reverse("cases:case", args=[case_id]), _("Added."))
    uuids(chosen)
    return dialog(request, _("Add to a case"), form, reverse("cases:alerts_do", args=["add"]), button=_("Add"),
                  status=status_of(form))  # fmt: skip


def _answered(request: HttpRequest, field: str = "reason") -> QueryDict | None:
    """What was filled in; None while the form is only asked for (by a POST where there are no scripts)."""
    return request.POST if field in request.POST else None


_BULK: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "open_case": _bulk_open, "add": _bulk_add, "snooze": _bulk_snooze, "dismiss": _bulk_dismiss,
}  # fmt: skip


def _done(count: int) -> str:
    return ngettext("%(n)d alert done.", "%(n)d alerts done.", count) % {"n": count}


def _back(request: HttpRequest) -> str:
    asked = urlsplit(request.headers.get("HX-Current-URL", "") or request.META.get("HTTP_REFERER", ""))
    here = reverse("cases:alerts")
    return f"{here}?{asked.query}" if asked.query and asked.path == here else here


# --- one alert --------------------------------------------------------------------------------------------------------


@requires(VIEW)
@require_safe
def alert_record(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """One alert: why it is here, what was done."""
    me = person(request)
    alert = queries.get_alert(me, alert_id)
    hits, types = queries.hits_of(alert), event_titles()
    case = queries.case_of(me, alert)
    rows = [(hit, types.get(hit.event_type, hit.event_type), titles(hit)) for hit in hits]
    return respond_record(request, "cases/alert.html", _record(me, alert), alert=alert, case=case, hits=rows)


def titles(hit: AlertHit) -> list[str]:
    """The rules of a hit in the page's language."""
    return [spoken(title, name) for name, title in hit.rules]


def _record(me: User, alert: Alert) -> Record:
    def at(action: str) -> str:
        return f"{reverse('cases:alert_do', args=[alert.pk, action])}?v={alert.version}"

    says = {
        "dismiss": CLOSES,
        "lift": _("Every suppression that holds it back ends."),
    }
    actions = [
        Action(row.title, at(row.action), row.icon, post=row.action not in _DIALOGS, dialog=row.action in _DIALOGS,
               reason=row.reason and row.action not in _DIALOGS, confirm=says.get(row.action, ""),
               permission=row.permission, key=KEYS.get(row.action, ""))
        for row in possible(ALERTS, alert.state) if row.action != "detach"
    ]  # fmt: skip
    facts = [
        Fact(_("Typology"), (typology_title(alert.typology), alert.typology), "coded"),
        Fact(_("Entity"), (alert.entity_kind, alert.entity_value), "entity"),
        Fact(_("Queue"), str(alert.queue)),
        Fact(_("Hits"), alert.hits, "number"),
        Fact(_("Highest score"), alert.score, "score"),
        Fact(_("First hit"), alert.first_at, "when"),
        Fact(_("Last hit"), alert.last_at, "when"),
        Fact(_("Snoozed until"), alert.snoozed_until, "when"),
        Fact(_("Reason"), alert.reason),
    ]
    done = moments_of(entries_of("alert", alert.pk).order_by("-id")[:100])
    return Record(
        title=alert.headline, id=str(alert.pk), kind=_("Alert"), status=word(ALERT_STATES, alert.state),
        severity=alert.severity_name, actions=actions[:3], more=actions[3:], sides=[Facts(_("Alert"), facts)],
        timeline=done, crumbs=crumbs((_("Alerts"), reverse("cases:alerts")), (alert.headline, "")),
    )  # fmt: skip


_DIALOGS = ("snooze", "suppress")


@requires(VIEW)
@require_http_methods(["GET", "POST"])
@says_what_changed
def alert_do(request: HttpRequest, alert_id: UUID, action: str) -> HttpResponseBase:
    """One action of the transition table on an alert."""
    me = person(request)
    queries.get_alert(me, alert_id)
    if action in _DIALOGS:
        return _until(request, alert_id, action)
    act = _ACTS.get(action)
    if act is None or request.method != "POST":
        raise UnknownError(_("There is no such action."))
    row = row_of(ALERTS, action)
    asking = ask_why(request, row.title) if row.reason else None
    return asking or act(request, alert_id)


def _until(request: HttpRequest, alert_id: UUID, action: str) -> HttpResponse:
    form = (SnoozeForm if action == "snooze" else SuppressForm)(request.POST or None)
    title = _("Snooze") if action == "snooze" else _("Suppress")
    if form.is_valid():
        me, until, why = person(request), form.until(), form.cleaned_data["reason"]
        try:
            if action == "snooze":
                services.snooze(me, alert_id, until, why, version_of(request))
                said = _("Snoozed.")
            else:
                made = services.suppress(me, alert_id, until, why, version_of(request))
                said = (
                    _("Suppressed.")
                    if isinstance(made, Suppression)
                    else _("Asked for; a second person must approve it.")
                )
            return go(request, reverse("cases:alert", args=[alert_id]), said)
        except InvalidError as error:
            show(form, error)
    url = f"{reverse('cases:alert_do', args=[alert_id, action])}?{request.GET.urlencode()}"
    return dialog(request, title, form, url, button=title, status=status_of(form))


def _open(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    case = opening.open_case(person(request), [alert_id], take=True)
    return go(request, reverse("cases:case", args=[case.pk]), _("%(case)s is yours.") % {"case": case.number})


def _simply(command: Callable[[HttpRequest, UUID], object]) -> Callable[[HttpRequest, UUID], HttpResponse]:
    def act(request: HttpRequest, alert_id: UUID) -> HttpResponse:
        command(request, alert_id)
        return go(request, reverse("cases:alert", args=[alert_id]), _("Done."))

    return act


_ACTS: dict[str, Callable[[HttpRequest, UUID], HttpResponse]] = {
    "open_case": _open,
    "wake": _simply(lambda request, key: services.wake(person(request), key, version_of(request))),
    "lift": _simply(
        lambda request, key: services.lift_alert(person(request), key, reason(request), version_of(request))
    ),
    "dismiss": _simply(
        lambda request, key: services.dismiss(person(request), key, reason(request), version_of(request))
    ),
}
