"""Every error the engine raises on purpose: what is wrong, where, and what to do."""

from __future__ import annotations

from dataclasses import dataclass


class SeawallError(Exception):
    """Base of all errors meant for a person to read; its text is one clear line."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding of a checker, at its place in the text it was found in.

    line and column count from 1; 0 means "the whole document".
    """

    message: str
    suggestion: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    severity: str = "error"  # error | warning

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line or "", self.column or "") if part)
        hint = f" ({self.suggestion})" if self.suggestion else ""
        return f"{place}: {self.message}{hint}" if place else f"{self.message}{hint}"


class PackError(SeawallError):
    """A pack that cannot be used; carries every problem found, not only the first."""

    def __init__(self, problems: list[Problem]) -> None:
        assert problems, "a PackError names at least one problem"
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class EventError(SeawallError):
    """An event refused at the door (HTTP 422); `field` names the culprit, "" the whole event."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        self.message = message
        super().__init__(f"{field}: {message}" if field else message)


class ConflictError(SeawallError):
    """A known event_id with other content (HTTP 409)."""


class PolicyError(SeawallError):
    """Policies that cannot be deployed as asked (HTTP 422); `field` names the member at fault."""

    def __init__(self, field: str, message: str) -> None:
        self.field, self.message = field, message
        super().__init__(f"{field}: {message}")


class StateError(SeawallError):
    """The engine's state cannot take or keep what was asked (bounds reached, damaged snapshot)."""
