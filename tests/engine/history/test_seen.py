from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.engine.history.seen import SeenIds


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=4), max_size=60), st.integers(1, 9))
def test_repeats_are_those_a_dictionary_finds(ids: list[str], size: int) -> None:
    first: dict[str, int] = {}
    wanted = [(row, first[text]) for row, text in enumerate(ids) if first.setdefault(text, row) != row]
    seen, found = SeenIds(), []
    for start in range(0, len(ids), size):
        at, earlier = seen.add(ids[start : start + size], start)
        found += list(zip((at + start).tolist(), earlier.tolist(), strict=True))
    assert found == wanted


def test_it_grows_past_its_first_capacity() -> None:
    seen = SeenIds()
    ids = [f"payment-{number}" for number in range(200_000)]
    assert len(seen.add(ids, 0)[0]) == 0
    at, earlier = seen.add(["new", ids[150_000], "ähnlich", ids[3]], 200_000)
    assert (at.tolist(), earlier.tolist()) == ([1, 3], [150_000, 3])
