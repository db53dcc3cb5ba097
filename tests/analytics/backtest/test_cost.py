from seawall.analytics.backtest import Decisions, FraudMoney, GoodCustomers, fraud_money, good_customers_hurt


def test_money_of_known_frauds_by_what_became_of_it(twelve: Decisions) -> None:
    assert fraud_money(twelve) == FraudMoney(1100, 500, 400, 0, 200, 900, 900 / 1100)


def test_good_customers_are_those_without_known_fraud(twelve: Decisions) -> None:
    """Good: 0, 2, 4. Customer 5 is too young to judge, customers 1 and 3 had frauds, -1 is unknown."""
    assert good_customers_hurt(twelve) == GoodCustomers(3, 1, 0, 2, 1 / 3, 2 / 3)


def test_nothing(nothing: Decisions) -> None:
    assert fraud_money(nothing).saved_share is None
    assert good_customers_hurt(nothing) == GoodCustomers(0, 0, 0, 0, None, None)
