"""What is wrong with a history file: the file, the row and the column in one line."""

from __future__ import annotations

from seawall.engine.errors import SeawallError


class HistoryError(SeawallError):
    """A history file that cannot be taken; rows count from 1, a header not counted (row 0: the whole file)."""

    def __init__(self, file: str, message: str, row: int = 0, column: str = "") -> None:
        self.file, self.message, self.row, self.column = file, message, row, column
        place = [file, *([f"row {row:,}"] if row else []), *([f"column {column}"] if column else [])]
        super().__init__(f"{', '.join(place)}: {message}")


class RowProblem(Exception):
    """A value that cannot be taken, at `index` of the batch being converted; its row is added by who knows it."""

    def __init__(self, index: int, column: str, message: str) -> None:
        self.index, self.column, self.message = index, column, message
        super().__init__(f"{column}[{index}]: {message}")
