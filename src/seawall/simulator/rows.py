"""The one internal form of an event: a row of small numbers, turned into names only when it leaves (render.py).

Keys are indices into the population, words are positions in the vocabularies below, -1 means "absent".
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.simulator.randomness import Ints

Rows = NDArray[np.void]  # one dimension, dtype ROW

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000

KINDS = ("payment.card", "payment.refund", "payment.transfer", "login", "account.change", "service.probe")
CARD, REFUND, TRANSFER, LOGIN, CHANGE, PROBE = range(len(KINDS))
CUSTOMER_KINDS = KINDS[:PROBE]

CHANNELS = ("online", "in_store", "app", "web", "branch")
ONLINE, IN_STORE, APP, WEB, BRANCH = range(len(CHANNELS))

ENTRY_MODES = ("ecommerce", "chip", "contactless", "magstripe")
ECOMMERCE, CHIP, CONTACTLESS, MAGSTRIPE = range(len(ENTRY_MODES))

CVC_RESULTS = ("match", "mismatch", "absent")
CVC_MATCH, CVC_MISMATCH, CVC_ABSENT = range(len(CVC_RESULTS))

DIRECTIONS = ("out", "in")
OUT, IN = range(len(DIRECTIONS))

LOGIN_RESULTS = ("success", "failure")
SUCCESS, FAILURE = range(len(LOGIN_RESULTS))

LOGIN_METHODS = ("biometric", "password", "otp")
BIOMETRIC, PASSWORD_METHOD, OTP = range(len(LOGIN_METHODS))

CHANGES = ("phone", "email", "password", "address", "payee_added", "limit", "sim")
PHONE, EMAIL, PASSWORD, ADDRESS, PAYEE_ADDED, LIMIT, SIM = range(len(CHANGES))

STATUSES = ("ok", "slow", "error", "timeout")
OK, SLOW, ERROR, TIMEOUT = range(len(STATUSES))

ROW = np.dtype(
    [
        ("time", "i8"),  # ms since the epoch
        ("uid", "i8"),  # unique in a run; below 2**62
        ("kind", "i1"),
        ("customer", "i4"),
        ("card", "i4"),
        ("merchant", "i4"),
        ("device", "i4"),
        ("ip", "i4"),
        ("city", "i2"),  # where the address, not the person, is
        ("counterparty", "i4"),
        ("country", "i1"),  # of the counterparty; position in places.COUNTRIES
        ("amount", "i8"),  # minor units
        ("channel", "i1"),
        ("entry_mode", "i1"),
        ("cvc", "i1"),
        ("direction", "i1"),
        ("result", "i1"),
        ("method", "i1"),
        ("change", "i1"),
        ("phone", "i4"),  # the new number of a change
        ("promotion", "i4"),  # whose price a payment had
        ("service", "i1"),  # position in services.SERVICES
        ("region", "i1"),  # position in services.REGIONS
        ("status", "i1"),
        ("latency", "i4"),  # ms
        ("original_uid", "i8"),
        ("original_time", "i8"),
        ("scenario", "i1"),  # -1 is ordinary, else a position in scenarios.LABELLED
        ("label_delay", "i8"),  # ms from the event to its label; -1 where ordinary
        ("campaign", "i4"),  # the attack or outage it is of, numbered within a run; -1 where ordinary
    ]
)
_BLANK = np.array([(-1,) * len(ROW.descr)], dtype=ROW)


def build(count: int, **columns: Any) -> Rows:
    """`count` rows with the named columns set (arrays of `count` or single values), all others absent."""
    rows = np.repeat(_BLANK, count)
    for name, values in columns.items():
        rows[name] = values
    return rows


def numbered(rows: Rows, source: int, day: int, first: int = 0) -> Rows:
    """The same rows, each with its uid: unique by (source < 256, day < 16,384, place < 2**40)."""
    rows["uid"] = (source << 54) + (day << 40) + first + np.arange(len(rows), dtype=np.int64)
    return rows


def in_time_order(rows: Rows) -> Rows:
    return rows[np.lexsort((rows["uid"], rows["time"]))]


def of_kinds(rows: Rows, kinds: Ints) -> Rows:
    return rows[np.isin(rows["kind"], kinds)]
