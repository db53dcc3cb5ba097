"""What is odd about a set of rules, without running it."""

from __future__ import annotations

from collections.abc import Sequence

from seawall.engine.errors import Problem

from .ranges import impossible, negate, normalise
from .render import render
from .tree import Const, Expression


def analyse(rules: Sequence[tuple[str, Expression]]) -> list[Problem]:
    """Warnings over (rule id, condition) pairs: conditions that can never or must always be true, that repeat one
    another, or of which exactly one always holds. Only what is proved by looking at one name at a time is claimed.
    """
    problems = [problem for name, rule in rules for problem in _alone(name, rule)]
    seen: dict[str, str] = {}
    for name, rule in rules:
        if isinstance(rule.tree, Const):
            continue  # already said
        text = render(normalise(rule.tree))
        opposite = render(normalise(negate(rule.tree)))
        if text in seen:
            problems.append(_warning(f"rule '{name}' has the same condition as rule '{seen[text]}'", "remove one"))
        elif opposite in seen:
            message = f"rule '{name}' is the opposite of rule '{seen[opposite]}': one of them always fires"
            problems.append(_warning(message, "keep one, or narrow them"))
        seen.setdefault(text, name)
    return problems


def _alone(name: str, rule: Expression) -> list[Problem]:
    if isinstance(rule.tree, Const):
        outcome = {True: "true", False: "false", None: "missing, so it never fires"}[rule.tree.value]  # type: ignore[index]
        return [_warning(f"the condition of rule '{name}' is always {outcome}", "it reads no value")]
    if impossible(rule.tree):
        return [
            _warning(f"the condition of rule '{name}' can never be true", "look for limits that exclude each other")
        ]
    if impossible(negate(rule.tree)):
        return [_warning(f"the condition of rule '{name}' is true whenever its values are present", "use has(name)")]
    return []


def _warning(message: str, suggestion: str) -> Problem:
    return Problem(message, suggestion, severity="warning")
