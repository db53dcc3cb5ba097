"""What the second person reads of a policy before they let it run: differences in words, gates, effect."""

from __future__ import annotations

from uuid import UUID

from django.template.loader import render_to_string

from seawall.apps.approvals.models import Request
from seawall.apps.errors import UnknownError
from seawall.apps.policies import queries
from seawall.apps.policies.console.effect import effect
from seawall.apps.policies.console.words import gates_of


def evidence(request: Request) -> str:
    """As markup for the request's page."""
    try:
        version = queries.get_version(UUID(request.object_id))
    except UnknownError:
        return ""
    champion = queries.champion()
    against = champion if champion is not None and champion.pk != version.pk else version.parent
    context = {
        "version": version, "against": against, "gates": gates_of(version.digest),
        "difference": queries.difference(against.digest, version.digest) if against else None,
        "effect": effect(version.digest).words if request.pending else "",
    }  # fmt: skip
    return render_to_string("policies/parts/evidence.html", context)
