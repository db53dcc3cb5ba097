"""Four-eyes: one mechanism for everything that needs a second person."""
