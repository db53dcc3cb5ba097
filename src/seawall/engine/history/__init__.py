"""History files as blocks of admitted records: a mapping says what the columns mean, a reader streams them."""

from seawall.engine.history.blocks import BLOCK_ROWS, HistoryBlock, read_blocks
from seawall.engine.history.mapping import HistoryMapping, load_mapping
from seawall.engine.history.problems import HistoryError
from seawall.engine.history.readers import HistoryFile, open_history

__all__ = [
    "BLOCK_ROWS",
    "HistoryBlock",
    "HistoryError",
    "HistoryFile",
    "HistoryMapping",
    "load_mapping",
    "open_history",
    "read_blocks",
]
