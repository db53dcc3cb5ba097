"""What each side receives says nothing beyond sizes and result: right counts of group elements that look uniform, in an
order of their own, unlinkable between exchanges, and of the shape a simulator makes from sizes and result alone."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from seawall.analytics.psi import Answer, Asker, Mode, Request, answer
from seawall.analytics.psi.group import HashToGroup, Mask, decode

CONTEXT = b"agreement 7"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
MINE = [b"c%d" % at for at in range(300)]
THEIRS = [b"c%d" % at for at in range(200, 600)]


def exchange(mode: Mode, mine: list[bytes] = MINE, theirs: list[bytes] = THEIRS) -> tuple[Asker, Request, Answer]:
    asker = Asker(mine, mode, CONTEXT)
    return asker, asker.request(), answer(asker.request(), theirs, CONTEXT)


def random_element() -> bytes:
    """A uniform group element that nobody knows anything about: a fresh multiple of the generator."""
    return ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers().x.to_bytes(32)


def simulated_request(mode: Mode, context: bytes, asked: int) -> Request:
    """The holder's view, from the size of the asker's set."""
    return Request(mode, context, tuple(sorted(random_element() for _ in range(asked))))


def simulated_answer(asker: Asker, held: int, common: list[int] | int) -> Answer:
    """The asker's view, from the list's size and the result: places of the common ones, or how many there are."""
    request = asker.request()
    known = [random_element() for _ in range(held)]
    doubled = [random_element() for _ in request.elements]
    for place, element in zip(range(common) if isinstance(common, int) else common, known, strict=False):
        doubled[place] = asker._mask(decode(element))
    if request.mode is Mode.CARDINALITY:
        doubled.sort()
    return Answer(request.mode, request.digest(), tuple(doubled), tuple(sorted(known)))


# --- the group --------------------------------------------------------------------------------------------------------


def test_masks_commute_and_every_element_has_the_full_order() -> None:
    hashed = HashToGroup(CONTEXT)
    almost = ec.derive_private_key(ORDER - 1, ec.SECP256R1())
    first, second = Mask(), Mask()
    for at in range(20):
        point = hashed(b"%d" % at)
        assert second(decode(first(point))) == first(decode(second(point))) != first(point)
        x = point.public_numbers().x.to_bytes(32)
        assert almost.exchange(ec.ECDH(), point) == x  # (order - 1) P = -P: the order of P divides the prime order


def test_multiplication_is_that_of_the_curve() -> None:
    # twice the generator by the chord-and-tangent law, worked out here with plain integers
    prime = 2**256 - 2**224 + 2**192 + 2**96 - 1
    g = ec.derive_private_key(1, ec.SECP256R1()).public_key().public_numbers()
    slope = (3 * g.x * g.x - 3) * pow(2 * g.y, -1, prime) % prime
    mask = Mask()
    mask._key = ec.derive_private_key(2, ec.SECP256R1())
    assert int.from_bytes(mask(decode(g.x.to_bytes(32)))) == (slope * slope - 2 * g.x) % prime


def test_hashing_is_the_same_for_both_sides_and_its_own_for_each_context() -> None:
    def x(context: bytes, element: bytes) -> int:
        return int(HashToGroup(context)(element).public_numbers().x)

    assert x(b"a", b"element") == x(b"a", b"element")
    assert len({x(context, element) for context in (b"a", b"b") for element in (b"e", b"f", b"\0e")}) == 6


# --- the transcript ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", Mode)
def test_each_side_receives_the_right_counts_of_elements_and_nothing_else(mode: Mode) -> None:
    _, request, reply = exchange(mode)
    assert len(request.to_bytes()) == 52 + 32 * 300
    assert len(reply.to_bytes()) == 56 + 32 * (300 + 400)
    for element in (*request.elements, *reply.doubled, *reply.held):
        decode(element)
    assert list(request.elements) == sorted(request.elements)
    assert list(reply.held) == sorted(reply.held)
    assert (list(reply.doubled) == sorted(reply.doubled)) is (mode is Mode.CARDINALITY)


def test_elements_look_uniform() -> None:
    """Chi-square of 16 equal bins over the first four and the last four bits, limit of one false alarm in a million."""
    _, request, reply = exchange(Mode.CARDINALITY)
    received = [*request.elements, *reply.doubled, *reply.held]
    for pick in (lambda one: one[0] >> 4, lambda one: one[-1] & 15):
        bins = [0] * 16
        for element in received:
            bins[pick(element)] += 1
        expected = len(received) / 16
        assert sum((count - expected) ** 2 / expected for count in bins) < 56.5


@pytest.mark.parametrize("mode", Mode)
def test_two_exchanges_of_the_same_sets_share_nothing(mode: Mode) -> None:
    _, first, reply = exchange(mode)
    _, second, other = exchange(mode)
    received = [{*one.elements} for one in (first, second)]
    received += [{*one} for one in (reply.doubled, reply.held, other.doubled, other.held)]
    assert len(set().union(*received)) == sum(map(len, received))


def test_common_elements_cannot_be_told_without_the_asker_s_mask() -> None:
    _, request, reply = exchange(Mode.CARDINALITY, MINE, MINE)
    assert not {*request.elements} & {*reply.held}
    assert not {*reply.doubled} & {*reply.held}
    assert not {*request.elements} & {*reply.doubled}


def test_the_order_of_the_sets_does_not_show() -> None:
    """Rank of each element's place in the message against its place in the set: no correlation, for either side."""
    mine = MINE[:]
    asker = Asker(mine, Mode.MEMBERS, CONTEXT)
    hashed = HashToGroup(CONTEXT)
    place = {element: at for at, element in enumerate(asker.request().elements)}
    ranks = [place[asker._mask(hashed(element))] for element in mine]
    assert sorted(ranks) == list(range(300))
    mean = 149.5
    covariance = sum((rank - mean) * (at - mean) for at, rank in enumerate(ranks))
    assert abs(covariance / sum((at - mean) ** 2 for at in range(300))) < 5 / 300**0.5  # five standard errors
    shuffled = random.Random(4).sample(THEIRS, len(THEIRS))
    assert asker.result(answer(asker.request(), shuffled, CONTEXT)).members == tuple(MINE[200:])


