"""Distance on the sphere, in a form that Python and numba run alike."""

from __future__ import annotations

import math

EARTH_RADIUS_KM = 6371.0088  # IUGG mean radius


def haversine_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Great-circle kilometres between two points in degrees; NaN where a coordinate is out of range."""
    if abs(lat1) > 90.0 or abs(lat2) > 90.0 or abs(lon1) > 180.0 or abs(lon2) > 180.0:
        return math.nan
    radian = math.pi / 180.0
    across = math.sin((lat2 - lat1) * radian / 2.0)
    along = math.sin((lon2 - lon1) * radian / 2.0)
    chord = across * across + math.cos(lat1 * radian) * math.cos(lat2 * radian) * along * along
    return 2.0 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, chord)))
