"""The decision API over HTTP: one application, served by our own HTTP/1.1 server or by any ASGI server."""
