"""What is challenged: a decision, its event, and what its policy says of challenges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from seawall.engine.door import Event
from seawall.engine.event import EventType
from seawall.engine.pack.challenges import RESULT_FIELDS
from seawall.engine.pack.model import CHALLENGE_RESULT, ChallengeMethod, Pack
from seawall.engine.times import DAY, format_instant
from seawall.server.decided import Decided
from seawall.server.http.problem import ProblemError
from seawall.server.service import Service
from seawall.server.tips import tips_of

MAX_AGE = DAY  # of a decision that a challenge may be opened for
_COPIED = frozenset({"key", "code", "string", "int", "money", "currency", "bool", "number"})  # held as they were sent


def refused(zh: str, en: str) -> ProblemError:
    """409: the challenge cannot be, or is over."""
    return ProblemError("challenge-refused", zh, en)


@dataclass(frozen=True, slots=True)
class Case:
    """A challenged decision with its event, by the policy that decided it."""

    decided: Decided
    event: Event
    kind: EventType
    pack: Pack

    @property
    def sequence(self) -> int:
        """The decision's record."""
        return self.decided.decision.sequence

    @property
    def subject(self) -> str:
        """Who is challenged, as the event holds it."""
        return str(self.event.fields[self.kind.subject])

    @property
    def tip(self) -> Mapping[str, str]:
        """The gravest tip for the decision's reasons, {zh, en}; {} where there is none."""
        tips = tips_of(self.pack, self.decided.decision)
        return tips[0].text if tips else {}

    def method(self, name: str) -> ChallengeMethod:
        """A method of its policy. 409 where it has none of that name."""
        try:
            return self.pack.challenges[name]
        except KeyError:
            raise refused(f"策略中没有验证方式 {name[:64]!r}", f"the policy has no method {name[:64]!r}") from None

    def offered(self, wanted: str) -> list[ChallengeMethod]:
        """The methods that may be used, by preference: those that the fired rules name, else all; of them the wanted
        one. 409 where that leaves none."""
        fired = set(self.decided.decision.rules)
        actions = (action for rule in self.pack.rules if rule.id in fired for action in rule.actions)
        named = {action.parameters.get("method") for action in actions if action.type == "challenge"} - {None}
        allowed = [one for one in self.pack.challenges.values() if not named or one.name in named]
        if not wanted:
            return allowed
        self.method(wanted)
        if all(one.name != wanted for one in allowed):
            names = ", ".join(one.name for one in allowed)
            raise refused(
                f"命中规则要求的验证方式是 {names},不能用 {wanted}",
                f"the rules that fired ask for {names}, not {wanted}",
            )
        return [self.pack.challenges[wanted]]

    def result_event(self, challenge_id: str, method: str, result: str, at_ms: int) -> bytes:
        """The event in which a challenge ends, the same bytes for the same arguments."""
        declared = self.pack.events[CHALLENGE_RESULT].fields
        body: dict[str, Any] = {
            name: self.event.fields[name]
            for name, field in declared.items()
            if name in self.kind.fields and name in self.event.fields
            and field.type == self.kind.fields[name].type and field.type in _COPIED
            and self.kind.fields[name].grade != "sensitive"
        }  # fmt: skip
        known = (challenge_id, self.event.event_id, method, result)
        body |= dict(zip(RESULT_FIELDS, known, strict=True))
        body |= {"event_id": f"challenge-{challenge_id}", "type": CHALLENGE_RESULT, "event_time": format_instant(at_ms)}
        return msgspec.json.encode(body)


def case_of(service: Service, key: str) -> Case:
    """The case of a decision, by its decision_id or event_id. 404, or 409 where its policy knows no challenges."""
    decided = service.find(key)
    if decided is None:
        raise ProblemError("not-found", "没有此编号的决策", "there is no decision under this id")
    decision = decided.decision
    pack = service.answers(decision.policy, "en").policy.pack
    kind = pack.events[decision.event_type]
    if not pack.challenges:
        raise refused("该决策的策略未声明挑战验证", "the decision's policy declares no challenges (challenges.yaml)")
    if not kind.subject:
        raise refused("该类事件没有可验证的主体", f"events of type {kind.name} name no subject to challenge")
    return Case(decided, service.event(decision.sequence), kind, pack)


def check_open(case: Case, now_ms: int) -> None:
    """409 unless the decision asks for a challenge, and not long ago."""
    outcome = case.decided.decision.outcome
    if outcome != "challenge":
        raise refused(f"该决策的结果是 {outcome},无需挑战验证", f"the decision's outcome is {outcome}, not challenge")
    if now_ms - case.event.received_at > MAX_AGE:
        raise refused("该决策已超过24小时,请重新提交事件", "the decision is older than 24 h; send the event anew")
