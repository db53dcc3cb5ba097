"""The control plane: people, cases, evidence. One room a Django app, each with the same files."""
