"""Entries in the navigation, links to people, and what ⌘K finds of them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from seawall.apps.accounts.queries import users
from seawall.console import links, navigation, search

PAGES = tuple(f"accounts:{name}" for name in ("users", "user", "roles", "create", "assign"))
navigation.register(
    "system",
    navigation.Item("users", _("Users and roles"), "accounts:users", "users.view", "users", keys="u", covers=PAGES),
)
links.register("user", "accounts:user")


@search.provider("users", _("Users"), "users.view")
def find_users(request: HttpRequest, query: str) -> Iterable[search.Hit]:
    """People whose name begins so."""
    wanted = Q(username__startswith=query.casefold()) | Q(display_name__startswith=query)
    for user in users().filter(wanted).order_by("username")[: search.HITS_A_PROVIDER]:
        yield search.Hit(str(user), reverse("accounts:user", args=[user.pk]), user.username, "user")
