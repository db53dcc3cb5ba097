"""Webhooks over the wire: signed, at least once, in order, to nowhere they must not go."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from seawall.apps.approvals import services as approvals
from seawall.apps.audit.models import Outbox
from seawall.apps.audit.services import record
from seawall.apps.errors import ConflictError, DeniedError, InvalidError
from seawall.apps.outbox import guard, sending, services, signing, webhook_channel, webhook_queries, webhooks
from seawall.apps.outbox.models import Delivery, Endpoint
from seawall.apps.outbox.options import Webhooks
from tests.apps.outbox import receiver as modes
from tests.apps.outbox.agreed import agreed_endpoint, second_person
from tests.apps.outbox.receiver import Receiver, hmac_sha256, receiving, verified

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
User = Any


@pytest.fixture(autouse=True)
def loopback(request: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Receivers on this machine are allowed, and nobody waits long for them."""
    options: Any = request.getfixturevalue("settings")
    options.SEAWALL_OPTIONS = options.SEAWALL_OPTIONS.model_copy(update={"webhooks": Webhooks(loopback=True)})
    monkeypatch.setattr(webhook_channel, "TIMEOUT", 0.25)
    monkeypatch.setattr(webhook_channel, "WHOLE", 0.5)


@pytest.fixture
def ann(make_user: Callable[..., User]) -> User:
    return make_user("ann", "admin")


@pytest.fixture
def hook(ann: User) -> Iterator[tuple[Receiver, Endpoint]]:
    """A receiver and its endpoint, which hears of cases."""
    secrets: dict[str, str] = {}
    with receiving(secrets) as server:
        made = agreed_endpoint(ann, "desk", server.url, ["case.opened", "case.closed"])
        secrets[made.key_id] = made.secret
        yield server, made.endpoint


def happen(action: str, case: str, number: int = 0) -> None:
    with transaction.atomic():
        record("system", action, "case", case, {"number": number})


def deliver(count: int = 1) -> None:
    now = timezone.now()
    for _ in range(count):
        while sending.deliver("webhook", now):
            pass
        now += HOUR


def test_a_command_reaches_who_subscribed(hook: tuple[Receiver, Endpoint]) -> None:
    server, endpoint = hook
    happen("case.opened", "c-1", 7)
    happen("case.assigned", "c-1")  # nobody asked for these
    deliver()
    ((delivery, body),) = server.requests
    assert (body["kind"], body["object"], body["data"]) == (
        "case.opened", {"type": "case", "id": "c-1"}, {"actor": "system", "number": 7},
    )  # fmt: skip
    row = Delivery.objects.get()
    assert (delivery, row.state, row.target, row.answer) == (
        str(row.pk),
        "delivered",
        str(endpoint.pk),
        {"status": 200},
    )
    assert server.forged == 0


@pytest.mark.parametrize(
    "trouble",
    [
        [modes.fail, modes.fail], [modes.take_and_hang], [modes.take_and_drip], [modes.cut, modes.take_and_hang],
        [modes.busy], [modes.redirect], [modes.fail, modes.take_and_hang, modes.cut, modes.busy, modes.redirect],
    ],
)  # fmt: skip
def test_whatever_a_receiver_does_each_arrives_and_counts_once_in_order(
    trouble: list[modes.Mode], hook: tuple[Receiver, Endpoint]
) -> None:
    server, _endpoint = hook
    server.modes = list(trouble)
    for number in range(3):
        happen("case.opened", "c-1", number)
    happen("case.opened", "c-2", 9)
    deliver(12)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}
    of_one = [body["data"]["number"] for body in server.taken.values() if body["object"]["id"] == "c-1"]
    assert (of_one, len(server.taken)) == ([0, 1, 2], 4)
    assert len(server.requests) >= 4


