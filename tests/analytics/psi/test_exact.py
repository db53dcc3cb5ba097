"""The result is the plain intersection, for any two sets, over the wire; and what cannot be is refused in one line."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.analytics.psi import Answer, Asker, Bounds, Mode, PsiError, Request, answer
from seawall.analytics.psi.messages import LARGEST

CONTEXT = b"agreement 7"
PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1  # of P-256
SETS = st.lists(st.binary(min_size=1, max_size=3), min_size=1, max_size=12, unique=True)


@settings(max_examples=30, deadline=None)
@given(SETS, SETS, st.sampled_from(Mode))
def test_the_result_is_the_plain_intersection(mine: list[bytes], theirs: list[bytes], mode: Mode) -> None:
    asker = Asker(mine, mode, CONTEXT)
    request = Request.from_bytes(asker.request().to_bytes())
    reply = Answer.from_bytes(answer(request, theirs, CONTEXT).to_bytes())
    result = asker.result(reply)
    common = set(mine) & set(theirs)
    assert (result.asked, result.held, result.common) == (len(mine), len(theirs), len(common))
    wanted = tuple(one for one in mine if one in common) if mode is Mode.MEMBERS else None
    assert result.members == wanted


def test_a_thousand_a_side() -> None:
    mine, theirs = [b"c%d" % at for at in range(1000)], [b"c%d" % at for at in range(613, 1613)]
    asker = Asker(mine, Mode.MEMBERS, CONTEXT)
    result = asker.result(answer(asker.request(), theirs, CONTEXT))
    assert result.members == tuple(mine[613:])


# --- own sets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("elements", "words"),
    [
        ([], "has 0 elements"),
        ([b"a", b""], "element 2 has 0 bytes"),
        ([b"a" * 1025], "element 1 has 1,025 bytes"),
        ([b"a", b"b", b"a"], "element 3 repeats element 1"),
        ([b"%d" % at for at in range(6)], "more than 5 elements"),
    ],
)
def test_own_sets_that_are_refused(elements: list[bytes], words: str) -> None:
    with pytest.raises(PsiError, match=words):
        Asker(elements, Mode.MEMBERS, CONTEXT, Bounds(most=5))
    with pytest.raises(PsiError, match=words):
        answer(Asker([b"x"], Mode.MEMBERS, CONTEXT).request(), elements, CONTEXT, Bounds(most=5))


def test_too_small_a_request_is_refused_by_the_holder() -> None:
    request = Asker([b"one person"], Mode.CARDINALITY, CONTEXT).request()
    holder = [b"%d" % at for at in range(200)]
    with pytest.raises(PsiError, match="the request has 1 elements; between 100 and 1,000"):
        answer(request, holder, CONTEXT, Bounds(100, 1000))
    with pytest.raises(PsiError, match="between 100 and 1,000"):
        Request.from_bytes(request.to_bytes(), Bounds(100, 1000))


@pytest.mark.parametrize(("least", "most"), [(0, 5), (6, 5), (1, LARGEST + 1)])
def test_bounds_are_bounded(least: int, most: int) -> None:
    with pytest.raises(PsiError, match="bounds must be"):
        Bounds(least, most)


def test_sets_of_two_contexts_never_meet() -> None:
    asker = Asker([b"a"], Mode.MEMBERS, CONTEXT)
    with pytest.raises(PsiError, match="another context"):
        answer(asker.request(), [b"a"], b"agreement 8")
    relabelled = replace(asker.request(), context=Asker([b"a"], Mode.MEMBERS, b"agreement 8").request().context)
    reply = replace(answer(relabelled, [b"a"], b"agreement 8"), request=asker.request().digest())
    assert asker.result(reply).common == 0  # the elements hash to other points even if the name is forged
    with pytest.raises(PsiError, match="the context has 0 bytes"):
        Asker([b"a"], Mode.MEMBERS, b"")


# --- messages ---------------------------------------------------------------------------------------------------------


def off_the_curve() -> bytes:
    """An x-coordinate below the prime without a point."""
    b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    x = next(x for x in range(2, 99) if pow((x**3 - 3 * x + b) % PRIME, (PRIME - 1) // 2, PRIME) != 1)
    return x.to_bytes(32)


def a_point_not_reduced() -> bytes:
    """An x-coordinate on the curve, with the prime added: the same point under a second name."""
    b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    x = next(x for x in range(2, 99) if pow((x**3 - 3 * x + b) % PRIME, (PRIME - 1) // 2, PRIME) == 1)
    return (x + PRIME).to_bytes(32)


BAD = {"off the curve": off_the_curve(), "not reduced": a_point_not_reduced(), "all ones": b"\xff" * 32}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_what_is_no_element_is_refused(bad: bytes) -> None:
    request = Asker([b"a", b"b"], Mode.CARDINALITY, CONTEXT).request()
    forged = replace(request, elements=tuple(sorted([request.elements[0], bad])))
    with pytest.raises(PsiError, match="no point of the curve"):
        answer(Request.from_bytes(forged.to_bytes()), [b"a"], CONTEXT)
    asker = Asker([b"a", b"b"], Mode.MEMBERS, CONTEXT)
    reply = answer(asker.request(), [b"a", b"c"], CONTEXT)
    for changed in (replace(reply, doubled=(bad, reply.doubled[1])), replace(reply, held=(bad, reply.held[1]))):
        with pytest.raises(PsiError, match="no point of the curve"):
            asker.result(changed)


def test_an_element_of_another_length_is_refused() -> None:
    request = Asker([b"a"], Mode.MEMBERS, CONTEXT).request()
    with pytest.raises(PsiError, match="31 bytes instead of 32"):
        answer(replace(request, elements=(request.elements[0][:31],)), [b"a"], CONTEXT)


def test_a_request_in_another_order_or_with_duplicates_is_refused() -> None:
    request = Asker([b"a", b"b", b"c"], Mode.MEMBERS, CONTEXT).request()
    first, second, third = request.elements
    with pytest.raises(PsiError, match=r"the request is not in ascending order \(element 3\)"):
        Request.from_bytes(replace(request, elements=(first, third, second)).to_bytes())
    twice = replace(request, elements=(first, second, second))
    with pytest.raises(PsiError, match=r"the request holds an element twice \(element 3\)"):
        Request.from_bytes(twice.to_bytes())
    with pytest.raises(PsiError, match="the request holds an element twice"):
        answer(twice, [b"a"], CONTEXT)


@pytest.mark.parametrize("mode", Mode)
def test_an_answer_with_duplicates_is_refused(mode: Mode) -> None:
    asker = Asker([b"a", b"b"], mode, CONTEXT)
    reply = answer(asker.request(), [b"a", b"b"], CONTEXT)
    for changed in (replace(reply, doubled=reply.doubled[:1] * 2), replace(reply, held=reply.held[:1] * 2)):
        with pytest.raises(PsiError, match="twice"):
            Answer.from_bytes(changed.to_bytes())
        with pytest.raises(PsiError, match="twice"):
            asker.result(changed)


def test_an_answer_to_another_request_is_refused() -> None:
    first, second = (Asker([b"a"], Mode.MEMBERS, CONTEXT) for _ in range(2))
    with pytest.raises(PsiError, match="another request"):
        second.result(answer(first.request(), [b"a"], CONTEXT))
    reply = answer(first.request(), [b"a"], CONTEXT)
    with pytest.raises(PsiError, match="another request"):
        first.result(replace(reply, mode=Mode.CARDINALITY))
    with pytest.raises(PsiError, match="doubles 0 of 1"):
        first.result(replace(reply, doubled=()))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_in_one_line(data: bytes) -> None:
    for kind in (Request, Answer):
        with pytest.raises(PsiError) as caught:
            kind.from_bytes(data)
        assert "\n" not in str(caught.value)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_message_cut_or_lengthened_is_refused(data: st.DataObject) -> None:
    asker = Asker([b"a", b"b"], Mode.MEMBERS, CONTEXT)
    request = asker.request().to_bytes()
    reply = answer(asker.request(), [b"a"], CONTEXT).to_bytes()
    for kind, whole in ((Request, request), (Answer, reply)):
        cut = data.draw(st.integers(0, len(whole) - 1))
        for wrong in (whole[:cut], whole + b"\0"):
            with pytest.raises(PsiError):
                kind.from_bytes(wrong)


def test_messages_of_another_kind_version_or_mode_are_refused() -> None:
    asker = Asker([b"a"], Mode.MEMBERS, CONTEXT)
    request, reply = asker.request().to_bytes(), answer(asker.request(), [b"a"], CONTEXT).to_bytes()
    with pytest.raises(PsiError, match="no answer of private matching"):
        Answer.from_bytes(request)
    with pytest.raises(PsiError, match="no request of private matching"):
        Request.from_bytes(reply)
    with pytest.raises(PsiError, match="another version"):
        Request.from_bytes(request.replace(b"psi-1", b"psi-2"))
    with pytest.raises(PsiError, match="mode 9 is unknown"):
        Request.from_bytes(request[:15] + b"\x09" + request[16:])
