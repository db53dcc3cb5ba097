"""Policies: versions, drafts, their way through tests and review into the engine, and back."""
