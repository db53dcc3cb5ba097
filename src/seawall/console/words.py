"""Words with one icon and one tone each: outcomes, severities, states. Never colour alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Text: TypeAlias = str | Promise
TONES = ("neutral", "info", "good", "notice", "serious", "bad")


@dataclass(frozen=True)
class Word:
    """A value people read: its title, its icon in the sprite, its tone (one of TONES)."""

    key: str
    title: Text
    icon: str = "dot"
    tone: str = "neutral"


def words(*each: Word) -> dict[str, Word]:
    """A table of words by key, as apps write one for their states."""
    return {word.key: word for word in each}


OUTCOMES = words(
    Word("approve", pgettext_lazy("outcome", "Approve"), "check-circle", "good"),
    Word("challenge", pgettext_lazy("outcome", "Challenge"), "key", "info"),
    Word("review", pgettext_lazy("outcome", "Review"), "eye", "notice"),
    Word("decline", pgettext_lazy("outcome", "Decline"), "x-circle", "bad"),
)
SEVERITIES = words(
    Word("low", pgettext_lazy("severity", "Low"), "level-1", "neutral"),
    Word("medium", pgettext_lazy("severity", "Medium"), "level-2", "notice"),
    Word("high", pgettext_lazy("severity", "High"), "level-3", "serious"),
    Word("critical", pgettext_lazy("severity", "Critical"), "flame", "bad"),
)
ENTITIES = words(
    Word("customer", _("Customer"), "user"),
    Word("account", _("Account"), "bank"),
    Word("card", _("Card"), "card"),
    Word("device", _("Device"), "device"),
    Word("ip", _("IP address"), "globe"),
    Word("merchant", _("Merchant"), "store"),
    Word("counterparty", _("Counterparty"), "users"),
)


def word(table: dict[str, Word], key: str) -> Word:
    """The word of a key; an unknown key shows as itself, neutral, so that nothing is hidden."""
    return table.get(key) or Word(key, key)
