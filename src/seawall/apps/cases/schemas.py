"""What the REST operations of the room take and give."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ninja import Schema

from seawall.apps.cases.models import Alert, Case

# --- what goes out ----------------------------------------------------------------------------------------------------


class AlertOut(Schema):
    """An alert."""

    id: UUID
    entity_kind: str
    entity_value: str
    typology: str
    title: dict[str, str]
    severity: str
    state: str
    queue: str
    hits: int
    score: int
    first_sequence: int
    last_sequence: int
    first_at: datetime
    last_at: datetime
    snoozed_until: datetime | None
    reason: str
    version: int

    @staticmethod
    def resolve_severity(row: Alert) -> str:
        """As a word."""
        return row.severity_name

    @staticmethod
    def resolve_queue(row: Alert) -> str:
        """By its key."""
        return row.queue.key


class CaseOut(Schema):
    """A case."""

    id: UUID
    number: str
    title: str
    titles: dict[str, str]
    queue: str
    severity: str
    state: str
    assignee_id: UUID | None
    restricted: bool
    due_at: datetime
    waiting_since: datetime | None
    breached_at: datetime | None
    opened_at: datetime
    closed_at: datetime | None
    version: int

    @staticmethod
    def resolve_severity(row: Case) -> str:
        """As a word."""
        return row.severity_name

    @staticmethod
    def resolve_queue(row: Case) -> str:
        """By its key."""
        return row.queue.key


class NoteOut(Schema):
    """A note."""

    id: UUID
    author_id: UUID
    text: str
    created_at: datetime


class TaskOut(Schema):
    """A task."""

    id: UUID
    title: str
    assignee_id: UUID | None
    due_at: datetime | None
    done_by_id: UUID | None
    done_at: datetime | None


class EvidenceOut(Schema):
    """A file, without its bytes."""

    id: UUID
    name: str
    size: int
    sha256: str
    comment: str
    added_by_id: UUID
    added_at: datetime


class QueueOut(Schema):
    """A queue."""

    id: UUID
    key: str
    title_zh: str
    title_en: str
    rank: int
    severities: list[str]
    reasons: list[str]
    event_types: list[str]
    assignment: str
    hours: dict[str, float]
    calendar: str
    active: bool


class MadeOut(Schema):
    """A suppression, or the request that must be approved first."""

    suppression: UUID | None = None
    approval: UUID | None = None


# --- what comes in ----------------------------------------------------------------------------------------------------


class ActionIn(Schema):
    """What an action of the transition table may need."""

    reason: str = ""
    until: datetime | None = None
    assignee: UUID | None = None
    queue: UUID | None = None
    disposition: str = ""


class CaseIn(Schema):
    """A new case."""

    title: str = ""
    alerts: list[UUID] = []  # noqa: RUF012 - pydantic copies it
    queue: UUID | None = None
    severity: str = ""
    take: bool = False
    restricted: bool = False


class AlertsIn(Schema):
    """Alerts to be put into a case."""

    alerts: list[UUID]


class NoteIn(Schema):
    """A note."""

    text: str


class TaskIn(Schema):
    """A task."""

    title: str
    assignee: UUID | None = None
    due_at: datetime | None = None


class DoneIn(Schema):
    """Whether a task is done."""

    done: bool = True
