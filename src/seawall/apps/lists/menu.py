"""Lists in the navigation, links, the banner of entries that end soon, what an entity's page shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from seawall.apps.accounts.models import User
from seawall.apps.decisions.registry import Related
from seawall.apps.lists import queries
from seawall.apps.lists.declared import title
from seawall.apps.lists.states import STATES
from seawall.console import links, navigation, notices


def banner(request: HttpRequest) -> Iterable[notices.Notice]:
    """For whoever made entries that end within a week."""
    if not isinstance(request.user, User) or not request.user.has_perm("lists.edit"):
        return
    if count := queries.ending(request.user):
        text = ngettext("%(count)s entry of yours ends within 7 days", "%(count)s entries of yours end within 7 days",
                        count)  # fmt: skip
        url = f"{reverse('lists:entries')}?soon=1"
        yield notices.Notice(text % {"count": count}, _("Extend what must stay."), None, "", url, "clock", "notice")


def related(user: User, kind: str, value: str) -> list[Related]:
    """The entries that name an entity."""
    if not user.has_perm("lists.view"):
        return []
    return [
        Related(title(one.list), reverse("lists:entry", args=[one.pk]), _("Entry of a list"), STATES[one.state])
        for one in queries.entries_of_entity(kind, value)
    ]


def register() -> None:
    """Make them known."""
    item: Any = navigation.Item(
        "lists", gettext_lazy("Lists"), "lists:index", "lists.view", "list", keys="n", covers=("lists:",), rank=50
    )
    navigation.register("decide", item)
    links.register("list", "lists:list")
    links.register("list_entry", "lists:entry")
    links.register("list_import", "lists:import")
    notices.register("lists", banner)
