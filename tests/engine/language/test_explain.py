"""The leaves of a decision, as the worked example of the design shows them."""

from __future__ import annotations

from seawall.engine.language import Name, Scope, Type, check, explain

NAMES = [
    Name("base_amount", Type.MONEY, nullable=False),
    Name("customer_device_count_90d", Type.INT),
    Name("customer_mean_30d", Type.DOUBLE),
    Name("merchant", Type.KEY),
]
SCOPE = Scope({name.name: name for name in NAMES}, {"watch_merchants": "merchant"})
ROW = {"base_amount": 500_000, "customer_device_count_90d": 0, "customer_mean_30d": 25_000.0}


def leaves(text: str, row: dict[str, object] | None = None) -> list[dict[str, object]]:
    return explain(check(text, SCOPE), ROW if row is None else row)


def test_the_worked_example() -> None:
    assert leaves('base_amount > money("2000") && base_amount > 8 * customer_mean_30d') == [
        {"leaf": "base_amount", "value": 500_000},
        {"leaf": "customer_mean_30d", "value": 25_000.0},
    ]
    new_device = 'customer_device_count_90d == 0 && base_amount > money("1000") || merchant in lists.watch_merchants'
    assert leaves(new_device) == [
        {"leaf": "customer_device_count_90d", "value": 0},
        {"leaf": "base_amount", "value": 500_000},
        {"leaf": "merchant in lists.watch_merchants", "evaluated": False},
    ]


def test_a_missing_value_is_none_and_absorbs_nothing() -> None:
    assert leaves("customer_mean_30d > 5.0 && merchant in lists.watch_merchants", {"base_amount": 1}) == [
        {"leaf": "customer_mean_30d", "value": None},
        {"leaf": "merchant in lists.watch_merchants", "value": None},
    ]
    assert leaves("customer_mean_30d > base_amount", {"base_amount": 1})[1] == {"leaf": "base_amount", "value": 1}


def test_the_branch_not_taken_is_not_evaluated() -> None:
    assert leaves("has(merchant) ? customer_mean_30d > 1.0 : base_amount > 1") == [
        {"leaf": "merchant", "value": None},
        {"leaf": "customer_mean_30d", "evaluated": False},
        {"leaf": "base_amount", "value": 500_000},
    ]
