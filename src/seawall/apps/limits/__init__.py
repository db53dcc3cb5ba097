"""Limits and switches: what people set while a policy runs, by four eyes, each change a journal record."""
