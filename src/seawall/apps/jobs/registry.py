"""Which jobs there are. A job is a function of its Task; what it returns is the result that people are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seawall.apps.accounts.roles import catalog
from seawall.apps.jobs.schedule import When
from seawall.console.words import Text

if TYPE_CHECKING:
    from seawall.apps.jobs.running import Task


class JobError(Exception):
    """A job that is declared wrongly."""


@dataclass(frozen=True)
class Result:
    """What came of a run: an English text marked for translation, what is filled in, and where to look."""

    text: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    url: str = ""


Function = Callable[..., Result | None]


@dataclass(frozen=True)
class Job:
    """`permission` starts and cancels it. `idempotent`: may be begun anew when the worker fell over.
    `parallel`: several runs at once."""

    name: str
    title: Text
    permission: str
    function: Function
    schedule: When | None = None
    idempotent: bool = False
    parallel: bool = False

    def call(self, task: Task, arguments: Mapping[str, Any]) -> Result | None:
        """Carry it out."""
        return self.function(task, **arguments)


_JOBS: dict[str, Job] = {}


def job(
    name: str, title: Text, permission: str = "jobs.run", *, schedule: When | None = None, idempotent: bool = False,
    parallel: bool = False,
) -> Callable[[Function], Function]:  # fmt: skip
    """Register a function of (task, **arguments) as a job; `schedule` starts it by itself, without arguments."""
    if permission not in catalog().permissions:
        raise JobError(f"job {name}: no permission {permission!r} in roles.yaml")

    def add(function: Function) -> Function:
        known = _JOBS.get(name)
        if known is not None and known.function.__qualname__ != function.__qualname__:
            raise JobError(f"job {name}: two functions have this name; rename one")
        _JOBS[name] = Job(name, title, permission, function, schedule, idempotent, parallel)
        return function

    return add


def unregister(name: str) -> None:
    """Take a job out again."""
    _JOBS.pop(name, None)


def jobs() -> list[Job]:
    """All of them, by name."""
    return [_JOBS[name] for name in sorted(_JOBS)]


def job_of(name: str) -> Job | None:
    """The job of that name; None where this version has none (any more)."""
    return _JOBS.get(name)


def title_of(name: str) -> Text:
    """What a job is called; one that is gone by its name."""
    found = _JOBS.get(name)
    return found.title if found else name
