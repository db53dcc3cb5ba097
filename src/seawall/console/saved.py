"""Views that people save of a list. The kit checks what can be kept and shows the tabs; a room keeps them."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlencode

from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from seawall.console.pages import View

LONGEST_QUERY, LONGEST_PATH = 1_000, 300
_SALT = "seawall.console.saved"
_SECONDS = 24 * 3600
_SUFFIXES = ("", "_from", "_to", "_min", "_max")  # the parameters that one filter may read
_ALSO = ("sort", "columns")


_ASKED = "_seawall_offer_asked"


class OfferError(ValueError):
    """What was to be saved does not come from one of our pages, the page is too old, or its list cannot read it."""


@dataclass(frozen=True)
class Offer:
    """A list as it is looked at: which page, at which address, with which query."""

    page: str
    path: str
    query: str

    def sealed(self) -> str:
        """As text that only this platform can have made: its query was read by the page's own filters."""
        return signing.dumps([self.page, self.path, self.query], salt=_SALT, compress=True)


def opened(text: str) -> Offer:
    """The offer again. OfferError for anything else, or after a day."""
    try:
        page, path, query = signing.loads(text, salt=_SALT, max_age=_SECONDS)
    except (signing.BadSignature, ValueError):
        raise OfferError from None
    return Offer(str(page), str(path), str(query))


class Offered(HttpResponse):
    """A list page's answer to `offered`: what it would keep, and what it cannot read."""

    def __init__(self, offer: Offer, problems: Sequence[str]) -> None:
        super().__init__(status=204)
        self.offer, self.problems = offer, problems


def offered(request: HttpRequest, address: str) -> Offer:
    """What the list at an address (`/decisions/?outcome=decline`) would keep for this person, asked of its own page.

    OfferError says what is wrong with the address; the page's own refusals (DeniedError, UnknownError) come through.
    """
    path, _mark, query = address.partition("?")
    try:
        match = resolve(path)
    except Resolver404:
        raise OfferError(_("There is no list at %(path)s.") % {"path": path[:100]}) from None
    asked = copy.copy(request)
    asked.method, asked.path, asked.path_info, asked.GET = "GET", path, path, QueryDict(query)  # type: ignore[assignment]
    setattr(asked, _ASKED, True)
    with transaction.atomic():
        answer = match.func(asked, *match.args, **match.kwargs)
        transaction.set_rollback(True)  # an address that is no list may have done something
    if not isinstance(answer, Offered):
        raise OfferError(_("There is no list at %(path)s.") % {"path": path[:100]})
    if answer.problems:
        raise OfferError("; ".join(answer.problems))
    return answer.offer


def offer_asked(request: HttpRequest) -> bool:
    """Whether a list page shall answer with `Offered`."""
    return bool(getattr(request, _ASKED, False))


def offer_of(request: HttpRequest, page: str, keys: Sequence[str], problems: Sequence[str]) -> Offered:
    """That answer. The query must be the list's own, wholly: an API has nobody who would see that a part is missing."""
    query = keepable(request.GET, keys)
    strange = sorted(set(request.GET) - set(QueryDict(query)) - {name for name in request.GET if not request.GET[name]})
    said = [*problems, *(_("the list has no parameter %(name)s") % {"name": name[:40]} for name in strange)]
    if not said and (not query or len(request.path) > LONGEST_PATH):
        said.append(_("the address filters nothing; give what the view shall show"))
    return Offered(Offer(page, request.path, query), said)


@dataclass(frozen=True)
class Kept:
    """What a room gives for one list and person: their tabs, and where they save (with `of`) and manage them."""

    views: Sequence[View] = ()
    save: str = ""
    manage: str = ""


class Keeper(Protocol):
    """A room that keeps views."""

    def __call__(self, request: HttpRequest, page: str) -> Kept: ...


_KEEPERS: list[Keeper] = []  # one, or none


def register(keeper: Keeper) -> None:
    """Say who keeps views; the last one counts."""
    _KEEPERS[:] = [keeper]


def kept(request: HttpRequest, page: str) -> Kept:
    """What is kept of a list for this person; nothing for a stranger or where no room keeps views."""
    user = getattr(request, "user", None)
    if not _KEEPERS or user is None or not user.is_authenticated:
        return Kept()
    return _KEEPERS[0](request, page)


def keepable(asked: QueryDict, keys: Sequence[str]) -> str:
    """The part of a query that is the list's own: parameters of its filters, order and columns. "" for none of them.

    The place in the list and what no filter reads are left out; so is a query longer than LONGEST_QUERY.
    """
    known = {key + suffix for key in keys for suffix in _SUFFIXES} | set(_ALSO)
    pairs = [(name, value) for name, values in sorted(asked.lists()) if name in known for value in values if value]
    text = urlencode(pairs)
    return text if len(text) <= LONGEST_QUERY else ""


@dataclass(frozen=True)
class Saving:
    """What a list's tabs need: the address that saves this view ("" where there is nothing new), and that of all."""

    save: str = ""
    manage: str = ""
    views: Sequence[View] = field(default_factory=tuple)


def saving(request: HttpRequest, page: str, keys: Sequence[str], sound: bool) -> Saving:
    """For a list page. `sound`: its filters could read the whole query; what they could not is never saved."""
    found = kept(request, page)
    query = keepable(request.GET, keys) if sound and found.save and len(request.path) <= LONGEST_PATH else ""
    save = f"{found.save}?{urlencode({'of': Offer(page, request.path, query).sealed()})}" if query else ""
    return Saving(save, found.manage, found.views)
