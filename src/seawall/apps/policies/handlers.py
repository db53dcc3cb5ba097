"""What happens when the engine has answered a deployment."""

from __future__ import annotations

from seawall.apps.outbox.handlers import on
from seawall.apps.policies.services import deployments

on(deployments.ABOUT, delivered=deployments.delivered, refused=deployments.refused, stuck=deployments.stuck,
   cancelled=deployments.refused)  # fmt: skip
