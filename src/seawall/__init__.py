"""Seawall 海塘: risk control for fintech platforms, one event stream in, explained decisions out."""

__version__ = "0.1.0"
