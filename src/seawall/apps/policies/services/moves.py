"""Moving a version from state to state."""

from __future__ import annotations

from django.utils import timezone

from seawall.apps.policies.models import Version


def touch(version: Version, state: str) -> None:
    """Move a version to a state; services that obey the table call it inside their transaction."""
    if version.state != state:
        version.state, version.changed_at = state, timezone.now()
        version.save(update_fields=["state", "changed_at"])
