"""What customers are told for reason codes, as a pack's tips.yaml has it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import pgettext_lazy

from seawall.apps.decisions.models import DecisionRow
from seawall.apps.decisions.reading import policy_of
from seawall.apps.decisions.words import titled
from seawall.console.words import Word, words
from seawall.engine.pack.model import Tip
from seawall.engine.pack.tips import tips_for

LEVELS = words(
    Word("info", pgettext_lazy("tip", "Note"), "info", "info"),
    Word("warning", pgettext_lazy("tip", "Warning"), "alert", "notice"),
    Word("danger", pgettext_lazy("tip", "Danger"), "alert", "bad"),
)


@dataclass(frozen=True)
class Told:
    """A tip in the language of the page."""

    reason: str
    level: Word
    text: str


def shown(tips: Iterable[Tip]) -> list[Told]:
    """Tips as pages show them, in the order given."""
    return [Told(tip.reason, LEVELS[tip.level], titled(tip.text, tip.reason)) for tip in tips]


def told(row: DecisionRow, reasons: Iterable[str]) -> list[Told]:
    """What a decision's customer may be told, by the policy that decided."""
    policy = policy_of(row.policy)
    return shown(tips_for(policy.pack, reasons)) if policy is not None else []
