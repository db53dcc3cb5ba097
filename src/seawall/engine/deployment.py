"""Which policies run: the champion, perhaps a challenger on a share of the entities, and shadows that never serve."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from .errors import PolicyError
from .policy import CompiledPolicy

WHOLE = 10_000  # basis points
MAX_SHARE = 5_000
MAX_SHADOWS = 3


@dataclass(frozen=True, slots=True)
class Challenger:
    """A policy that serves `share` basis points of the values of the key field `entity`; `salt` picks which."""

    policy: CompiledPolicy
    share: int
    entity: str
    salt: str

    def serves(self, value: object) -> bool:
        """Whether this entity is the challenger's: the same answer for ever, whatever the batch or the process."""
        return value is not None and split(self.salt, str(value)) < self.share


@dataclass(frozen=True, slots=True)
class Deployment:
    """The policies that run side by side from one record to the next activation."""

    champion: CompiledPolicy
    challenger: Challenger | None = None
    shadows: tuple[CompiledPolicy, ...] = ()

    @property
    def policies(self) -> Iterator[CompiledPolicy]:
        """All of them: champion, challenger, shadows."""
        yield self.champion
        if self.challenger is not None:
            yield self.challenger.policy
        yield from self.shadows


def split(salt: str, value: str) -> int:
    """The place of an entity in [0, WHOLE): the first 8 bytes of BLAKE2b of salt and value, little-endian, modulo."""
    return int.from_bytes(hashlib.blake2b(salt.encode() + value.encode(), digest_size=8).digest(), "little") % WHOLE


def check_deployment(deployment: Deployment) -> None:
    """PolicyError where these policies cannot run side by side; it names the member at fault."""
    labels = [policy.label for policy in deployment.policies]
    twice = [label for label in labels if labels.count(label) > 1]
    if twice:
        raise PolicyError("shadows", f"{twice[0]} is named twice; name each policy once")
    if len(deployment.shadows) > MAX_SHADOWS:
        raise PolicyError("shadows", f"there are {len(deployment.shadows)} shadows; name at most {MAX_SHADOWS}")
    challenger = deployment.challenger
    if challenger is None:
        return
    if not 1 <= challenger.share <= MAX_SHARE:
        raise PolicyError("challenger.share", f"is 1 to {MAX_SHARE:,} basis points, not {challenger.share:,}")
    kinds = deployment.champion.pack.events.values()
    keys = sorted({name for kind in kinds for name, field in kind.fields.items() if field.type == "key"})
    if challenger.entity not in keys:
        known = ", ".join(keys) or "none"
        raise PolicyError("challenger.entity", f"{challenger.entity!r} is no key field of the champion; it has {known}")
