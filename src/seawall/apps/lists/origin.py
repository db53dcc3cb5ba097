"""Where an entry comes from, as its id tells: actions and imports write entries under ids of their own."""

from __future__ import annotations

import re
from uuid import UUID

from seawall.apps.lists.states import ACTION, API, IMPORT

_IMPORT, _ACTION = "import-", "action-"
_OF_IMPORT = re.compile(rf"{_IMPORT}([0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})-[0-9]+")


def id_of(import_id: UUID, line: int | str) -> str:
    """The id of the entry that a line of an import makes; with the line "" what all of them begin with."""
    return f"{_IMPORT}{import_id}-{line}"


def origin(entry_id: str) -> tuple[str, str]:
    """The source that an id tells of, and its reference: the import, the action; (API, "") for any other."""
    if entry_id.startswith(_ACTION):
        return ACTION, entry_id.removeprefix(_ACTION)[:80]
    found = _OF_IMPORT.fullmatch(entry_id)
    return (IMPORT, found[1]) if found else (API, "")
