"""One hypothesis profile for all: no deadline (timings are never tests), and in CI the same examples every time."""

import os

from hypothesis import settings

settings.register_profile("seawall", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("seawall")
