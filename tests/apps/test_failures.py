"""What Django refuses beside a view: under /api/ a problem, elsewhere a page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory

from seawall.server.control import failures

REFUSALS = [
    (400, lambda request: failures.bad_request(request)),
    (403, lambda request: failures.permission_denied(request, PermissionDenied("Only on working days."))),
    (404, lambda request: failures.page_not_found(request)),
    (500, lambda request: failures.server_error(request)),
]


@pytest.mark.parametrize("address", ["/api/", "/api/v1/nothing", "/api/v2/cases"])
def test_an_unknown_address_of_the_api_is_a_problem(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert "/api/v1/openapi.json" in answer.json()["detail"]


def test_an_unknown_page_is_a_page(client: Client) -> None:
    answer = client.get("/no/such/page/")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(("status", "refuse"), REFUSALS)
def test_every_refusal_has_both_forms(rf: RequestFactory, status: int, refuse: Any) -> None:
    for address, kind in (("/api/v1/cases", "application/problem+json"), ("/cases/", "text/html")):
        answer = refuse(rf.get(address))
        assert answer.status_code == status
        assert answer["Content-Type"].startswith(kind)
        if address.startswith("/api/"):
            assert json.loads(answer.content)["status"] == status


def test_a_failure_names_its_reference_and_a_refusal_its_reason(rf: RequestFactory) -> None:
    request = rf.get("/api/v1/cases")
    request.reference = "0192-reference"
    assert json.loads(failures.server_error(request).content)["reference"] == "0192-reference"
    refused = failures.permission_denied(rf.get("/api/v1/cases"), PermissionDenied("Only on working days."))
    assert json.loads(refused.content)["detail"] == "Only on working days."
