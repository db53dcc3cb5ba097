"""One case of a pack's tests.yaml through the door and the engine."""

from __future__ import annotations

from seawall.engine.pack_case import run_case

__all__ = ["run_case"]
