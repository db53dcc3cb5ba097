"""Views of lists that people keep for themselves, or share with those of their role."""