def test_cardinality_cannot_be_turned_into_members() -> None:
    """The answer's first list is ascending by the holder's mask: which request element is which cannot be read off."""
    asker, request, reply = exchange(Mode.CARDINALITY)
    result = asker.result(reply)
    assert (result.common, result.members) == (100, None)
    known = {asker._mask(decode(element)) for element in reply.held}
    guess = {at for at, element in enumerate(reply.doubled) if element in known}  # as if the order were the request's
    place = {element: at for at, element in enumerate(request.elements)}
    hashed = HashToGroup(CONTEXT)
    truth = {place[asker._mask(hashed(element))] for element in MINE[200:]}
    assert len(guess & truth) < 70  # 33 by chance, standard deviation below 5


@pytest.mark.parametrize("mode", Mode)
def test_a_simulator_given_sizes_and_result_makes_the_same_view(mode: Mode) -> None:
    asker, request, reply = exchange(mode)
    known = {asker._mask(decode(element)) for element in reply.held}
    places = [at for at, element in enumerate(reply.doubled) if element in known]
    fake = simulated_answer(asker, 400, places if mode is Mode.MEMBERS else len(places))
    assert asker.result(Answer.from_bytes(fake.to_bytes())) == asker.result(reply)
    assert len(fake.to_bytes()) == len(reply.to_bytes())
    holder_view = simulated_request(mode, request.context, 300)
    assert len(holder_view.to_bytes()) == len(request.to_bytes())
    assert replace(holder_view, elements=()) == replace(request, elements=())
    answer(Request.from_bytes(holder_view.to_bytes()), THEIRS, CONTEXT)  # the holder cannot but treat it alike
