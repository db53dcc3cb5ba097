"""The two clocks of a session: when it began, when somebody last worked in it."""

from __future__ import annotations

import time

from django.http import HttpRequest

STARTED, SEEN = "started_at", "seen_at"  # seconds since 1970, in the session


def begin_session(request: HttpRequest) -> None:
    """Start both clocks."""
    request.session[STARTED] = request.session[SEEN] = int(time.time())
