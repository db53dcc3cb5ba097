"""Records of the outbox: deliveries, receivers of webhooks, people's addresses."""

from __future__ import annotations

from seawall.apps.outbox.models.contact import Contact
from seawall.apps.outbox.models.delivery import LARGEST_BODY, LONGEST_PROBLEM, Delivery, canonical
from seawall.apps.outbox.models.webhook import Endpoint, Secret

__all__ = ["LARGEST_BODY", "LONGEST_PROBLEM", "Contact", "Delivery", "Endpoint", "Secret", "canonical"]