def test_a_receiver_that_comes_back_after_an_hour(ann: User) -> None:
    secrets: dict[str, str] = {}
    with receiving(secrets) as server:
        url, port = server.url, server.server_port
    made = agreed_endpoint(ann, "desk", url, ["case.opened"])
    for number in range(4):
        happen("case.opened", "c-1", number)
    now = timezone.now()
    for _minute in range(60):
        sending.deliver("webhook", now)
        now += timedelta(minutes=1)
    states = list(Delivery.objects.order_by("position").values_list("state", "attempts"))
    assert states[0][0] == "retrying"
    assert 8 <= states[0][1] <= 12  # ten seconds, then twice as long each time
    assert states[1:] == [("waiting", 0)] * 3
    with receiving(secrets) as server:
        secrets[made.key_id] = made.secret
        Endpoint.objects.update(url=url.replace(str(port), str(server.server_port)))
        for _ in range(8):
            sending.deliver("webhook", now + 2 * HOUR)
        assert [body["data"]["number"] for _id, body in server.requests] == [0, 1, 2, 3]


def test_no_answer_for_days_ends_with_a_person(hook: tuple[Receiver, Endpoint], ann: User) -> None:
    server, _endpoint = hook
    server.modes = [modes.fail] * 40
    happen("case.opened", "c-1")
    row, tries = Delivery.objects.get(), 0
    first = now = timezone.now()
    while row.state != "stuck":
        sending.deliver("webhook", now)
        row.refresh_from_db()
        now, tries = row.next_at, tries + 1
    assert (tries, timedelta(days=2) < now - first < timedelta(days=5)) == (22, True)
    server.modes = []
    services.retry(ann, row.pk)
    deliver()
    assert len(server.taken) == 1


def test_gone_is_final_and_busy_names_its_time(hook: tuple[Receiver, Endpoint]) -> None:
    server, _endpoint = hook
    server.modes = [modes.gone, modes.busy]
    happen("case.opened", "c-1")
    happen("case.opened", "c-2")
    now = timezone.now()
    sending.deliver("webhook", now)
    refused, waits = Delivery.objects.order_by("position")
    assert (refused.state, waits.state, waits.next_at) == ("refused", "retrying", now + timedelta(minutes=10))


def test_a_receiver_that_hangs_holds_up_nobody_else(hook: tuple[Receiver, Endpoint], ann: User) -> None:
    server, _endpoint = hook
    secrets: dict[str, str] = {}
    with receiving(secrets) as other:
        made = agreed_endpoint(ann, "other", other.url, ["case.opened"])
        secrets[made.key_id] = made.secret
        server.modes = [modes.take_and_hang]
        for number in range(3):
            happen("case.opened", f"c-{number}")
        sending.deliver("webhook")
        assert (len(other.taken), len(server.taken)) == (3, 1)


def test_two_secrets_sign_while_one_is_replaced(hook: tuple[Receiver, Endpoint], ann: User) -> None:
    server, endpoint = hook
    old = dict(server.secrets)
    made = webhooks.rotate(ann, endpoint.pk)
    with pytest.raises(ConflictError, match="Two secrets"):
        webhooks.rotate(ann, endpoint.pk)
    server.secrets.clear()
    server.secrets[made.key_id] = made.secret  # a receiver that knows the new one only
    webhooks.ping(ann, endpoint.pk)
    deliver()
    server.secrets.clear()
    server.secrets |= old
    webhooks.ping(ann, endpoint.pk)
    deliver()
    assert (len(server.taken), server.forged) == (2, 0)
    assert webhooks.end_old(ann, endpoint.pk) == 1
    webhooks.ping(ann, endpoint.pk)
    deliver()
    assert server.forged == 1
    assert [key_id for key_id, _secret in endpoint.keys(timezone.now())] == [made.key_id]


def test_the_signature_by_another_implementation() -> None:
    header = signing.signature([("k1", "s" * 90), ("k2", "海")], 1_700_000_000, b"{}")
    assert header == (
        f"t=1700000000,k1={hmac_sha256(b's' * 90, b'1700000000.{}')},k2={hmac_sha256('海'.encode(), b'1700000000.{}')}"
    )
    assert verified(header, b"{}", {"k2": "海"}, 1_700_000_100)
    assert not verified(header, b"{ }", {"k2": "海"}, 1_700_000_100)
    assert not verified(header, b"{}", {"k2": "海"}, 1_700_000_400)
    # RFC 4231, test case 2
    assert hmac_sha256(b"Jefe", b"what do ya want for nothing?").startswith("5bdcc146bf60754e6a042426089575c7")


