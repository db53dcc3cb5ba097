"""Actions that really happen: typed, dry-run first, once each, for a time, undone where they can be."""
