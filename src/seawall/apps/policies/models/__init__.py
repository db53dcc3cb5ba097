"""Records of the room, a module a noun."""

from seawall.apps.policies.models.backtest import Backtest
from seawall.apps.policies.models.content import Blob, Bundle, BundleFile
from seawall.apps.policies.models.deployment import Deployment, Notice, Placement
from seawall.apps.policies.models.gate import GateReport
from seawall.apps.policies.models.policy import Draft, Policy, Save, Version
from seawall.apps.policies.models.tally import Crossing, Cursor, Labelled, Tally

__all__ = [
    "Backtest",
    "Blob",
    "Bundle",
    "BundleFile",
    "Crossing",
    "Cursor",
    "Deployment",
    "Draft",
    "GateReport",
    "Labelled",
    "Notice",
    "Placement",
    "Policy",
    "Save",
    "Tally",
    "Version",
]
