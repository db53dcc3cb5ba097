"""A process that starts and decides one event; the parent of the benchmark looks at its watch."""

from __future__ import annotations

import sys
from pathlib import Path


def main(folder: str, cache_dir: str) -> int:
    """Read the pack, compile it, load the kernel, decide; print the answer."""
    from seawall.bench.live import Service
    from seawall.engine.pack import load_pack
    from seawall.engine.policy import compile_policy

    body = sys.stdin.buffer.read()
    service = Service(compile_policy(load_pack(Path(folder))), Path(cache_dir))
    (answer,) = service.decide([body])
    sys.stdout.buffer.write(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
