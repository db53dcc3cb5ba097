"""Values as people read them."""

# ruff: noqa: E501
from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import override_settings
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from seawall.console import formatting, links, markup
from seawall.console.words import OUTCOMES, SEVERITIES, TONES
from seawall.engine.money import EXPONENTS, parse_major

NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def shanghai() -> None:
    timezone.activate("Asia/Shanghai")


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (123456, "CNY", "1,234.56"),
        (-5, "CNY", "−0.05"),
        (7, "JPY", "7"),
        (1234567, "KWD", "1,234.567"),
        (0, "USD", "0.00"),
    ],
)
def test_money_has_the_decimals_of_its_currency(minor: int, currency: str, text: str) -> None:
    assert formatting.money(minor, currency) == text


@given(st.integers(-(10**15), 10**15), st.sampled_from(["CNY", "JPY", "KWD", "CLF"]))
def test_money_can_be_read_back(minor: int, currency: str) -> None:
    text = formatting.money(minor, currency).replace(",", "").replace("−", "-")
    assert parse_major(text, EXPONENTS[currency]) == minor


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (NOW, "22:00:00"),
        (NOW - timedelta(hours=23), "11-21 23:00"),
        (NOW.replace(year=2025), "2025-11-22"),
        (int(NOW.timestamp() * 1000), "22:00:00"),
        (NOW.replace(tzinfo=None), "22:00:00"),
    ],
)
def test_times_are_short_and_in_the_platforms_zone(at: datetime | int, text: str) -> None:
    assert formatting.when(at, NOW) == text
    assert formatting.in_full(NOW) == "2026-11-22 22:00:00.000 UTC+08:00"


@override_settings(TIME_ZONE="America/St_Johns")
def test_a_zone_with_half_hours_is_named_in_full() -> None:
    timezone.deactivate()
    assert formatting.in_full(NOW).endswith("UTC-03:30")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.25, "250 ms"),
        (59.6, "1 min"),
        (3_600, "1 h"),
        (8_000, "2 h 13 min"),
        (86_400 + 59, "1 d"),
        (200_000, "2 d 7 h"),
    ],
)
def test_durations_have_two_units(seconds: float, text: str) -> None:
    assert formatting.duration(seconds) == text
    assert formatting.duration(-seconds) == text


@pytest.mark.parametrize(
    ("value", "en", "zh"),
    [
        (18_342, "18.3k", "1.83万"),
        (999, "999", "999"),
        (450_000_000, "450M", "4.5亿"),
        (0.5, "0.5", "0.5"),
        (12_345_678, "12.3M", "1,235万"),
    ],
)
def test_headline_numbers_follow_the_language(value: float, en: str, zh: str) -> None:
    assert formatting.compact(value) == en
    with translation.override("zh-hans"):
        assert formatting.compact(value) == zh


def test_numbers_and_shares() -> None:
    assert [formatting.number(one) for one in (1_234_567, 0.1 + 0.2, -0.0000001, None)] == [
        "1,234,567",
        "0.3",
        "0",
        "—",
    ]
    assert [formatting.percent(one) for one in (0.0341, 1, None)] == ["3.4%", "100.0%", "—"]


def test_long_ids_keep_head_and_tail() -> None:
    assert formatting.short_id("019aab00-0000-7000-8000-000000000003") == "019a…000003"
    assert formatting.short_id("c48213") == "c48213"


@pytest.mark.parametrize("kind", sorted(markup.KINDS))
def test_nothing_shows_as_a_dash_or_a_word_never_as_none(kind: str) -> None:
    html = markup.KINDS[kind](None)
    assert "None" not in html
    assert 'class="nothing"' in html


@pytest.mark.parametrize("render", [markup.text, markup.identifier, markup.person, lambda x: markup.tags([x]),
                                    lambda x: markup.entity("customer", x), markup.outcome, markup.severity])  # fmt: skip
def test_values_are_escaped(render: object) -> None:
    html = render("<script>'\"&")  # type: ignore[operator]
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_outcomes_and_severities_have_an_icon_a_word_and_a_tone() -> None:
    for table, render in ((OUTCOMES, markup.outcome), (SEVERITIES, markup.severity)):
        for key, word in table.items():
            html = render(key)
            assert word.tone in TONES
            assert f"#{word.icon}" in html
            assert str(word.title) in html
    with translation.override("zh-hans"):
        assert [str(word.title) for word in OUTCOMES.values()] == ["通过", "挑战验证", "人工审核", "拒绝"]
        assert [str(word.title) for word in SEVERITIES.values()] == ["低", "中", "高", "严重"]


def test_an_sla_turns_with_the_time_left() -> None:
    now = timezone.now()
    assert "tone-neutral" in markup.due(now + timedelta(hours=20), now - timedelta(hours=4))
    assert "tone-notice" in markup.due(now + timedelta(hours=4), now - timedelta(hours=20))
    overdue = markup.due(now - timedelta(minutes=5))
    assert "tone-bad" in overdue
    assert "over" in overdue


def test_entities_link_where_an_app_shows_them() -> None:
    assert "<a " not in markup.entity("customer", "c1")
    links.register("entity", lambda key: f"/entities/{key}")
    assert 'href="/entities/customer:c1"' in markup.entity("customer", "c1")
    links.register("entity:customer", lambda key: f"/customers/{key}")
    assert 'href="/customers/c1"' in markup.entity("customer", "c1")
    links.register("gone", "no-such-name")
    assert links.url_of("gone", 1) is None
