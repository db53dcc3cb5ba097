"""The story's home behind the control plane."""

from __future__ import annotations

from typing import Any

import pytest

from seawall.server.home import Home
from tests.apps.decisions.home import story


@pytest.fixture
def live_home(settings: Any) -> Home:
    """The archive reads the story's home."""
    settings.HOME = story()
    return story()


@pytest.fixture
def followed(live_home: Home, db: None) -> Home:
    """The story, followed to its end."""
    from seawall.apps.decisions.jobs import follow_all

    follow_all()
    return live_home
