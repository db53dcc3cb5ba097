"""Challenges as people follow them: what was asked of whom, how it ended, what the policy made of it."""
