"""Serves the gallery alone: python -m tests.console.serve PORT"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def main(port: int) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.console.settings"
    import django

    django.setup()
    from socketserver import ThreadingMixIn
    from wsgiref.simple_server import WSGIServer

    import django_htmx
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.http import FileResponse, Http404
    from django.urls import path

    from seawall.console import assets
    from tests.console import gallery

    folders = [assets.STATIC, Path(django_htmx.__file__).parent / "static"]

    def static(request: object, name: str) -> FileResponse:
        for folder in folders:
            if ".." not in name and (folder / name).is_file():
                return FileResponse((folder / name).open("rb"))
        raise Http404

    class Server(ThreadingMixIn, WSGIServer):
        daemon_threads = True

    gallery.register()
    gallery.urlpatterns.append(path("static/<path:name>", static))  # type: ignore[arg-type]
    assets.vega_bundle(settings.SEAWALL_CACHE)
    with make_server("127.0.0.1", port, get_wsgi_application(), Server, Quiet) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
