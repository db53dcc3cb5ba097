"""Packs: the content of a policy, as YAML files in a folder, read into frozen records."""

from seawall.engine.pack.load import load_pack
from seawall.engine.pack.model import (
    OUTCOMES,
    SEVERITIES,
    Action,
    Allow,
    DecisionTable,
    Fallback,
    ModelDefinition,
    Pack,
    Place,
    Policy,
    Rule,
    TableRow,
    TestCase,
    TestRecord,
    Text,
)
from seawall.engine.pack.rules import ACTIONS, cell_expression

__all__ = [
    "ACTIONS",
    "OUTCOMES",
    "SEVERITIES",
    "Action",
    "Allow",
    "DecisionTable",
    "Fallback",
    "ModelDefinition",
    "Pack",
    "Place",
    "Policy",
    "Rule",
    "TableRow",
    "TestCase",
    "TestRecord",
    "Text",
    "cell_expression",
    "load_pack",
]
