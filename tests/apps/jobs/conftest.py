"""Jobs of the tests, and a queue that nobody reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from seawall.apps.jobs import services
from seawall.apps.jobs.registry import Result, job, unregister
from seawall.apps.jobs.running import Task
from seawall.apps.jobs.schedule import Every

Body = Callable[..., Result | None]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """Run ids that were put into the queue."""
    found: list[UUID] = []
    monkeypatch.setattr(services, "put", found.append)
    return found


@pytest.fixture
def make_job(sent: list[UUID]) -> Iterator[Callable[..., str]]:
    """`make_job(body, idempotent=True)`: a job of a function of (task, **arguments), by name."""
    names: list[str] = []

    def make(body: Body, name: str = "count", permission: str = "jobs.run", **options: Any) -> str:
        job(name, f"Test {name}", permission, **options)(body)
        names.append(name)
        return name

    yield make
    for name in names:
        unregister(name)


def nothing(task: Task) -> None:
    """A job that does nothing."""


def hourly() -> Every:
    return Every(3600)
