"""What the room needs of the data plane: the journal, its policies and the key store, all read-only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

from seawall.apps.errors import ServiceError
from seawall.engine.decision import Decision
from seawall.engine.journal import Batch, EventRecord
from seawall.engine.policy import CompiledPolicy


class ArchiveError(ServiceError):
    """The journal or the key store cannot be read; one line that says what to do."""

    status = 503


class Archive(Protocol):
    """Reading one home's data plane. Every method raises ArchiveError where a file is damaged or cannot be read."""

    def last(self) -> int:
        """Number of the newest record, -1 while there is none."""

    def chain_at(self, sequence: int) -> str | None:
        """The journal's chain after a record that ends its batch, hexadecimal; None where no batch ends there."""

    def batches(self, after: int) -> Iterator[Batch]:
        """Records after a number, in the batches in which they became durable."""

    def event(self, sequence: int) -> EventRecord | None:
        """The event record of that number; None where there is none or it is of another kind."""

    def policy(self, digest: str) -> CompiledPolicy:
        """The policy whose pack is filed under the digest."""

    def bundle(self, digest: str) -> dict[str, bytes]:
        """The files of the pack that is filed under the digest."""

    def decision_id(self, decision: Decision) -> str:
        """The id under which callers know a decision."""

    def open(self, subject: str, place: str, text: str) -> bytes | None:
        """The value in a sealed text, as the JSON it arrived in; None: its key is gone."""

    def surrogate(self, space: str, value: str) -> str | None:
        """The surrogate that stands for a clear value, if it ever had one; makes none."""

    def surrogates(self, space: str, values: Sequence[str]) -> list[str | None]:
        """The same for many values at once."""

    def linked(self, surrogates: Sequence[str]) -> list[bool]:
        """Of each surrogate whether it still stands for a value: an erasure cuts that link for good."""


def archive() -> Archive:
    """The archive of this home, as the setting SEAWALL_ARCHIVE names it."""
    return cast(Archive, import_string(settings.SEAWALL_ARCHIVE)())
