"""Actions that need a reason or an option: in a dialog, in the row, and as a page where there are no scripts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from django import forms
from django.test import RequestFactory

from seawall.console import markup
from seawall.console.pages import Action, ListPage, ask_why, came_from, dialog, permitted, selected
from seawall.console.tables import Column, RowAction, Table, csv_lines

ROWS = [SimpleNamespace(pk="7", title="Many cards", code="CARD_TESTING", minor=1)]
PAGE = ListPage(
    name="rows",
    title="Rows",
    purpose="",
    table=Table(
        columns=(Column("title", "Title", "coded", lambda row: (row.title, row.code), primary=True),),
        sort="title",
        actions=lambda row: [
            RowAction("Dismiss", f"/dismiss?selected={row.pk}", "check", post=True, reason=True, confirm="It closes."),
            RowAction("Snooze", f"/snooze?selected={row.pk}", "pause", dialog=True, permission="work"),
            RowAction("Hidden", "/hidden", "x", post=True, permission="forbidden"),
        ],
    ),
    bulk=(Action("Snooze", "/snooze?x=1", "pause", dialog=True),),
    actions=(Action("New", "/new?v=3&w=a%20b", "plus", dialog=True),),
)


class Form(forms.Form):
    days = forms.CharField()


def signed_in(request: Any, htmx: bool = False) -> Any:
    request.user = SimpleNamespace(is_authenticated=True, has_perm=lambda permission: permission != "forbidden")
    request.htmx = htmx
    return request


def page() -> str:
    text: str = PAGE.respond(signed_in(RequestFactory().get("/")), ROWS).content.decode()
    return text


def test_a_row_has_the_actions_that_the_person_may_take() -> None:
    html = page()
    assert 'formaction="/dismiss?selected=7" data-confirm="It closes." data-reason title="Dismiss"' in html
    assert '<a class="button plain" href="/snooze?selected=7" hx-get="/snooze?selected=7"' in html
    assert "/hidden" not in html


def test_a_dialogs_button_leads_to_a_page_without_scripts() -> None:
    html = page()
    assert '<form method="get" action="/new"><input type="hidden" name="v" value="3">' in html
    assert '<input type="hidden" name="w" value="a b">' in html
    assert 'formaction="/snooze?x=1" hx-include="closest form" hx-params="not csrfmiddlewaretoken"' in html
    (action,) = permitted(signed_in(RequestFactory().get("/")), PAGE.actions)
    assert (action.path, action.asked) == ("/new", [("v", "3"), ("w", "a b")])


def test_a_form_is_a_dialog_for_htmx_and_else_a_page() -> None:
    asked = signed_in(RequestFactory().get("/new", HTTP_REFERER="http://testserver/rows/?state=new"))
    whole = dialog(asked, "New row", Form(), "/new").content.decode()
    assert "<html" in whole
    assert "<h1>New row</h1>" in whole
    assert 'href="/rows/?state=new">Cancel</a>' in whole
    piece = dialog(signed_in(RequestFactory().get("/new"), htmx=True), "New row", Form(), "/new").content.decode()
    assert "<html" not in piece
    assert "data-close" in piece


def test_the_way_back_stays_in_the_house() -> None:
    for referer, back in (("http://testserver/a?b=1", "/a?b=1"), ("http://elsewhere/a", "/"), ("", "/")):
        assert came_from(RequestFactory().get("/", HTTP_REFERER=referer)) == back


def test_a_missing_reason_is_asked_for_and_what_was_posted_goes_on() -> None:
    asked = signed_in(RequestFactory().post("/dismiss?v=2", {"selected": ["1", "2"], "reason": " "}))
    answer = ask_why(asked, "Dismiss", text="It closes.")
    assert answer is not None
    html = answer.content.decode()
    assert 'action="/dismiss?v=2"' in html
    assert html.count('<input type="hidden" name="selected"') == 2
    assert 'name="reason"' in html
    assert html.count("csrfmiddlewaretoken") == html.count('name="csrfmiddlewaretoken"')
    given = signed_in(RequestFactory().post("/dismiss", {"reason": "known traveller"}))
    assert ask_why(given, "Dismiss") is None


def test_the_row_whose_action_it_is_goes_before_the_chosen_ones() -> None:
    assert selected(RequestFactory().post("/dismiss?selected=7", {"selected": ["1", "2"]})) == ["7"]
    assert selected(RequestFactory().post("/dismiss", {"selected": ["1", "2"]})) == ["1", "2"]


def test_words_come_with_their_code_as_a_small_mark() -> None:
    assert markup.coded("Many cards", "CARD_TESTING") == 'Many cards <small class="coded">CARD_TESTING</small>'
    assert markup.coded("VELOCITY", "VELOCITY") == "VELOCITY"
    assert markup.coded("<b>") == "&lt;b&gt;"
    assert "Many cards [CARD_TESTING]" in "".join(csv_lines(PAGE.table.columns, ROWS))
