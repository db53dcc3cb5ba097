"""Other people's engines on our work. A peer that is not installed is None, never a number from elsewhere."""

from __future__ import annotations

import importlib
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType


def load(module: str, distribution: str) -> tuple[ModuleType, str] | None:
    """A peer's module and its name with version; None where it is not installed."""
    try:
        return importlib.import_module(module), f"{distribution} {version(distribution)}"
    except (ImportError, PackageNotFoundError):
        return None
