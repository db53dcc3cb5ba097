"""Saved views: kept as the list's own page read them, seen by whom they are shared with, changed by their owner."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client

from seawall.apps.accounts import services as accounts
from seawall.apps.accounts.models import Assignment, User
from seawall.apps.accounts.services import OPERATOR
from seawall.apps.audit.models import Outbox
from seawall.apps.errors import ConflictError, InvalidError, UnknownError
from seawall.apps.saved import queries, services
from seawall.apps.saved.models import SavedView
from seawall.console.saved import Offer, OfferError, opened

pytestmark = pytest.mark.django_db
MakeUser = Callable[..., User]
OFFER = Offer("cases", "/cases/", "state=open")


@pytest.fixture
def ana(make_user: MakeUser) -> User:
    return make_user("ana", "analyst")


def titles(user: User) -> list[str]:
    return [one.title for one in queries.own(user, "cases")]


def test_a_view_is_kept_renamed_moved_and_deleted(ana: User) -> None:
    for title in ("one", "two", " three  of  them "):
        services.save(ana, OFFER, title)
    assert titles(ana) == ["one", "two", "three of them"]
    first, second, third = queries.own(ana, "cases")
    services.move(ana, third.pk, earlier=True)
    services.move(ana, first.pk, earlier=True)
    services.move(ana, second.pk, earlier=False)
    assert titles(ana) == ["one", "three of them", "two"]
    services.change(ana, third.pk, "3")
    services.delete(ana, first.pk)
    assert titles(ana) == ["3", "two"]
    services.save(ana, OFFER, "last")
    assert titles(ana) == ["3", "two", "last"]
    assert not Outbox.objects.filter(action__startswith="view.").exists(), "one's own views are nobody's business"


def test_what_cannot_be_kept(ana: User) -> None:
    services.save(ana, OFFER, "one")
    for title, role, field in (
        ("", "", "title"), ("x" * 61, "", "title"), ("one", "", "title"), ("two", "admin", "role"),
    ):  # fmt: skip
        with pytest.raises(InvalidError) as refused:
            services.save(ana, OFFER, title, role)
        assert list(refused.value.fields) == [field]
    two = services.save(ana, OFFER, "two")
    with pytest.raises(InvalidError):
        services.change(ana, two.pk, "one")
    assert services.change(ana, two.pk, "two").title == "two"
    for n in range(queries.MOST - 2):
        services.save(ana, OFFER, f"v{n}")
    with pytest.raises(ConflictError, match="30 views"):
        services.save(ana, OFFER, "too many")
    assert services.save(ana, Offer("alerts", "/alerts/", "state=new"), "on another list").position == 1


def test_sharing_reaches_a_role_and_is_in_the_ledger(ana: User, make_user: MakeUser) -> None:
    bob, eve = make_user("bob", "analyst"), make_user("eve", "auditor")
    made = services.save(ana, OFFER, "Mine and yours", "analyst")
    assert [one.title for one in queries.shared(bob, "cases")] == ["Mine and yours"]
    assert queries.shared(bob, "alerts") == queries.shared(eve, "cases") == queries.shared(ana, "cases") == []
    services.change(ana, made.pk, "Ours", "analyst")
    services.change(ana, made.pk, "Ours", "")
    assert queries.shared(bob, "cases") == []
    services.change(ana, made.pk, "Ours", "analyst")
    services.delete(ana, made.pk)
    entries = Outbox.objects.filter(object_type="view").order_by("id")
    assert [one.action for one in entries] == [
        "view.shared", "view.changed", "view.withdrawn", "view.shared", "view.withdrawn",
    ]  # fmt: skip
    assert entries[0].data == {"page": "cases", "role": "analyst"}
    assert list(entries[0].commitments) == ["title"]


def test_a_role_that_is_lost_no_longer_shows_its_views(ana: User, make_user: MakeUser) -> None:
    bob = make_user("bob", "analyst")
    made = services.save(ana, OFFER, "Ours", "analyst")
    Assignment.objects.filter(user=ana).delete()
    ana.forget_grants()
    assert services.change(ana, made.pk, "Still ours", "analyst").role == "analyst"
    accounts.disable(OPERATOR, ana.pk)
    assert queries.shared(bob, "cases") == []


def test_nobody_touches_somebody_elses(ana: User, make_user: MakeUser) -> None:
    bob = make_user("bob", "analyst")
    made = services.save(ana, OFFER, "Ours", "analyst")
    with pytest.raises(UnknownError):
        services.change(bob, made.pk, "his")
    with pytest.raises(UnknownError):
        services.delete(bob, made.pk)
    with pytest.raises(UnknownError):
        services.move(bob, made.pk, earlier=True)
    assert SavedView.objects.get().title == "Ours"


# --- pages ------------------------------------------------------------------------------------------------------------


def offered(page: str) -> str:
    """The address that saves what a page shows."""
    found = re.search(r'hx-get="(/views/new/\?of=[^"]+)"', page)
    return html.unescape(found[1]) if found else ""


def text(client: Client, path: str) -> str:
    return str(client.get(path, headers={"Accept-Language": "en"}).content.decode())


def test_a_list_is_saved_from_its_own_page_and_becomes_a_tab(signed_in: Callable[..., Client]) -> None:
    client = signed_in("admin", name="root")
    assert offered(text(client, "/users/")) == "", "nothing is chosen yet"
    url = offered(text(client, "/users/?state=True&sort=-created_at&place=&unknown=1"))
    of = re.search("of=(.+)", url)
    assert of is not None
    assert opened(unquote(of[1])) == Offer("users", "/users/", "sort=-created_at&state=True")
    form = client.get(url).content.decode()
    assert "Administrator" in form
    assert "Analyst" not in form
    done = client.post("/views/new/", {"of": unquote(of[1]), "title": "Active <b>", "role": ""})
    assert done["Location"] == "/users/?sort=-created_at&state=True"
    page = text(client, done["Location"])
    assert '<a href="?sort=-created_at&amp;state=True" aria-current="page">Active &lt;b&gt;</a>' in page
    assert offered(page) == "", "it is saved already"
    assert offered(text(client, "/users/?state=False"))
    again = client.post("/views/new/", {"of": unquote(of[1]), "title": "Active <b>"})
    assert again.status_code == 422
    assert "of this name" in again.content.decode()


def test_what_the_filters_cannot_read_is_not_offered(signed_in: Callable[..., Client]) -> None:
    client = signed_in("admin", name="root")
    assert offered(text(client, "/users/?state=perhaps")) == ""
    assert offered(text(client, f"/users/?q={'x' * 190}&columns={'y' * 900}")) == ""


@pytest.mark.parametrize("of", ["", "x", '["users", "/users/", "state=True"]'])
def test_only_what_a_page_sealed_is_saved(signed_in: Callable[..., Client], of: str) -> None:
    client = signed_in("admin", name="root")
    assert client.post("/views/new/", {"of": of, "title": "t"}).status_code == 422
    assert not SavedView.objects.exists()
    with pytest.raises(OfferError):
        opened(of)


def test_ones_views_are_managed_in_a_dialog(signed_in: Callable[..., Client]) -> None:
    client = signed_in("admin", name="root")
    root = User.objects.get(username="root")
    offer = Offer("users", "/users/", "state=True")
    one, two = services.save(root, offer, "one"), services.save(root, offer, "two")
    assert "/views/?page=users" in text(client, "/users/")
    listed = text(client, "/views/?page=users")
    assert listed.index(">one<") < listed.index(">two<")
    moved = client.post(f"/views/{two.pk}/move/", {"to": "earlier"}, headers={"HX-Request": "true"}).content.decode()
    assert moved.index(">two<") < moved.index(">one<")
    assert client.post(f"/views/{two.pk}/move/", {"to": "later"})["Location"] == "/users/"
    assert 'value="one"' in text(client, f"/views/{one.pk}/")
    assert client.post(f"/views/{one.pk}/", {"title": "two"}).status_code == 422
    assert client.post(f"/views/{one.pk}/", {"title": "uno", "role": "admin"}).status_code == 302
    assert client.post(f"/views/{two.pk}/delete/")["Location"] == "/users/"
    assert [(view.title, view.role) for view in queries.own(root, "users")] == [("uno", "admin")]


def test_a_shared_tab_bears_a_mark(signed_in: Callable[..., Client], make_user: MakeUser) -> None:
    client = signed_in("admin", name="root")
    services.save(make_user("kim", "admin"), Offer("users", "/users/", "state=True"), "Everybody active", "admin")
    page: Any = re.search(r'<a href="\?state=True">(.*?)Everybody active</a>', text(client, "/users/"))
    assert "#users" in page[1]
