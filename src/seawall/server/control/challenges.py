"""The decision API's challenges as the worker reads them, never written."""

from __future__ import annotations

from django.conf import settings

from seawall.apps.decisions.archive import ArchiveError
from seawall.server.challenge import book
from seawall.server.challenge.store import ChallengeStoreError


def steps_after(number: int, most: int) -> list[book.Happened]:
    """What happened in the home of the settings. Implements `seawall.apps.challenges.source.Steps`."""
    try:
        return book.steps_after(settings.HOME.folder / "challenges.db", number, most)
    except ChallengeStoreError as error:
        raise ArchiveError(str(error)) from error
