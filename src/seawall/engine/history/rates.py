"""A file of exchange rates: CSV with the columns currency, day, rate."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from seawall.engine.history.problems import HistoryError
from seawall.engine.money import MoneyError, Rates, exponent
from seawall.engine.times import DAY

_COLUMNS = ("currency", "day", "rate")
_EPOCH = date(1970, 1, 1)


def load_rates(path: Path, base: str) -> Rates:
    """Rates of `base` units a unit of each currency, from the given days (UTC) on. HistoryError names the bad row."""
    rates = Rates()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if absent := [name for name in _COLUMNS if name not in (reader.fieldnames or ())]:
                raise HistoryError(str(path), f"lacks the columns {', '.join(absent)}; it needs {', '.join(_COLUMNS)}")
            for row, values in enumerate(reader, 1):
                _add(rates, values, base, str(path), row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise HistoryError(str(path), f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    return rates


def _add(rates: Rates, values: dict[str, str], base: str, file: str, row: int) -> None:
    column = "day"
    try:
        day = (date.fromisoformat(values["day"] or "") - _EPOCH).days * DAY
        column = "currency"
        exponent(values["currency"] or "")
        column = "rate"
        rates.add(values["currency"], base, day, Decimal(values["rate"] or ""))
    except (ValueError, InvalidOperation, MoneyError) as error:
        words = str(error) if isinstance(error, MoneyError) else f"{values[column]!r} is no {column}"
        raise HistoryError(file, words, row, column) from None
