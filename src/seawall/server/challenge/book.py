"""HOME/challenges.db read by other processes: what happened after a step, and how each challenge stands."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from seawall.server.challenge.store import SCHEMA_VERSION, ChallengeStoreError

_SEEN = (
    "challenged", "sequence", "method", "kind", "provider", "state", "reason", "expires_at", "ended_at",
    "attempts_left", "sends_left", "decision_id",
)  # fmt: skip
_COLUMNS = ", ".join(f"challenges.{name}" for name in _SEEN)
_STEPS = f"""
SELECT steps.number, steps.challenge, steps.at, steps.what, steps.detail, {_COLUMNS}, challenges.trouble <> ''
FROM steps JOIN challenges ON challenges.id = steps.challenge WHERE steps.number > ? ORDER BY steps.number LIMIT ?
"""  # noqa: S608 - constants


class Happened(NamedTuple):
    """A step of a challenge, and the challenge as it is now; nothing secret, nothing about a person. Times in ms."""

    number: int
    challenge: str
    at: int
    what: str
    detail: str
    challenged: str  # decision_id
    sequence: int
    method: str
    kind: str
    provider: str
    state: str
    reason: str
    expires_at: int
    ended_at: int | None
    attempts_left: int
    sends_left: int
    decision_id: str  # on its result; "" while there is none
    stuck: bool  # its result cannot be decided


def steps_after(path: Path, number: int, most: int) -> list[Happened]:
    """The next steps, in order; none where the home has had no challenge.

    ChallengeStoreError where the file cannot be read, or ends before `number`: it is not the one that was followed.
    """
    if not path.exists():
        return []
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as database:
            database.execute("BEGIN")
            (version,) = database.execute("PRAGMA user_version").fetchone()
            if version < SCHEMA_VERSION:
                return []  # the decision API brings it up when it starts
            (last,) = database.execute("SELECT coalesce(max(number), 0) FROM steps").fetchone()
            if last < number:
                raise ChallengeStoreError(
                    f"{path} ends at step {last:,}, but {number:,} were followed; "
                    "restore control.db from the same backup as challenges.db"
                )
            return [Happened(*found) for found in database.execute(_STEPS, (number, most))]
    except sqlite3.Error as error:
        raise ChallengeStoreError(f"{path}: {error}; check the file and the space on its disk") from None
