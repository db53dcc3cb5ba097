"""The queue between console and worker: huey over HOME/jobs.db. It carries run ids; all that matters is in the runs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from huey import SqliteHuey
from huey.registry import Message
from huey.serializer import Serializer

FILE = "jobs.db"


class JsonSerializer(Serializer):
    """Messages as JSON: what a file holds is data and never becomes code."""

    def _serialize(self, data: Any) -> bytes:
        return json.dumps(list(data) if isinstance(data, Message) else data).encode()

    def _deserialize(self, data: bytes) -> Any:
        found = json.loads(data)
        return Message(*found) if isinstance(found, list) else found


@cache
def _opened() -> tuple[SqliteHuey, Callable[[str], object]]:
    """The queue of this home and what puts a run into it; the file is the owner's alone."""
    path = settings.HOME.folder / FILE
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    path.chmod(0o600)
    made = SqliteHuey("seawall", filename=str(path), results=False, serializer=JsonSerializer(), fsync=False)
    return made, made.task(name="run")(_run)


def queue() -> SqliteHuey:
    """The queue of this home, for its consumer."""
    return _opened()[0]


def put(run_id: UUID) -> None:
    """Tell the worker of a run. A lost or doubled message does no harm: the worker looks for waiting runs itself."""
    _opened()[1](str(run_id))


def _run(run_id: str) -> None:
    from seawall.apps.jobs.running import execute

    execute(UUID(run_id))
