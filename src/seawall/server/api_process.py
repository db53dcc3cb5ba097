"""The decision API as a process of its own: `python -m seawall.server.api_process OPTIONS` (JSON, one argument)."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import warnings
from pathlib import Path

from seawall.engine.errors import SeawallError
from seawall.engine.history.rates import load_rates
from seawall.engine.money import Rates
from seawall.engine.pack import load_pack
from seawall.sealing import OpenKeyWarning, SealingError

from .access import Access
from .challenge.desk import Desk
from .challenge.options import load_options
from .home import Home
from .http.apart import serve_apart
from .http.listening import Tls
from .http.run import serve
from .packs import bundle_of
from .process import BAD_START, Options, decode, until_orphaned
from .service import Service

_SWITCH_SECONDS = 0.0001  # the committer waits at most this long for the interpreter after its commit


def main(argument: str) -> int:
    """Serve until SIGTERM; the exit status. Trouble is one line on standard error."""
    options = decode(argument)
    warnings.simplefilter("ignore", OpenKeyWarning)  # the supervisor has said so
    try:
        _run(options)
    except (SeawallError, SealingError, OSError) as error:
        print(f"seawall: decision API: {error}", file=sys.stderr, flush=True)
        return BAD_START
    return 0


def _run(options: Options) -> None:
    import uvloop

    gc.disable()  # a million known ids are made, none is let go
    home = Home(options.folder).prepare()
    ring, _ = home.key_ring()
    bundle = None
    if options.pack:
        folder = Path(options.pack)
        bundle = bundle_of(folder, load_pack(folder))
    service = Service(home, ring)
    try:
        found = service.open(bundle)
        base = service.active().pack.base_currency
        service.use_rates(load_rates(home.rates, base) if home.rates.is_file() else Rates())
    except BaseException:
        service.close()
        raise
    if found.differing:
        numbers = ", ".join(map(str, found.differing))
        print(f"seawall: decisions {numbers} came out differently on replay; report this", file=sys.stderr, flush=True)
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    gc.enable()
    uvloop.run(_serve(service, options))


async def _serve(service: Service, options: Options) -> None:
    access, stop = Access(service.home.access), asyncio.Event()
    tls = Tls(Path(options.certificate), Path(options.key)) if options.certificate else None
    await service.start()
    challenges = Desk(service, load_options(service.home.folder))
    orphaned = asyncio.get_running_loop().create_task(_stop_with_parent(stop))
    try:
        await challenges.start()
        # a second processor reads and writes HTTP; on one alone the hand-over would only cost
        run = serve_apart if _processors() > 1 else serve
        await run(service, access, options.host, options.port, tls, stop=stop, challenges=challenges)
    finally:
        orphaned.cancel()
        await challenges.stop()
        await service.stop()
        access.close()


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


async def _stop_with_parent(stop: asyncio.Event) -> None:
    await until_orphaned()
    stop.set()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
