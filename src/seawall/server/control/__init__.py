"""The Django project: settings, addresses, the ASGI application and what prepares a home for them."""

from seawall.server.control.prepare import prepare, set_up, setup_token

__all__ = ["prepare", "set_up", "setup_token"]
