"""The situation room and the platform's settings: what is going on, and whether the platform itself is well."""
