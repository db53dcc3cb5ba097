"""Money kept from fraud, and good customers stood in the way of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.analytics.backtest.decisions import CHALLENGE, DECLINE, REVIEW, Bools, Decisions, share


@dataclass(frozen=True, slots=True)
class FraudMoney:
    """Known fraud in minor units, by what happened to it; saved = declined + reviewed (an upper bound for review)."""

    total: int
    declined: int
    reviewed: int
    challenged: int
    approved: int
    saved: int
    saved_share: float | None


@dataclass(frozen=True, slots=True)
class GoodCustomers:
    """Distinct customers without any known fraud who were declined, reviewed or challenged at least once.

    share_*: of all good customers. A customer is counted under each outcome met.
    """

    customers: int
    declined: int
    reviewed: int
    challenged: int
    share_declined: float | None
    share_stopped: float | None


def fraud_money(decisions: Decisions) -> FraudMoney:
    """What became of the money of known frauds."""
    money = np.where(decisions.bad, decisions.money, 0)
    approved, challenged, reviewed, declined = (int(money[decisions.outcomes == code].sum()) for code in range(4))
    total = approved + challenged + reviewed + declined
    saved = declined + reviewed
    return FraudMoney(total, declined, reviewed, challenged, approved, saved, share(saved, total))


def good_customers_hurt(decisions: Decisions) -> GoodCustomers:
    """Over events whose label is known; events without a customer are left out."""
    customers = decisions.customers
    size = int(customers.max(initial=-1)) + 1
    judged = decisions.known & (customers >= 0)
    defrauded = _customers(customers, judged & decisions.fraud, size)
    good = _customers(customers, judged, size) & ~defrauded

    def met(events: Bools) -> int:
        return int((_customers(customers, judged & events, size) & good).sum())

    declined, reviewed, challenged = (met(decisions.outcomes == code) for code in (DECLINE, REVIEW, CHALLENGE))
    count = int(good.sum())
    stopped = met(decisions.outcomes >= CHALLENGE)
    return GoodCustomers(count, declined, reviewed, challenged, share(declined, count), share(stopped, count))


def _customers(customers: np.ndarray[tuple[int], np.dtype[np.int64]], events: Bools, size: int) -> Bools:
    """bool[size]: the customers with at least one of the events."""
    return np.bincount(customers[events], minlength=size).astype(bool)
