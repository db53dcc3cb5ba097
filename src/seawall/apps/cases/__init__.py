"""Alerts, queues, cases and evidence: from a decision worth work to a closed case and its label."""