def test_secrets_are_sealed_and_only_admins_manage(hook: tuple[Receiver, Endpoint], make_user: Any) -> None:
    server, endpoint = hook
    (secret,) = server.secrets.values()
    assert secret not in endpoint.secrets.get().sealed
    eve = make_user("eve", "analyst")
    for command in (webhooks.ping, webhooks.rotate, webhooks.end_old):
        with pytest.raises(PermissionDenied):
            command(eve, endpoint.pk)
    with pytest.raises(PermissionDenied):
        webhooks.turn(eve, endpoint.pk, active=False)
    with pytest.raises(PermissionDenied):
        webhooks.change(eve, endpoint.pk, "https://example.com/", [], "why not")
    with pytest.raises(PermissionDenied):
        webhooks.create(eve, "x", "https://example.com/", [], "why not")


# --- four eyes --------------------------------------------------------------------------------------------------------


def asked(endpoint: Endpoint) -> Any:
    found = webhook_queries.open_request(endpoint)
    assert found is not None
    return found


def test_nothing_leaves_to_a_new_endpoint_before_a_second_person_agrees(ann: User, make_user: Any) -> None:
    secrets: dict[str, str] = {}
    with receiving(secrets) as server:
        made = webhooks.create(ann, "desk", server.url, ["case.opened"], "the desk wants to know")
        secrets[made.key_id] = made.secret
        happen("case.opened", "c-1")
        for command in (webhooks.ping, webhooks.rotate):
            with pytest.raises(ConflictError, match="agreed"):
                command(ann, made.endpoint.pk)
        with pytest.raises(ConflictError, match="agreed"):
            webhooks.turn(ann, made.endpoint.pk, active=True)
        with pytest.raises(DeniedError, match="second person"):
            approvals.approve(ann, asked(made.endpoint).pk)
        with pytest.raises(PermissionDenied):
            approvals.approve(make_user("eve", "analyst"), asked(made.endpoint).pk)
        deliver(3)
        assert (Delivery.objects.count(), server.requests) == (0, [])
        approvals.approve(make_user("sam", "security_officer"), asked(made.endpoint).pk)
        happen("case.opened", "c-2")
        deliver()
        assert [body["object"]["id"] for _id, body in server.requests] == ["c-2"]
    written = Outbox.objects.filter(action__startswith="endpoint.").values_list("action", flat=True)
    assert list(written.order_by("id")) == ["endpoint.proposed", "endpoint.created"]


def test_one_admin_alone_cannot_redirect_what_leaves(hook: tuple[Receiver, Endpoint], ann: User) -> None:
    server, endpoint = hook
    secrets = dict(server.secrets)
    with receiving(secrets) as thief:
        webhooks.change(ann, endpoint.pk, thief.url, ["case.opened", "case.closed"], "moved house")
        with pytest.raises(ConflictError, match="already waits"):
            webhooks.change(ann, endpoint.pk, thief.url + "x", [], "moved again")
        happen("case.opened", "c-1")
        deliver()
        assert (len(server.requests), thief.requests) == (1, [])
        approvals.reject(second_person(), asked(endpoint).pk, "nobody knows this address")
        happen("case.opened", "c-2")
        deliver()
        assert (len(server.requests), thief.requests) == (2, [])
        request = webhooks.change(ann, endpoint.pk, thief.url, ["case.opened"], "moved house, see ticket 7")
        assert request.before["url"] == server.url
        approvals.approve(second_person(), request.pk)
        happen("case.opened", "c-3")
        deliver()
        assert (len(server.requests), len(thief.requests)) == (2, 1)
    with pytest.raises(InvalidError, match="Nothing would change"):
        webhooks.change(ann, endpoint.pk, thief.url, ["case.opened"], "the same once more")


@pytest.mark.parametrize("end", ["reject", "withdraw", "expire"])
def test_an_endpoint_that_nobody_agrees_to_goes(end: str, ann: User) -> None:
    made = webhooks.create(ann, "desk", "https://example.com/", [], "the desk wants to know")
    request = asked(made.endpoint)
    if end == "reject":
        approvals.reject(second_person(), request.pk, "unknown")
    elif end == "withdraw":
        approvals.withdraw(ann, request.pk)
    else:
        approvals.expire(request.pk)
    assert Endpoint.objects.count() == 0
    webhooks.create(ann, "desk", "https://example.com/", [], "once more with a ticket")


