"""Build one policy's windows from the journal: `python -m seawall.server.warm_process TASK` (JSON, one argument)."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import msgspec

from seawall.engine.errors import SeawallError
from seawall.engine.journal import Journal
from seawall.engine.snapshot import dump_lane
from seawall.engine.warming import Warming

from .home import Home
from .packs import PackShelf
from .recovery import warm
from .warm_up import Report, Task

_NICENESS = 15  # warming can wait, decisions cannot
_NEAR = 20_000  # records behind the newest at which the one who asked goes on himself
_ROUNDS = 8


def main(argument: str) -> int:
    """Compile, take every record so far, write the windows; the exit status. Trouble is one line on standard error."""
    task = msgspec.json.decode(argument, type=Task)
    os.nice(_NICENESS)
    gc.disable()
    try:
        _run(task)
    except (SeawallError, OSError) as error:
        print(str(error).splitlines()[0], file=sys.stderr)
        return 1
    return 0


def _run(task: Task) -> None:
    home = Home(Path(task.home))
    with Journal(home.journal, read_only=True) as journal:
        warming = Warming(PackShelf(journal, home.cache).policy(task.digest))
        for _ in range(_ROUNDS):
            warm(journal, warming, journal.last, _tell)
            if journal.last - warming.sequence <= _NEAR:
                break
        _tell(warming.sequence, journal.last)
    with Path(task.out).open("xb") as file:
        for part in dump_lane(warming.lane, warming.position):
            file.write(part)


def _tell(done: int, total: int) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(Report(done, total)) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
