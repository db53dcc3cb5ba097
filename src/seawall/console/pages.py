"""Pages as declarations: a view names its list or record and hands the rows over; the kit answers the request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from seawall.console import saved, tables
from seawall.console.filters import Bound, Filter, Search
from seawall.console.forms import ReasonForm
from seawall.console.keyset import CursorError, ListSource, QuerySource, Source
from seawall.console.navigation import allowed
from seawall.console.words import Text, Word

MOST_SELECTED = 500
RESERVED = frozenset({tables.PLACE, "sort", "columns", "export"})  # parameters of the list itself


class PageError(Exception):
    """A page that is declared wrongly."""


@dataclass(frozen=True)
class View:
    """A saved view: a named query string, shown as a tab; `icon` marks one that somebody else shares."""

    key: str
    title: Text
    query: str = ""
    icon: str = ""


@dataclass(frozen=True)
class Action:
    """A button. `post`: it changes something; with `confirm` a dialog says what will happen, `reason` asks why.

    `typed` is a text to be typed before a dangerous action goes through. `permission` hides it from who may not.
    In a list's action bar the chosen rows come as `selected` (read them by `selected(request)`).
    """

    title: Text
    url: str
    icon: str = ""
    post: bool = False
    confirm: Text = ""
    reason: bool = False
    typed: str = ""
    danger: bool = False
    permission: str = ""
    key: str = ""  # shortcut on this page
    dialog: bool = False  # GET a form into a dialog; a page of its own without scripts

    @property
    def path(self) -> str:
        """The address without its query: what a form of method GET is sent to."""
        return str(self.url).partition("?")[0]

    @property
    def asked(self) -> list[tuple[str, str]]:
        """The query of the address, as hidden fields of such a form."""
        return parse_qsl(str(self.url).partition("?")[2], keep_blank_values=True)


@dataclass(frozen=True)
class Empty:
    """What would stand here, and how it comes about."""

    title: Text
    text: Text = ""
    action: Action | None = None
    icon: str = "inbox"


@dataclass(frozen=True)
class Crumb:
    """One step of the breadcrumb."""

    title: Text
    url: str = ""


def permitted(request: HttpRequest, actions: Sequence[Action]) -> list[Action]:
    """The actions this person may take."""
    return [one for one in actions if not one.permission or allowed(request, one.permission)]


def selected(request: HttpRequest) -> list[str]:
    """Keys of the rows chosen in a list, at most MOST_SELECTED, each once; those named in the address (by a row's own
    action) go before."""
    chosen = request.GET.getlist("selected") or request.POST.getlist("selected")
    return list(dict.fromkeys(chosen))[:MOST_SELECTED]


@dataclass(frozen=True)
class ListPage:
    """A list page: facets, search, chips, views, table, bulk actions, export, empty state.

    `name` names exports. `views` are tabs; more can be given to `respond` (a person's own). `counts` False leaves facet
    counts out. `template` may extend console/list.html to add blocks.
    """

    name: str
    title: Text
    purpose: Text
    table: tables.Table
    filters: Sequence[Filter] = ()
    views: Sequence[View] = ()
    actions: Sequence[Action] = ()  # beside the title
    bulk: Sequence[Action] = ()
    empty: Empty | None = None
    counts: bool = True
    exportable: bool = True
    poll: int = 0  # seconds; 0 = stands still
    template: str = "console/list.html"

    def __post_init__(self) -> None:
        for one in self.filters:
            if one.key in RESERVED:
                raise PageError(
                    f"list {self.name}: a filter may not be called {one.key!r}; the list uses that parameter"
                )

    def respond(
        self,
        request: HttpRequest,
        rows: QuerySet[Any] | Sequence[Any],
        *,
        views: Sequence[View] = (),
        actions: Sequence[Action] | None = None,
        crumbs: Sequence[Crumb] = (),
        exported: Callable[[str], object] | None = None,
        **context: Any,
    ) -> HttpResponseBase:
        """The page; its list alone for htmx; a file for `?export=csv`.

        `exported(format)` is called before a file is sent, to record it. Sequences are taken as already filtered.
        """
        bound = Bound(self.filters, request.GET)
        if saved.offer_asked(request):
            return saved.offer_of(request, self.name, [one.key for one in self.filters], bound.problems)
        source, queryset = self._source(rows, bound)
        form = request.GET.get("export", "")
        if self.exportable and form in tables.FORMATS:
            if exported:
                exported(form)
            columns = self.table.chosen(request)
            return tables.export(request, form, self.name, columns, source, self.table.order(request))
        shown, problems = self._shown(request, source, bound)
        fragment = bool(getattr(request, "htmx", False)) and not getattr(request.htmx, "boosted", False)
        search = next((one for one in self.filters if isinstance(one, Search)), None)
        context |= {
            "page": self,
            "title": self.title,
            "shown": shown,
            "problems": problems,
            "bound": bound,
            "chips": bound.chips(),
            "search": search,
            "searched": request.GET.get(search.key, "") if search else "",
            "facets": [] if fragment else bound.shown(queryset if self.counts else None),
            **self._saved(request, bound, views),
            "on_tab": any(_essence(QueryDict(one.query)) == _essence(request.GET) for one in self.views if one.query),
            "actions": permitted(request, self.actions if actions is None else actions),
            "bulk": permitted(request, self.bulk),
            "crumbs": crumbs,
            "formats": tables.FORMATS if self.exportable else {},
            "kept": _kept(request),
        }
        if fragment:
            return render(request, "console/parts/list_body.html", context)
        return render(request, self.template, context)

    def _source(self, rows: QuerySet[Any] | Sequence[Any], bound: Bound) -> tuple[Source, QuerySet[Any] | None]:
        if isinstance(rows, QuerySet):
            return QuerySource(bound.narrow(rows)), rows
        return ListSource(rows), None

    def _shown(self, request: HttpRequest, source: Source, bound: Bound) -> tuple[tables.Shown, list[str]]:
        """The page asked for, or the first one with a word about it when its place cannot be used."""
        try:
            return self.table.show(request, source), bound.problems
        except CursorError as error:
            asked = request.GET.copy()
            asked.pop(tables.PLACE, None)
            request.GET = asked
            return self.table.show(request, source), [*bound.problems, str(error)]

    def _saved(self, request: HttpRequest, bound: Bound, views: Sequence[View]) -> dict[str, Any]:
        """The tabs: the page's, the view's own, those that people saved; and what can be saved now."""
        keys = [one.key for one in self.filters]
        found = saved.saving(request, self.name, keys, sound=not bound.problems)
        tabs = self._tabs(request, [*self.views, *views, *found.views])
        if any(shown for _view, _url, shown in tabs):
            found = replace(found, save="")
        return {"tabs": tabs, "saving": found}

    def _tabs(self, request: HttpRequest, views: Sequence[View]) -> list[tuple[View, str, bool]]:
        """Each view with its address, and whether it is the one shown."""
        now = _essence(request.GET)
        return [(view, f"?{view.query}", _essence(QueryDict(view.query)) == now) for view in views]


def _essence(asked: QueryDict) -> dict[str, list[str]]:
    """What tells one view from another: not the place, nor the columns."""
    return {
        name: sorted(values)
        for name, values in asked.lists()
        if name not in (tables.PLACE, "columns", "export") and any(values)
    }


def _kept(request: HttpRequest) -> list[tuple[str, str]]:
    """What the facet form must send along: sort and columns."""
    return [(name, request.GET[name]) for name in ("sort", "columns") if request.GET.get(name)]


# --- record pages -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fact:
    """A line of the facts column; `kind` as a table's column."""

    title: Text
    value: Any
    kind: str = "text"
    hint: Text = ""


@dataclass(frozen=True)
class Facts:
    """A card of facts beside the record."""

    title: Text
    facts: Sequence[Fact]


@dataclass(frozen=True)
class Moment:
    """An entry of a timeline. `by` is a person's name, "" the system; `ledger` is the index of its ledger entry."""

    at: datetime | int
    title: Text
    text: Text = ""
    by: str = ""
    icon: str = "dot"
    tone: str = "neutral"
    ledger: int | None = None
    url: str = ""


@dataclass(frozen=True)
class Record:
    """The head and the sides of a record page; the main column is the template's."""

    title: Text
    id: str = ""
    kind: Text = ""
    status: Word | None = None
    severity: str = ""
    outcome: str = ""
    owner: str | None = None
    owned: bool = False  # show "Nobody" where there is no owner
    due: datetime | int | None = None
    started: datetime | int | None = None
    actions: Sequence[Action] = ()  # the first is the primary one
    more: Sequence[Action] = ()
    crumbs: Sequence[Crumb] = ()
    sides: Sequence[Facts] = ()
    timeline: Sequence[Moment] | None = None
    tabs: Sequence[tuple[Text, str, bool]] = field(default_factory=tuple)  # (title, url, current)


def respond_record(request: HttpRequest, template: str, record: Record, **context: Any) -> HttpResponse:
    """A record page; `template` extends console/record.html and fills its block `main`."""
    context |= {
        "record": record,
        "title": record.title,
        "crumbs": record.crumbs,
        "actions": permitted(request, record.actions),
        "more": permitted(request, record.more),
    }
    return render(request, template, context)


# --- answers to htmx --------------------------------------------------------------------------------------------------


def is_fragment(request: HttpRequest) -> bool:
    """Does the request want a piece of a page?"""
    return bool(getattr(request, "htmx", False))


def go(request: HttpRequest, to: str, message: Text = "") -> HttpResponse:
    """Go to a page after a command, by redirect or HX-Redirect; `message` appears there as a toast."""
    if message:
        from django.contrib import messages

        messages.success(request, str(message))
    if is_fragment(request):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = redirect(to).url
        return response
    return redirect(to)


def toast(request: HttpRequest, message: Text, tone: str = "good", refresh: Sequence[str] = ()) -> HttpResponse:
    """A toast as the answer to an htmx command; `refresh` names events that parts of the page listen to."""
    response = render(request, "console/parts/toast.html", {"message": message, "tone": tone})
    response["HX-Retarget"] = "#toasts"
    response["HX-Reswap"] = "beforeend"
    if refresh:
        response["HX-Trigger"] = ", ".join(refresh)
    return response


def dialog(request: HttpRequest, title: Text, form: Any, url: str, *, button: Text = "", danger: bool = False,
           text: Text = "", status: int = 200, **context: Any) -> HttpResponse:  # fmt: skip
    """A form in a dialog: GET opens it, an invalid POST (status 422) shows it again with its errors.

    Whoever has no scripts, or opens the address in a tab, gets the same form as a page.
    """
    context |= {
        "dialog_title": title,
        "form": form,
        "url": url,
        "button": button or _("Save"),
        "danger": danger,
        "text": text,
    }
    if not is_fragment(request):
        context |= {"title": title, "whole": True, "back": came_from(request)}
        return render(request, "console/dialog.html", context, status=status)
    response = render(request, "console/parts/dialog_form.html", context, status=status)
    response["HX-Retarget"] = "#dialog"
    response["HX-Reswap"] = "innerHTML"
    return response


def ask_why(request: HttpRequest, title: Text, *, text: Text = "", button: Text = "") -> HttpResponse | None:
    """None once a POST brings its reason; until then the form that asks for it and sends on all that was posted.

    The confirm dialog of a button with `reason` asks before it posts: this is for those without scripts.
    """
    if request.POST.get("reason", "").strip():
        return None
    kept = [(name, one) for name, values in request.POST.lists() for one in values
            if name not in ("reason", "csrfmiddlewaretoken")]  # fmt: skip
    return dialog(request, title, ReasonForm(), request.get_full_path(), button=button or title, text=text, kept=kept)


def came_from(request: HttpRequest) -> str:
    """The page of this installation that led here, for a way back; the first page where none did."""
    asked = request.META.get("HTTP_REFERER", "")
    if not url_has_allowed_host_and_scheme(asked, {request.get_host()}, request.is_secure()):
        return "/"
    found = urlsplit(asked)
    return found._replace(scheme="", netloc="").geturl() or "/"


def changed_meanwhile(
    request: HttpRequest, changes: Sequence[tuple[Text, Any, Any]], by: str, url: str, mine: Text = ""
) -> HttpResponse:
    """409 for a stale edit: what changed (field, mine, theirs), by whom, and where to go on.

    `mine` heads the column beside "Now": what the person sent, unless it is what they saw.
    """
    context: Mapping[str, Any] = {
        "changes": changes, "by": by, "url": url, "mine": mine or _("Yours"), "title": _("Changed meanwhile"),
    }  # fmt: skip
    if is_fragment(request):
        response = render(request, "console/parts/conflict.html", context, status=409)
        response["HX-Retarget"] = "#dialog"
        response["HX-Reswap"] = "innerHTML"
        return response
    return render(request, "console/errors/conflict.html", dict(context), status=409)
