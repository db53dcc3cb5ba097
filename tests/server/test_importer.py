"""History imported before the first live event: the same windows as if it had been lived through."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from seawall.engine.errors import ConflictError
from seawall.engine.history import load_mapping
from seawall.sealing import KeyRing
from seawall.server.home import Home
from seawall.server.importer import import_history
from seawall.server.service import Service
from tests.server.world import RING, Clock, bundle, event, running

MAPPING = """
event: payment.card
event_id: event_id
event_time: {column: event_time, unit: rfc3339}
fields:
  customer: customer
  card: card
  merchant: merchant
  device: device
  amount: {column: amount, unit: minor}
  currency: currency
"""


def opened(folder: Path, ring: KeyRing = RING) -> Service:
    service = Service(Home(folder).prepare(), ring, clock=Clock())
    service.open(bundle())
    return service


def history(folder: Path, numbers: range) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"history-{numbers.start}.ndjson"
    rows = [json.loads(event(n, event_time=f"2026-11-18T10:{n // 60:02d}:{n % 60:02d}.000Z")) for n in numbers]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def mapping(folder: Path, service: Service):  # type: ignore[no-untyped-def]
    path = folder / "mapping.yaml"
    path.write_text(MAPPING)
    return load_mapping(path, service.active().pack)


async def _decide(folder: Path, numbers: range) -> list[tuple[str, int]]:
    async with running(folder) as service:
        bodies = [event(n, event_time=f"2026-11-18T10:{n // 60:02d}:{n % 60:02d}.000Z") for n in numbers]
        return [(one.decision.outcome, one.decision.score) for one in await service.decide_many(bodies)]  # type: ignore[union-attr]


def test_an_imported_past_counts_as_a_lived_one(tmp_path: Path) -> None:
    service = opened(tmp_path / "imported")
    assert import_history(service, history(tmp_path, range(100)), mapping(tmp_path, service)) == (100, 0)
    assert import_history(service, history(tmp_path, range(100, 200)), mapping(tmp_path, service)) == (100, 0)
    assert service.sequence == 200
    service.close()
    lived = asyncio.run(_decide(tmp_path / "lived", range(260)))
    after = asyncio.run(_decide(tmp_path / "imported", range(200, 260)))
    assert after == lived[200:]
    assert asyncio.run(_decide(tmp_path / "cold", range(200, 260))) != after


def test_no_clear_card_number_reaches_the_disk(tmp_path: Path) -> None:
    home = tmp_path / "home"
    service = opened(home)
    import_history(service, history(tmp_path, range(50)), mapping(tmp_path, service))
    service.close()
    for path in home.rglob("*"):
        assert not path.is_file() or b"62220200000" not in path.read_bytes(), path


def test_an_imported_id_is_taken(tmp_path: Path) -> None:
    service = opened(tmp_path / "home")
    import_history(service, history(tmp_path, range(10)), mapping(tmp_path, service))
    service.close()

    async def story() -> None:
        async with running(tmp_path / "home") as live:
            with pytest.raises(ConflictError, match="imported as history"):
                await live.decide(event(3))
            assert live.find("e-3") is None

    asyncio.run(story())


def test_history_comes_before_the_first_live_record_and_in_the_order_of_time(tmp_path: Path) -> None:
    service = opened(tmp_path / "late")
    import_history(service, history(tmp_path, range(50, 60)), mapping(tmp_path, service))
    with pytest.raises(ConflictError, match="order of time"):
        import_history(service, history(tmp_path, range(50)), mapping(tmp_path, service))
    service.close()
    asyncio.run(_decide(tmp_path / "live", range(1)))
    service = opened(tmp_path / "live")
    with pytest.raises(ConflictError, match="live decision"):
        import_history(service, history(tmp_path, range(50)), mapping(tmp_path, service))
    service.close()