def test_an_address_that_has_become_none_is_not_agreed_to(ann: User, settings: Any) -> None:
    made = webhooks.create(ann, "desk", "https://127.0.0.1/", [], "allowed as yet")
    strict = settings.SEAWALL_OPTIONS.model_copy(update={"webhooks": Webhooks()})
    settings.SEAWALL_OPTIONS = strict
    with pytest.raises(InvalidError, match="cannot be a receiver"):
        approvals.approve(second_person(), asked(made.endpoint).pk)
    assert not Endpoint.objects.get().agreed


def test_one_switched_off_waits(hook: tuple[Receiver, Endpoint], ann: User) -> None:
    server, endpoint = hook
    happen("case.opened", "c-1")
    webhooks.turn(ann, endpoint.pk, active=False)
    happen("case.opened", "c-2")
    deliver(30)
    assert (server.requests, list(Delivery.objects.values_list("attempts", flat=True))) == ([], [0])
    webhooks.turn(ann, endpoint.pk, active=True)
    sending.ways.forget()
    sending.deliver("webhook", timezone.now() + timedelta(days=3))
    assert len(server.taken) == 1


# --- where it may go --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "ftp://example.com/", "https://", "https://user:pw@example.com/", "https://10.0.0.1/",
        "https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest/meta-data/", "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "https://0.0.0.0/", "https://localhost/",
        "https://example.com/#x", "https://exa mple.com/", "https://example.com:99999/", f"https://e.com/{'a' * 500}",
        "https://224.0.0.1/", "https://[fd00::1]/", "https://100.64.0.1/",
    ],
)  # fmt: skip
def test_no_such_receiver(url: str) -> None:
    with pytest.raises(guard.TargetError):
        guard.place_of(url, Webhooks())


def test_what_may_be_a_receiver() -> None:
    place = guard.place_of("https://hooks.example.com/a?b=c", Webhooks())
    assert place == guard.Place(True, "hooks.example.com", 443, "/a?b=c")
    assert guard.place_of("https://10.1.2.3:8443/", Webhooks(networks=["10.0.0.0/8"])).port == 8443
    guard.check_address(ip_address("2606:4700:4700::1111"), Webhooks())
    with pytest.raises(guard.TargetError):
        guard.check_address(ip_address("10.0.0.1"), Webhooks(networks=["fd00::/8"], loopback=True))


@hypothesis_settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(address=st.ip_addresses(v=4))
def test_private_addresses_are_no_receivers_however_they_are_written(address: Any) -> None:
    for one in (
        address,
        ip_address(f"::ffff:{address}"),
        ip_address(f"64:ff9b::{address}"),
        ip_address(f"::{address}"),
    ):
        try:
            guard.check_address(one, Webhooks())
            allowed = True
        except guard.TargetError:
            allowed = False
        assert allowed == (address.is_global and not address.is_multicast), one


def test_a_name_that_leads_inside_is_found_out_when_it_is_connected_to(
    hook: tuple[Receiver, Endpoint], monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    server, _endpoint = hook
    settings.SEAWALL_OPTIONS = settings.SEAWALL_OPTIONS.model_copy(update={"webhooks": Webhooks()})
    Endpoint.objects.update(url=f"https://hooks.example.com:{server.server_port}/")
    here = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.server_port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: here)
    happen("case.opened", "c-1")
    deliver()
    row = Delivery.objects.get()
    assert (row.state, server.requests) == ("retrying", [])
    assert "127.0.0.1 is a private" in row.problem


def test_what_an_endpoint_needs(ann: User) -> None:
    for name, url, kinds in (
        ("a b", "https://e.com", []),
        ("a", "https://10.0.0.1", []),
        ("a", "https://e.com", ["x.y"]),
    ):
        with pytest.raises(InvalidError) as told:
            webhooks.create(ann, name, url, kinds, "some reason")
        assert told.value.fields
    webhooks.create(ann, "a", "https://example.com/", [], "some reason")
    with pytest.raises(ConflictError, match="name"):
        webhooks.create(ann, "a", "https://example.com/", [], "some reason")
