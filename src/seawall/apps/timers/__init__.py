"""Durable timers over working-day calendars: one mechanism for every deadline."""
