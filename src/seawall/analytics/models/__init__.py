"""Models off the path: training, artefacts, calibration, exact explanations, drift."""
