"""Live decisions in process: from the caller's JSON to the answer's."""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence
from pathlib import Path

from seawall.engine.answer import Answers
from seawall.engine.decision import Decision
from seawall.engine.door import ClearSealer, Door
from seawall.engine.engine import Engine
from seawall.engine.modules import default_cache
from seawall.engine.money import Rates
from seawall.engine.policy import CompiledPolicy


class Service:
    """What a decision server does for each request, without the network and the journal."""

    def __init__(self, policy: CompiledPolicy, cache_dir: Path | None = None) -> None:
        self.engine = Engine(policy, cache_dir or default_cache())
        self.door = Door(policy.pack, Rates(), ClearSealer(), lambda: time.time_ns() // 1_000_000)
        self.answers = Answers(policy)
        gc.collect()
        gc.freeze()  # what a server loads at start lives as long as it does: the collector need not walk it again

    def decide(self, bodies: Sequence[bytes]) -> list[bytes]:
        """Decode, check, features, rules, reasons, hash, encode; one answer a body."""
        began = time.perf_counter_ns()
        results = self.engine.step([self.door.admit(body) for body in bodies])
        spent = (time.perf_counter_ns() - began) // 1000
        write, sequence = self.answers.write, self.engine.sequence
        return [write(one, f"decision-{sequence:016d}", spent) for one in results if isinstance(one, Decision)]
