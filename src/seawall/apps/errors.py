"""What a service refuses, as types; the console and the API turn each into its page or status in one place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied


class ServiceError(Exception):
    """A command that cannot be carried out. The text is for a person: what is wrong, and what to do."""

    status = 400


class InvalidError(ServiceError):
    """What was given does not fit; `fields` holds a text a field, where one is to blame."""

    status = 422

    def __init__(self, message: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = fields or {}


class ConflictError(ServiceError):
    """Somebody else was faster, or the record is no longer in the state that the command needs."""

    status = 409


class StaleError(ConflictError):
    """The record is no longer as this person read it; `changes` are the ledger's entries since, where known."""

    def __init__(self, message: str, changes: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.changes = changes


class UnconditionalError(ServiceError):
    """A change by the API that does not say which version of the record it was decided on."""

    status = 428


class UnknownError(ServiceError):
    """No such record (or none that this person may know of)."""

    status = 404


class DeniedError(PermissionDenied):
    """The person lacks a permission; `permission` names it."""

    def __init__(self, permission: str, message: str) -> None:
        super().__init__(message)
        self.permission = permission


class SessionRequiredError(DeniedError):
    """What a person does only in the console, signed in: no API token may."""
