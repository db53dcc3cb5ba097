"""The console as an ASGI application: `uvicorn seawall.server.control.asgi:application` with SEAWALL_HOME set."""

from __future__ import annotations

from pathlib import Path

from seawall.server.control.prepare import set_up
from seawall.server.control.static import Receive, Scope, Send, StaticFiles, static_folders
from seawall.server.home import default_home


class Console:
    """Static files are answered here; lifespan is acknowledged; all else is Django's."""

    def __init__(self, folder: Path) -> None:
        set_up(folder)
        from django.apps import apps
        from django.conf import settings
        from django.core.asgi import get_asgi_application

        from seawall.server.control.logs import set_up_logs

        set_up_logs(settings.SEAWALL_OPTIONS.log_level)
        self.django = get_asgi_application()
        packages = [Path(config.path) for config in apps.get_app_configs()]
        self.files = StaticFiles(static_folders(packages), settings.STATIC_URL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(self.files.prefix):
            await self.files(scope, receive, send)
        elif scope["type"] == "http":
            await self.django(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        event = (await receive())["type"]
        await send({"type": f"{event}.complete"})
        if event == "lifespan.shutdown":
            return


application = Console(default_home())
