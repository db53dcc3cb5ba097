"""When people act: how an ordinary day and week spread over local time."""

from __future__ import annotations

import numpy as np

from seawall.simulator.randomness import Floats, Ints
from seawall.simulator.rows import DAY, HOUR, MINUTE

#        hour of the day: 0 .. 23 (local)
_HOURS = (
    (2, 1, 1, 1, 1, 2, 5, 12, 14, 8, 7, 14, 22, 14, 8, 7, 8, 16, 24, 22, 16, 12, 8, 4),  # at work by day
    (6, 3, 2, 1, 1, 1, 1, 3, 5, 6, 8, 12, 16, 12, 9, 9, 10, 14, 18, 20, 22, 24, 20, 12),  # evenings
    (16, 12, 8, 5, 3, 1, 1, 2, 3, 5, 8, 12, 14, 12, 10, 10, 10, 12, 14, 16, 18, 20, 22, 20),  # up at night
    (1, 1, 1, 1, 1, 3, 8, 14, 20, 24, 24, 18, 12, 8, 10, 14, 16, 12, 8, 6, 4, 2, 1, 1),  # retired
)
#        Monday .. Sunday
_WEEKDAYS = (
    (0.90, 0.90, 0.95, 1.00, 1.20, 1.15, 0.90),
    (0.80, 0.85, 0.90, 0.95, 1.25, 1.30, 0.95),
    (0.85, 0.85, 0.90, 1.00, 1.20, 1.25, 0.95),
    (1.05, 1.05, 1.05, 1.05, 1.05, 0.95, 0.80),
)
HABIT_SHARES = (0.5, 0.25, 0.12, 0.13)
_STEPS = 1440


def _minutes_by_quantile(weights: tuple[int, ...]) -> Floats:
    edges = np.concatenate([[0.0], np.cumsum(weights)]) / sum(weights)
    middle = (np.arange(_STEPS) + 0.5) / _STEPS
    return np.asarray(np.interp(middle, edges, np.arange(25) * 60.0), dtype=np.float64)


_QUANTILES: Floats = np.array([_minutes_by_quantile(weights) for weights in _HOURS])
_WEEK: Floats = np.array(_WEEKDAYS)
PEAK = float(_WEEK.max())


_HOURLY: Floats = np.array([[24 * weight / sum(weights) for weight in weights] for weights in _HOURS])
_COUNTRY: Floats = np.asarray(np.array(HABIT_SHARES) @ _HOURLY)


def intensity(time: int, habit: Ints, utc_offset_ms: Ints) -> Floats:
    """How busy people of each habit (n,) are in the local hour and weekday of `time` (ms), against 1.0 on average."""
    local = time + utc_offset_ms
    return np.asarray(_HOURLY[habit, local // HOUR % 24] * _WEEK[habit, (local // DAY + 3) % 7])


def load(times: Ints, utc_offset_ms: int) -> Floats:
    """How busy all people of one zone together are in the hour of each time (n,), against 1.0 on average."""
    return np.asarray(_COUNTRY[(times + utc_offset_ms) // HOUR % 24])


def moments(day_start: int, habit: Ints, utc_offset_ms: Ints, rng: np.random.Generator) -> Ints:
    """A UTC time (ms) inside the UTC day that begins at `day_start` for each habit (n,), by its local clock."""
    step = rng.integers(0, _STEPS, len(habit))
    local = (_QUANTILES[habit, step] * MINUTE).astype(np.int64) + rng.integers(0, MINUTE, len(habit))
    return np.asarray(day_start + (local - utc_offset_ms) % DAY)


def kept(times: Ints, habit: Ints, utc_offset_ms: Ints, rng: np.random.Generator) -> Ints:
    """Which moments (n,) stay when drawn at PEAK times the mean rate: thinned by the local weekday."""
    weekday = ((times + utc_offset_ms) // DAY + 3) % 7  # the epoch was a Thursday
    return np.asarray(rng.random(len(times)) * PEAK < _WEEK[habit, weekday])
