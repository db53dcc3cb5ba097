"""Cities that customers live in, travel to and are attacked from: approximate centres, standard time all year."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from seawall.simulator.randomness import Floats, Ints


class City(NamedTuple):
    name: str
    country: str  # ISO 3166-1 alpha-2
    latitude: float  # degrees north
    longitude: float  # degrees east
    utc_hours: float
    residents: float  # relative number of customers; 0 is a destination only


CITIES = (
    City("Shanghai", "CN", 31.23, 121.47, 8, 14),
    City("Beijing", "CN", 39.90, 116.41, 8, 13),
    City("Shenzhen", "CN", 22.54, 114.06, 8, 11),
    City("Guangzhou", "CN", 23.13, 113.26, 8, 10),
    City("Chengdu", "CN", 30.57, 104.07, 8, 8),
    City("Hangzhou", "CN", 30.27, 120.16, 8, 7),
    City("Chongqing", "CN", 29.56, 106.55, 8, 6),
    City("Wuhan", "CN", 30.59, 114.31, 8, 6),
    City("Xi'an", "CN", 34.34, 108.94, 8, 5),
    City("Nanjing", "CN", 32.06, 118.80, 8, 5),
    City("Tianjin", "CN", 39.08, 117.20, 8, 4),
    City("Qingdao", "CN", 36.07, 120.38, 8, 3),
    City("Shenyang", "CN", 41.80, 123.43, 8, 3),
    City("Kunming", "CN", 25.04, 102.71, 8, 2),
    City("Urumqi", "CN", 43.83, 87.62, 8, 1),
    City("Hong Kong", "HK", 22.32, 114.17, 8, 3),
    City("Singapore", "SG", 1.35, 103.82, 8, 2),
    City("Tokyo", "JP", 35.68, 139.69, 9, 1),
    City("Seoul", "KR", 37.57, 126.98, 9, 1),
    City("London", "GB", 51.51, -0.13, 0, 1),
    City("New York", "US", 40.71, -74.01, -5, 1),
    City("Bangkok", "TH", 13.76, 100.50, 7, 0),
    City("Kuala Lumpur", "MY", 3.14, 101.69, 8, 0),
    City("Ho Chi Minh City", "VN", 10.82, 106.63, 7, 0),
    City("Manila", "PH", 14.60, 120.98, 8, 0),
    City("Jakarta", "ID", -6.21, 106.85, 7, 0),
    City("Mumbai", "IN", 19.08, 72.88, 5.5, 0),
    City("Dubai", "AE", 25.20, 55.27, 4, 0),
    City("Istanbul", "TR", 41.01, 28.98, 3, 0),
    City("Bucharest", "RO", 44.43, 26.10, 2, 0),
    City("Warsaw", "PL", 52.23, 21.01, 1, 0),
    City("Paris", "FR", 48.86, 2.35, 1, 0),
    City("Frankfurt", "DE", 50.11, 8.68, 1, 0),
    City("Lagos", "NG", 6.52, 3.38, 1, 0),
    City("Johannesburg", "ZA", -26.20, 28.05, 2, 0),
    City("Sao Paulo", "BR", -23.55, -46.63, -3, 0),
    City("Mexico City", "MX", 19.43, -99.13, -6, 0),
    City("Los Angeles", "US", 34.05, -118.24, -8, 0),
    City("Sydney", "AU", -33.87, 151.21, 10, 0),
)

COUNTRIES = tuple(sorted({city.country for city in CITIES}))

LATITUDE: Floats = np.array([city.latitude for city in CITIES])
LONGITUDE: Floats = np.array([city.longitude for city in CITIES])
UTC_OFFSET_MS: Ints = np.array([round(city.utc_hours * 3_600_000) for city in CITIES], dtype=np.int64)
COUNTRY: Ints = np.array([COUNTRIES.index(city.country) for city in CITIES], dtype=np.int8)
RESIDENTS: Floats = np.array([city.residents for city in CITIES]) / sum(city.residents for city in CITIES)
# Everywhere can be visited; places with many customers more often.
VISITORS: Floats = (RESIDENTS + 0.02) / (RESIDENTS + 0.02).sum()


def distance_km(from_city: Ints, to_city: Ints) -> Floats:
    """Great-circle distance (haversine, sphere of 6,371 km) between cities given by index; shapes broadcast."""
    latitude_a, latitude_b = np.radians(LATITUDE[from_city]), np.radians(LATITUDE[to_city])
    half_latitude = (latitude_b - latitude_a) / 2
    half_longitude = np.radians(LONGITUDE[to_city] - LONGITUDE[from_city]) / 2
    chord = np.sin(half_latitude) ** 2 + np.cos(latitude_a) * np.cos(latitude_b) * np.sin(half_longitude) ** 2
    return np.asarray(2 * 6371.0 * np.arcsin(np.sqrt(chord)), dtype=np.float64)
