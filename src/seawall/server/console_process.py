"""The console as a process of its own: `python -m seawall.server.console_process OPTIONS` (JSON, one argument)."""

from __future__ import annotations

import asyncio
import os
import ssl
import sys

from seawall.engine.errors import SeawallError

from .home import HOME
from .process import BAD_START, Options, decode, until_orphaned

_DRAIN_SECONDS = 10


def main(argument: str) -> int:
    """Serve until SIGTERM; the exit status. The home was prepared by `seawall.server.control.first_run`."""
    options = decode(argument)
    os.environ[HOME] = options.home
    try:
        asyncio.run(_serve(options))
    except (SeawallError, OSError) as error:
        print(f"seawall: console: {error}", file=sys.stderr, flush=True)
        return BAD_START
    return 0


async def _serve(options: Options) -> None:
    import uvicorn

    from seawall.server.control.asgi import Console

    secure = {"ssl_certfile": options.certificate, "ssl_keyfile": options.key} if options.certificate else {}
    config = uvicorn.Config(
        Console(options.folder),
        host=options.host,
        port=options.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
        **secure,  # type: ignore[arg-type]
    )
    config.load()
    if config.ssl is not None:
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
    server = uvicorn.Server(config)
    watch = asyncio.get_running_loop().create_task(_stop_with_parent(server))
    try:
        await server.serve()
    finally:
        watch.cancel()


async def _stop_with_parent(server: object) -> None:
    await until_orphaned()
    server.should_exit = True  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
