"""Whole pages through Django: lists, records, dialogs, errors, preferences."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django import forms
from django.test import Client, RequestFactory

from seawall.console import assets, errors, preferences
from seawall.console.filters import Exact
from seawall.console.forms import ReasonForm, Renderer
from seawall.console.pages import ListPage, PageError, selected
from seawall.console.tables import Column, Table
from tests.console import gallery

HTMX = {"HX-Request": "true"}


def body(client: Client, path: str, **more: Any) -> str:
    response = client.get(path, **more)
    assert response.status_code == 200
    return response.content.decode()


def test_a_list_page_has_all_its_parts(client: Client) -> None:
    html = body(client, "/")
    assert html.count("<tr data-row") == 20
    for part in ("Newest", "To review", "Export", "Columns", "10,000+", 'rel="next"', "Select all on this page"):
        assert (part in html) or (part == "Newest" and "newest first" in html), part
    assert 'rel="prev"' not in html


def test_the_next_page_goes_on_and_back(client: Client) -> None:
    html = body(client, "/?outcome=review")
    place = html.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert "outcome=review" in place
    second = body(client, "/" + place)
    assert "D-0020" in second
    assert "D-0019" not in second
    assert 'rel="prev"' in second


def test_a_damaged_place_shows_the_first_page_and_says_so(client: Client) -> None:
    html = body(client, "/?place=rubbish")
    assert "D-0000" in html
    assert "start from the first page" in html


def test_bad_filters_are_said(client: Client) -> None:
    assert "bogus is not a choice" in body(client, "/?outcome=bogus").replace("&#x27;", "'")


def test_htmx_gets_the_list_alone(client: Client) -> None:
    html = body(client, "/", headers=HTMX)
    assert "<tr data-row" in html
    assert "<html" not in html
    assert "<fieldset" not in html


def test_the_view_shown_is_marked_whatever_the_place(client: Client) -> None:
    def current(query: str) -> list[str]:
        tabs = body(client, f"/{query}").split('<nav class="tabs"')[1].split("</nav>")[0]
        return [part.split("</a>")[0].split(">")[-1] for part in tabs.split("<a")[1:] if "aria-current" in part]

    assert current("") == ["All"]
    assert current("?outcome=review&columns=at") == ["To review"]
    assert current("?outcome=review&q=c1") == []


def test_empty_lists_say_what_would_appear(client: Client) -> None:
    assert "No decisions yet" in body(client, "/nothing")
    assert "Nothing matches these filters" not in body(client, "/nothing")


def test_exports_are_sent_and_recorded(client: Client) -> None:
    sent: list[str] = []
    request = RequestFactory().get("/?export=csv&columns=at")
    response: Any = gallery.decision_list().respond(request, gallery.decisions(3), exported=sent.append)
    assert sent == ["csv"]
    lines = b"".join(response.streaming_content).decode().splitlines()
    assert len(lines) == 4
    assert lines[1].startswith("D-0000,20")


def test_a_filter_may_not_take_a_parameter_of_the_list() -> None:
    with pytest.raises(PageError, match="'sort'"):
        ListPage("x", "X", "", Table([Column("a", "A")], "a"), filters=[Exact("sort", "Sort", "a")])


def test_actions_without_permission_are_not_shown(client: Client) -> None:
    assert "Submit disposition" in body(client, "/record")
    request = RequestFactory().get("/")
    request.user = type("Nobody", (), {"is_authenticated": False})()
    assert gallery.decision_list().respond(request, []).status_code == 200


def test_selection_is_bounded_and_each_once() -> None:
    request = RequestFactory().post("/", {"selected": ["b", "a", "b", *map(str, range(800))]})
    assert selected(request)[:2] == ["b", "a"]
    assert len(selected(request)) == 500


def test_a_record_page_has_head_facts_and_timeline(client: Client) -> None:
    html = body(client, "/record")
    for part in ("D-0003", "47 min", "card_payments@14", "5,000.00", "#18204", "Review 60", "customer_mean_30d"):
        assert part in html, part


def test_dialogs_ask_for_a_reason_and_keep_what_was_typed(client: Client) -> None:
    opened = client.get("/reason", headers=HTMX)
    assert opened["HX-Retarget"] == "#dialog"
    short = client.post("/reason", {"reason": "short"}, headers=HTMX)
    assert short.status_code == 422
    assert ">short</textarea>" in short.content.decode().replace("\n", "")
    done = client.post("/reason", {"reason": "card was stolen, confirmed by phone"}, headers=HTMX)
    assert (done.status_code, done["HX-Redirect"]) == (204, "/record")
    assert "Sent for four-eyes review" in body(client, "/")


def test_commands_work_without_script(client: Client) -> None:
    response = client.post("/bulk", {"selected": ["1", "2"], "reason": "duplicate"})
    assert (response.status_code, response["Location"]) == (302, "/")
    assert "2 · duplicate" in body(client, "/")


def test_a_stale_edit_says_what_changed_and_by_whom(client: Client) -> None:
    response = client.get("/conflict")
    assert response.status_code == 409
    for part in ("王敏", "林晓", "Reload and decide again"):
        assert part in response.content.decode()
    assert client.get("/conflict", headers=HTMX)["HX-Retarget"] == "#dialog"


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 413, 422, 429, 500, 503])
def test_errors_say_what_to_do_and_give_a_reference(client: Client, status: int) -> None:
    page = client.get(f"/fails/{status}")
    text = page.content.decode()
    assert page.status_code == status
    assert str(errors.PROBLEMS[status].title) in text.replace("&#x27;", "'")
    assert "Reference" in text
    assert "Traceback" not in text
    assert "on purpose" not in text
    toast = client.get(f"/fails/{status}", headers=HTMX)
    assert (toast.status_code, toast["HX-Retarget"]) == (status, "#toasts")
    assert "<html" not in toast.content.decode()


def test_unknown_addresses_and_missing_permissions(client: Client) -> None:
    assert client.get("/no/such/page").status_code == 404
    assert "cases.close" in client.get("/fails/403").content.decode()
    assert "Sign in" in client.get("/fails/401?anonymous").content.decode()


def test_a_wrong_form_token_says_reload(client: Client) -> None:
    strict = Client(enforce_csrf_checks=True, HTTP_ACCEPT_LANGUAGE="en")
    response = strict.post("/bulk", {"selected": "1"})
    assert response.status_code == 403
    assert "This form is too old to be sent" in response.content.decode()


def test_an_error_in_the_error_page_is_still_an_answer(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("templates are gone")

    monkeypatch.setattr(errors, "render", broken)
    response = client.get("/fails/500")
    assert response.status_code == 500
    assert response["Content-Type"].startswith("text/plain")


def test_languages_and_themes_switch(client: Client) -> None:
    assert '<html lang="en">' in body(client, "/")
    heard: list[tuple[str, str]] = []

    def listen(sender: object, name: str, value: str, **_: object) -> None:
        heard.append((name, value))

    preferences.chosen.connect(listen)
    response = client.post("/console/switch", {"language": "zh-hans", "theme": "dark", "next": "/record"})
    preferences.chosen.disconnect(listen)
    assert response["Location"] == "/record"
    assert heard == [("theme", "dark"), ("language", "zh-hans")]
    html = body(client, "/")
    assert '<html lang="zh-Hans" data-theme="dark">' in html
    assert "导出" in html


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_the_switch_leads_nowhere_else(client: Client, back: str) -> None:
    response = client.post("/console/switch", {"theme": "purple", "next": back})
    assert response["Location"] == "/"
    assert preferences.THEME_COOKIE not in response.cookies


def test_redirects_move_the_whole_page_for_htmx(client: Client) -> None:
    response = client.post("/bulk", {"selected": "1"}, headers=HTMX)
    assert (response.status_code, response["HX-Redirect"]) == (204, "/")


def test_no_page_has_inline_script_or_style(client: Client) -> None:
    import re

    for path in (
        "/",
        "/nothing",
        "/record",
        "/room",
        "/form",
        "/workbench",
        "/fails/404",
        "/fails/500",
        "/reason",
        "/reveal",
    ):
        html = client.get(path).content.decode()
        assert not re.search(r"<style|\sstyle=|\son\w+=", html), path
        scripts = re.findall(r"<script([^>]*)>", html)
        assert all("src=" in one or 'type="application/json"' in one for one in scripts), path


def test_forms_render_in_the_kits_order() -> None:
    html = str(ReasonForm({"reason": "x"}))
    assert html.index("<label") < html.index("<textarea") < html.index('class="help"') < html.index("errorlist")
    assert ReasonForm.default_renderer is Renderer
    assert isinstance(ReasonForm().fields["reason"], forms.CharField)


def test_static_files_are_pinned_by_content() -> None:
    address = assets.pinned("console/console.css".replace("console.css", "tokens.css"))
    assert len(address.split("?v=")[1]) == 16
    assert "?v=" not in assets.pinned("django_htmx/htmx-2.min.js")


def test_every_icon_named_is_in_the_sprite() -> None:
    import re

    sprite = set(re.findall(r'<symbol id="([\w-]+)"', (assets.STATIC / "console/icons.svg").read_text()))
    named: set[str] = set()
    for path in (assets.STATIC.parent / "templates").rglob("*.html"):
        named |= set(re.findall(r'{% icon "([\w-]+)"', path.read_text("utf-8")))
    assert named - sprite == set()
    for table in ("OUTCOMES", "SEVERITIES", "ENTITIES"):
        from seawall.console import words

        assert {word.icon for word in getattr(words, table).values()} - sprite == set()


def test_the_chart_script_is_made_once(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    monkeypatch.setattr(assets, "_made", lambda: made.append(1) or b"script")
    assert [assets.vega_bundle(tmp_path / "cache") for _ in range(3)] == [b"script"] * 3
    assert made == [1]


def test_the_chart_script_has_an_address_of_its_version(client: Client) -> None:
    data = json.loads(body(client, "/").split('id="console-data"')[1].split(">", 1)[1].split("</script>")[0])
    assert client.get(data["vega"].replace("vega-", "vega-0")).status_code == 404
    assert data["keys"]["d"] == "/"
    assert data["colours"]["dark"]["accent"].startswith("#")
