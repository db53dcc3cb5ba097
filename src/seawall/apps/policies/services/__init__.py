"""Commands of the room, a module a noun; the only writers."""
