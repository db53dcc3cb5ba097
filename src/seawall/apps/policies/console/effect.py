"""What a policy would have said to the newest decisions: told before anybody lets it decide."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from seawall.apps.decisions.archive import ArchiveError
from seawall.apps.decisions.reading import policy_of
from seawall.apps.decisions.today import ask
from seawall.apps.errors import ServiceError
from seawall.apps.policies import bundles, sampling
from seawall.console import formatting
from seawall.engine.pack.model import OUTCOMES

LOOKED_AT = 300


@dataclass(frozen=True)
class Effect:
    """Of `decisions` that it could judge, how many it would have judged more strictly or more mildly."""

    decisions: int
    stricter: int
    milder: int

    @property
    def words(self) -> str:
        """As a sentence."""
        if not self.decisions:
            return _("None of the newest decisions holds everything it looks at: its effect cannot be told beforehand.")
        values = {name: formatting.number(getattr(self, name)) for name in ("decisions", "stricter", "milder")}
        text = _(
            "Of the last %(decisions)s decisions it would have judged %(stricter)s more strictly,"
            " %(milder)s more mildly."
        )
        return text % values


def effect(digest: str) -> Effect:
    """Held against what was decided; a decision that lacks a value it reads is left out."""
    try:
        policy = bundles.policy(digest)
        records = sampling.newest(LOOKED_AT)
    except (ServiceError, ArchiveError):
        return Effect(0, 0, 0)
    decisions = stricter = milder = 0
    for record in records:
        then = policy_of(record.decision.policy) if record.decision else None
        if then is None or record.decision is None:
            continue
        verdict = ask(record, then, policy)
        if verdict.lacking:
            continue
        decisions += 1
        moved = OUTCOMES.index(verdict.outcome) - OUTCOMES.index(record.decision.outcome)
        stricter += moved > 0
        milder += moved < 0
    return Effect(decisions, stricter, milder)
