"""Records of the room: queues, alerts, cases and the work in them."""

from __future__ import annotations

from seawall.apps.cases.models.alert import Alert, AlertHit, Suppression
from seawall.apps.cases.models.case import Case, CaseAlert, CaseEntity
from seawall.apps.cases.models.label import Disposition, LabelDelivery
from seawall.apps.cases.models.queue import Queue
from seawall.apps.cases.models.work import Evidence, Note, Notification, Task

__all__ = [
    "Alert", "AlertHit", "Case", "CaseAlert", "CaseEntity", "Disposition", "Evidence", "LabelDelivery", "Note",
    "Notification", "Queue", "Suppression", "Task",
]  # fmt: skip
