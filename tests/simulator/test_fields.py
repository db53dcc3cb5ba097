from __future__ import annotations

import pytest

from seawall.simulator.fields import FIELDS, fields_of
from seawall.simulator.rows import KINDS


def test_names_are_different_and_kinds_exist() -> None:
    assert len({field.name for field in FIELDS}) == len(FIELDS)
    assert all(field.kinds and set(field.kinds) <= set(KINDS) for field in FIELDS)


def test_fields_follow_the_kinds() -> None:
    login = {field.name for field in fields_of(["login"])}
    assert {"result", "device", "latitude"} <= login
    assert not {"amount", "card", "change"} & login


def test_only_keeps_the_order_of_the_table() -> None:
    chosen = fields_of(["payment.card"], only={"amount", "event_id", "card"})
    assert [field.name for field in chosen] == ["event_id", "card", "amount"]


def test_unknown_field_is_named() -> None:
    with pytest.raises(ValueError, match=r"no 'result' in payment\.card; choose from event_id"):
        fields_of(["payment.card"], only={"result"})


def test_probes_have_no_customer() -> None:
    probe = {field.name for field in fields_of(["service.probe"])}
    assert {"service", "check", "status", "latency_ms", "region"} <= probe
    assert "customer" not in probe
