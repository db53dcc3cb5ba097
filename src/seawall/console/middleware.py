"""htmx and redirects: a fragment request that is sent elsewhere takes the whole page there."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

REDIRECTS = (301, 302, 303, 307, 308)


class FragmentRedirects:
    """A redirect in answer to htmx would put a whole page (the sign-in page, say) inside a fragment."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        boosted = request.headers.get("HX-Boosted") == "true"
        if response.status_code in REDIRECTS and request.headers.get("HX-Request") == "true" and not boosted:
            moved = HttpResponse(status=204)
            moved["HX-Redirect"] = response["Location"]
            moved.cookies = response.cookies
            return moved
        return response
