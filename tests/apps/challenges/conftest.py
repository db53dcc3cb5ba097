"""The story's home behind the control plane."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apps.challenges.home import Story, story


@pytest.fixture
def told(settings: Any, db: None) -> Story:
    """The story; nothing of it is followed yet."""
    settings.HOME = story().home
    return story()


@pytest.fixture
def followed(told: Story) -> Story:
    """The story, followed to its end: the journal, then the challenges."""
    from seawall.apps.challenges.jobs import follow_once
    from seawall.apps.decisions.jobs import follow_all

    follow_all()
    assert follow_once() > 0
    return told
