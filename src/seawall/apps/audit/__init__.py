"""The record: every command of the control plane goes through an outbox into the ledger."""
