"""Models in line: scores of tree ensembles and linear models, and what each feature added to them."""

from .artefact import load_model, model_hash, parse_model, read_artefact
from .base import Model, ModelError, columns_for
from .calibration import CalibratedModel, Calibration, parse_calibration
from .contributions import Reason, top_reasons

__all__ = [
    "CalibratedModel",
    "Calibration",
    "Model",
    "ModelError",
    "Reason",
    "columns_for",
    "load_model",
    "model_hash",
    "parse_calibration",
    "parse_model",
    "read_artefact",
    "top_reasons",
]
