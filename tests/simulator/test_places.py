from __future__ import annotations

import numpy as np
import pytest

from seawall.simulator.places import CITIES, COUNTRIES, COUNTRY, RESIDENTS, distance_km

INDEX = {city.name: place for place, city in enumerate(CITIES)}


@pytest.mark.parametrize(("a", "b", "km"), [("London", "New York", 5_570), ("Shanghai", "Beijing", 1_067)])
def test_distances_are_those_of_an_atlas(a: str, b: str, km: float) -> None:
    assert float(distance_km(np.array(INDEX[a]), np.array(INDEX[b]))) == pytest.approx(km, rel=0.01)


def test_distance_to_oneself_is_nought_and_the_same_both_ways() -> None:
    every = np.arange(len(CITIES))
    table = distance_km(every[:, None], every[None, :])
    assert np.allclose(np.diag(table), 0)
    assert np.allclose(table, table.T)


def test_countries_and_shares() -> None:
    assert COUNTRIES[COUNTRY[INDEX["Tokyo"]]] == "JP"
    assert RESIDENTS.sum() == pytest.approx(1.0)
    assert len(INDEX) == len(CITIES)
