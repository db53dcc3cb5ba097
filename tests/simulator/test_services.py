from __future__ import annotations

import numpy as np
import pytest

from seawall.simulator import rows as r
from seawall.simulator import services

NAMES = [service.name for service in services.SERVICES]


def test_a_dozen_services_are_probed_every_half_to_whole_minute() -> None:
    assert len(set(NAMES)) == 12
    assert all(30 <= service.period <= 60 for service in services.SERVICES)
    assert {name for service in services.SERVICES for name in service.needs} <= set(NAMES)


@pytest.mark.parametrize(
    ("root", "steps"),
    [
        ("card-network", {"cards": 1, "api-gateway": 2}),
        ("api-gateway", {}),
        ("ledger", {"cards": 1, "transfers": 1, "refunds": 1, "api-gateway": 2}),
        ("cache", {"identity": 1, "risk": 1, "api-gateway": 2, "cards": 2, "transfers": 2}),
    ],
)
def test_dependants_are_found_over_others(root: str, steps: dict[str, int]) -> None:
    assert {NAMES[place]: n for place, n in services.dependants(NAMES.index(root)).items()} == steps


def test_an_answer_is_judged_by_its_latency() -> None:
    cards = np.full(4, NAMES.index("cards"))
    status, whole = services.judged(cards, np.array([0.2, 239.5, 240.0, 60_000.0]))
    assert status.tolist() == [r.OK, r.OK, r.SLOW, r.TIMEOUT]
    assert whole.tolist() == [1, 240, 240, 5_000]
