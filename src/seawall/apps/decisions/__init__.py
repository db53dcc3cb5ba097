"""Decisions: the control plane's index of the journal, the explorer, decisions and entities in words, reveals."""
