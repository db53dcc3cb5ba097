"""Background work: what runs by itself or on request, how far it is, what came of it."""
