"""People, roles, sessions: who may do what."""
