"""Who does what: an asker with a set, a holder with a list; one request, one answer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from seawall.analytics.psi.group import HashToGroup, Mask, PsiError, decode
from seawall.analytics.psi.messages import DEFAULT, Answer, Bounds, Mode, Request

LONGEST = 1024  # bytes of one element
_LONGEST_CONTEXT = 4096


@dataclass(frozen=True, slots=True)
class Result:
    """What the asker learns: both sizes, how many are common; for Mode.MEMBERS also which, in the order given."""

    asked: int
    held: int
    common: int
    members: tuple[bytes, ...] | None


class Asker:
    """The side that learns the result. One for each exchange: its mask is fresh and never used twice."""

    def __init__(self, elements: Iterable[bytes], mode: Mode, context: bytes, bounds: Bounds = DEFAULT) -> None:
        """`elements`: 1 to 1,024 bytes each, distinct, normalised alike on both sides.

        `context`: names the agreement; both sides give the same one. PsiError for anything refused.
        """
        self._elements = _own(elements, bounds, "the asker's set")
        self._mask = Mask()
        self._bounds = bounds
        hashed = _hash_to_group(context)
        masked = sorted((self._mask(hashed(element)), at) for at, element in enumerate(self._elements))
        self._order = [at for _, at in masked]
        self._request = Request(Mode(mode), hashlib.sha256(context).digest(), tuple(one for one, _ in masked))

    def request(self) -> Request:
        """What to send to the holder."""
        return self._request

    def result(self, answer: Answer) -> Result:
        """What the answer says; PsiError where it answers another request or names what is no element."""
        request = self._request
        if answer.mode is not request.mode or answer.request != request.digest():
            raise PsiError("the answer belongs to another request")
        if len(answer.doubled) != len(request.elements):
            raise PsiError(f"the answer doubles {len(answer.doubled):,} of {len(request.elements):,} elements")
        self._bounds.check(len(answer.held), "the holder's list")
        for element in answer.doubled:
            decode(element)
        known = {self._mask(decode(element)) for element in answer.held}
        if len(known) != len(answer.held) or len(set(answer.doubled)) != len(answer.doubled):
            raise PsiError("the answer holds an element twice")
        found = [place for place, element in enumerate(answer.doubled) if element in known]
        members = None
        if request.mode is Mode.MEMBERS:
            members = tuple(self._elements[at] for at in sorted(self._order[place] for place in found))
        return Result(len(request.elements), len(answer.held), len(found), members)


def answer(request: Request, elements: Iterable[bytes], context: bytes, bounds: Bounds = DEFAULT) -> Answer:
    """The holder's side, with a fresh mask: it learns the size of the asker's set and nothing else.

    `elements` as for Asker. PsiError for a request of another context, out of bounds, or with what is no element.
    """
    own = _own(elements, bounds, "the holder's list")
    bounds.check(len(request.elements), "the request")
    if request.context != hashlib.sha256(context).digest():
        raise PsiError("the request belongs to another context")
    if len(set(request.elements)) != len(request.elements):
        raise PsiError("the request holds an element twice")
    hashed = _hash_to_group(context)
    mask = Mask()
    doubled = [mask(decode(element)) for element in request.elements]
    if request.mode is Mode.CARDINALITY:
        doubled.sort()  # an order that says nothing: the asker cannot tell which of its elements is which
    return Answer(request.mode, request.digest(), tuple(doubled), tuple(sorted(mask(hashed(one)) for one in own)))


def _hash_to_group(context: bytes) -> HashToGroup:
    if not 1 <= len(context) <= _LONGEST_CONTEXT:
        raise PsiError(f"the context has {len(context):,} bytes; between 1 and {_LONGEST_CONTEXT:,} are allowed")
    return HashToGroup(context)


def _own(elements: Iterable[bytes], bounds: Bounds, what: str) -> tuple[bytes, ...]:
    """One side's own set, checked before anything is computed."""
    found: dict[bytes, int] = {}
    for at, element in enumerate(elements, 1):
        if at > bounds.most:
            raise PsiError(f"{what} has more than {bounds.most:,} elements")
        if not 1 <= len(element) <= LONGEST:
            raise PsiError(f"{what}: element {at} has {len(element):,} bytes; between 1 and {LONGEST:,} are allowed")
        if element in found:
            raise PsiError(f"{what}: element {at} repeats element {found[element]}")
        found[element] = at
    bounds.check(len(found), what)
    return tuple(found)
