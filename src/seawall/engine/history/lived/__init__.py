"""What a home lived through, as columns: its journal as tables, and as the blocks that a policy reads."""

from seawall.engine.history.lived.source import JournalHistory, pack_in, pack_of
from seawall.engine.history.lived.survey import Labelled, Survey, survey
from seawall.engine.history.lived.view import Entered, PolicyView, fields_read

__all__ = [
    "Entered",
    "JournalHistory",
    "Labelled",
    "PolicyView",
    "Survey",
    "fields_read",
    "pack_in",
    "pack_of",
    "survey",
]
