"""Our own HTTP server on the wire: what clients do wrong, slowly, or out of the ordinary."""

from __future__ import annotations

import asyncio
import errno
import json
import re
import socket
import ssl
import subprocess
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seawall.server.http.listening import ListenError, Tls

from ..world import event
from .conftest import PATIENT, Served, read_all, read_answer, serving

BODY = event(1)
PATH = "/v1/decisions"


def status(answer: bytes) -> int:
    assert answer.startswith(b"HTTP/1.1 "), answer[:200]
    return int(answer[9:12])


def statuses(answers: bytes) -> list[int]:
    return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3})", answers)]


# --- ordinary ---------------------------------------------------------------------------------------------------------


def test_a_connection_serves_many_requests(own: Served) -> None:
    with own.connect() as client:
        for number in range(5):
            client.sendall(own.post(PATH, event(10 + number)))
            answer = read_answer(client)
            assert status(answer) == 200
            assert b"\r\ndate: " in answer
            assert b"connection:" not in answer


def test_close_is_honoured(own: Served) -> None:
    answer = own.raw(own.post(PATH, BODY, "Connection: close"))
    assert statuses(answer) == [200]
    assert b"\r\nconnection: close\r\n" in answer


def test_pipelined_requests_are_answered_in_order(own: Served) -> None:
    numbers = range(100, 130)
    requests = b"".join(own.post(PATH, event(number)) for number in numbers)
    with own.connect() as client:
        client.sendall(requests + own.head("GET", "/healthz") + own.head("GET", "/nowhere", "Connection: close"))
        answers = read_all(client)
    assert statuses(answers) == [200] * 31 + [404]
    places = [answers.index(f'"event_id":"e-{number}"'.encode()) for number in numbers]
    assert places == sorted(places)


def test_a_request_may_come_byte_by_byte_and_in_any_pieces(own: Served) -> None:
    request = own.post(PATH, event(140), "Connection: close")
    with own.connect() as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for index in range(len(request)):
            client.sendall(request[index : index + 1])
        assert status(read_all(client)) == 200
    two = own.post(PATH, event(141)) + own.post(PATH, event(142), "Connection: close")
    for cut in range(1, len(two), 37):
        assert statuses(own.raw(two[:cut], two[cut:])) == [200, 200]


def test_a_chunked_body_is_taken(own: Served) -> None:
    body = event(150)
    chunks = b"".join(b"%x;ext=1\r\n%b\r\n" % (len(part), part) for part in (body[:7], body[7:90], body[90:]))
    head = own.head("POST", PATH, "Transfer-Encoding: chunked", "Connection: close")
    answer = own.raw(head + chunks + b"0\r\nContent-Type: text/plain\r\nAuthorization: none\r\n\r\n")
    assert status(answer) == 200


def test_a_client_that_waits_for_100_gets_it(own: Served) -> None:
    with own.connect() as client:
        client.sendall(own.head("POST", PATH, f"Content-Length: {len(BODY)}", "Expect: 100-continue"))
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(BODY)
        assert status(read_answer(client)) == 200


def test_a_client_that_waits_for_100_is_refused_without_it(own: Served) -> None:
    head = own.head("POST", PATH, "Content-Length: 70000", "Expect: 100-continue")
    assert statuses(own.raw(head)) == [413]


def test_http_1_0(own: Served) -> None:
    auth = f"Authorization: Bearer {own.key}"
    old = f"POST {PATH} HTTP/1.0\r\n{auth}\r\nContent-Length: {len(BODY)}\r\n\r\n".encode() + BODY
    answer = own.raw(old)
    assert statuses(answer) == [200]
    assert b"connection: close" in answer
    with own.connect() as client:
        for _ in range(2):
            client.sendall(b"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            assert b"connection: keep-alive" in read_answer(client)


def test_a_target_in_absolute_form(own: Served) -> None:
    assert status(own.raw(b"GET http://test/healthz HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")) == 200


def test_an_upgrade_is_not_taken_up(own: Served) -> None:
    headers = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")
    assert statuses(own.raw(own.head("GET", "/healthz", *headers), b"PRI * HTTP/2.0\r\n\r\n")) == [200]
    answer = own.raw(own.post(PATH, BODY, *headers))
    assert statuses(answer) == [400]
    assert b"Upgrade" in answer


def test_a_half_closed_connection_still_gets_its_answer(own: Served) -> None:
    with own.connect() as client:
        client.sendall(own.post(PATH, event(160)))
        client.shutdown(socket.SHUT_WR)
        assert statuses(read_all(client)) == [200]


# --- malformed --------------------------------------------------------------------------------------------------------

MALFORMED = {
    "garbage": b"\x16\x03\x01\x02\x00 hello\r\n\r\n",
    "no version": b"GET /healthz\r\n\r\n",
    "http/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "space before colon": b"GET /healthz HTTP/1.1\r\nHost : a\r\n\r\n",
    "two lengths": b"POST /v1/decisions HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length and chunks": b"POST /v1/decisions HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "negative length": b"POST /v1/decisions HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    "endless length": b"POST /v1/decisions HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"9" * 40 + b"\r\n\r\n",
    "line feed in a value": b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
}


@pytest.mark.parametrize("request_bytes", MALFORMED.values(), ids=list(MALFORMED))
def test_what_is_no_http_is_refused_and_the_connection_closed(own: Served, request_bytes: bytes) -> None:
    answer = own.raw(request_bytes)
    assert statuses(answer) == [400]
    assert b"application/problem+json" in answer
    assert b"connection: close" in answer


def test_a_chunk_size_that_is_none(own: Served) -> None:
    assert statuses(own.raw(own.head("POST", PATH, "Transfer-Encoding: chunked"), b"zz\r\n\r\n")) == [400]


def test_nothing_after_a_malformed_request_is_read(own: Served) -> None:
    before = own.service.sequence
    smuggled = own.post(PATH, event(170))
    assert statuses(own.raw(b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + smuggled)) == [400]
    head = own.head("POST", PATH, f"Content-Length: {len(smuggled)}", "Transfer-Encoding: chunked")
    assert statuses(own.raw(head + b"0\r\n\r\n" + smuggled)) == [400]
    assert own.service.sequence == before


# --- too much ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head",
    [
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 9_000 + b"\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 2_000 + b"\r\n",
        b"GET /" + b"x" * 9_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
    ids=["one long header", "many headers", "long target"],
)
@pytest.mark.parametrize("piece", [1_000_000, 1_000])
def test_headers_have_a_bound(own: Served, head: bytes, piece: int) -> None:
    pieces = [head[start : start + piece] for start in range(0, len(head), piece)]
    assert statuses(own.raw(*pieces[:-1], *pieces[-1:])) == [431]


def test_endless_headers_are_cut_off(own: Served) -> None:
    with own.connect() as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nX: ")
        answer = sent_until_answered(client, b"x" * 1_000)
        assert statuses(answer) == [431]


def test_a_large_body_is_refused_by_its_length_before_it_is_sent(own: Served) -> None:
    assert statuses(own.raw(own.head("POST", PATH, "Content-Length: 10000000"))) == [413]


def test_a_client_that_sends_a_large_body_anyway_can_read_why_it_was_refused(own: Served) -> None:
    assert statuses(own.raw(own.head("POST", PATH, "Content-Length: 10000000"), b"x" * 10_000_000)) == [413]


def test_a_chunked_body_has_the_same_bound(own: Served) -> None:
    with own.connect() as client:
        client.sendall(own.head("POST", PATH, "Transfer-Encoding: chunked"))
        assert statuses(sent_until_answered(client, b"1000\r\n" + b"x" * 4_096 + b"\r\n")) == [413]


@pytest.mark.parametrize("piece", [b"1;" + b"e" * 16_000 + b"\r\nx\r\n", b"x" * 16_000])
def test_what_surrounds_chunks_has_a_bound(own: Served, piece: bytes) -> None:
    """Chunk extensions and trailers are nobody's body, but they are kept or parsed."""
    start = b"" if piece.startswith(b"1;") else b"0\r\nX: "
    with own.connect() as client:
        client.sendall(own.head("POST", PATH, "Transfer-Encoding: chunked") + start)
        assert statuses(sent_until_answered(client, piece)) in ([413], [400])


def sent_until_answered(client: socket.socket, piece: bytes) -> bytes:
    """Send a piece again and again, at most 4 MB, until the server answers."""
    client.settimeout(0.002)
    for _ in range(4_000_000 // len(piece)):
        try:
            client.sendall(piece)
            answer = client.recv(65_536)
        except TimeoutError:
            continue
        client.settimeout(5)
        return answer + read_all(client)
    raise AssertionError("the server takes everything")


def test_a_small_refused_body_costs_no_connection(own: Served) -> None:
    with own.connect() as client:
        for path, expected in (("/v1/nowhere", 404), ("/healthz", 405), (PATH + "?x=1", 400), (PATH, 200)):
            client.sendall(own.post(path, BODY))
            assert status(read_answer(client)) == expected


def test_a_body_where_none_is_taken(own: Served) -> None:
    chunked = own.head("GET", "/healthz", "Transfer-Encoding: chunked") + b"3\r\nabc\r\n0\r\n\r\n"
    assert statuses(own.raw(chunked)) == [413]


def test_there_is_room_for_so_many_large_bodies(tmp_path: Path) -> None:
    with serving(tmp_path, limits=replace(PATIENT, large_bodies=1_000_000)) as served:
        path = "/v1/decisions/batch"
        with served.connect() as first:
            first.sendall(served.head("POST", path, "Content-Length: 900000") + b"[")
            time.sleep(0.1)
            answer = served.raw(served.head("POST", path, "Content-Length: 200000"))
            assert statuses(answer) == [429]
            assert b"retry-after: 1" in answer
        time.sleep(0.1)
        assert served.call("POST", path, b"[" + event(1) + b" " * 200_000 + b"]").status == 200


# --- too slow ---------------------------------------------------------------------------------------------------------


def drip(client: socket.socket, pieces: list[bytes]) -> bytes:
    """Send piece after piece with pauses until the server says something."""
    client.settimeout(0.1)
    for piece in pieces:
        try:
            client.sendall(piece)
            if answer := client.recv(65_536):
                client.settimeout(5)
                return answer + read_all(client)
            return b""
        except TimeoutError:
            continue
        except (BrokenPipeError, ConnectionResetError):
            return b"<reset>"
    raise AssertionError("the server waits for ever")


def test_headers_that_drip_in_are_cut_off(hasty: Served) -> None:
    with hasty.connect() as client:
        answer = drip(client, [b"GET /healthz HTTP/1.1\r\n", *[b"X: y\r\n"] * 30])
    assert statuses(answer) == [408]


def test_a_body_that_drips_in_is_cut_off(hasty: Served) -> None:
    with hasty.connect() as client:
        client.sendall(hasty.head("POST", PATH, "Content-Length: 1000"))
        assert statuses(drip(client, [b"x"] * 30)) == [408]


def test_a_pipelined_request_that_never_ends_is_cut_off(hasty: Served) -> None:
    with hasty.connect() as client:
        client.sendall(hasty.post(PATH, event(180)) + b"GET /healthz HT")
        assert statuses(read_all(client)) == [200, 408]


def test_a_connection_that_says_nothing_is_closed(hasty: Served) -> None:
    with hasty.connect() as client:
        assert read_all(client) == b""


def test_an_idle_connection_is_closed(hasty: Served) -> None:
    with hasty.connect() as client:
        client.sendall(hasty.head("GET", "/healthz"))
        assert status(read_answer(client)) == 200
        assert read_all(client) == b""


def test_a_client_that_reads_nothing_is_cut_off(hasty: Served) -> None:
    """Answers of megabytes, none of them read: the server holds a bounded amount and lets go."""
    body = b"[" + b",".join(event(2_000 + number) for number in range(1_000)) + b"]"
    with hasty.connect() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        batch = hasty.post("/v1/decisions/batch?explain=1", body)
        client.settimeout(8)
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            send_again_and_again(client, batch)
    assert hasty.call("GET", "/healthz").status == 200


def send_again_and_again(client: socket.socket, data: bytes) -> None:
    for _ in range(40):
        client.sendall(data)


def test_clients_that_vanish_leave_nothing_behind(own: Served) -> None:
    for cut in (b"", b"GET /hea", own.head("POST", PATH, "Content-Length: 500") + b"{", own.post(PATH, event(190))):
        client = own.connect()
        client.sendall(cut)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # closing resets
        client.close()
    deadline = time.monotonic() + 5
    while b"\nseawall_http_connections 1.0" not in own.call("GET", "/metrics").body:
        assert time.monotonic() < deadline
    assert own.call("GET", "/v1/decisions/e-190").status in (200, 404)


# --- many, and the end ------------------------------------------------------------------------------------------------


def test_connections_have_a_bound(tmp_path: Path) -> None:
    with serving(tmp_path, limits=replace(PATIENT, connections=3)) as served:
        held = [served.connect() for _ in range(3)]
        time.sleep(0.1)
        answer = served.raw(served.head("GET", "/healthz"))
        assert statuses(answer) == [503]
        assert b"retry-after: 1" in answer
        for one in held:
            one.close()
        time.sleep(0.5)
        assert served.call("GET", "/healthz").status == 200


@pytest.mark.parametrize("front", ["inline", "apart"])
def test_stopping_finishes_what_runs_and_closes_what_is_idle(tmp_path: Path, front: str) -> None:
    with serving(tmp_path, front) as served:
        original = served.service.submit
        begun, go = threading.Event(), threading.Event()

        def slow(body: bytes, deliver: Any) -> None:
            begun.set()
            if go.is_set():
                original(body, deliver)
            else:
                asyncio.get_running_loop().call_later(0.01, slow, body, deliver)

        served.service.submit = slow  # type: ignore[method-assign]
        with served.connect() as idle, served.connect() as busy:
            busy.sendall(served.post(PATH, BODY))
            assert begun.wait(5)
            served.stop()
            assert read_all(idle) == b""
            with pytest.raises(ConnectionRefusedError):
                served.connect()
            go.set()
            answer = read_all(busy)
        assert statuses(answer) == [200]
        assert b"connection: close" in answer


def test_stopping_does_not_wait_for_ever(tmp_path: Path) -> None:
    hurried = replace(PATIENT, drain_seconds=0.2)
    with serving(tmp_path, limits=hurried) as served, served.connect() as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\n")
        time.sleep(0.1)
        served.stop()
        assert read_all(client) in (b"", b"<reset>")


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(ListenError, match=rf"127\.0\.0\.1:{port}: another program listens there; .*another port"):
            taken(tmp_path, port)


def taken(folder: Path, port: int) -> None:
    import asyncio

    from seawall.server.access import Access
    from seawall.server.http.run import serve

    from ..world import running

    async def story() -> None:
        async with running(folder) as service:
            await serve(service, Access(service.home.access), port=port)

    asyncio.run(story())


def test_an_address_that_is_not_ours_is_named(tmp_path: Path) -> None:
    from seawall.server.http.listening import _cannot_listen

    error = OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
    assert "no such address" in str(_cannot_listen(error, "192.0.2.1", 80))


# --- TLS --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    from datetime import UTC, datetime, timedelta
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    built = built.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    signed = built.add_extension(alternative, critical=True).sign(key, hashes.SHA256())
    folder = tmp_path_factory.mktemp("tls")
    found = Tls(folder / "server.pem", folder / "server.key")
    found.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    found.key.write_bytes(key.private_bytes(pem, pkcs8, serialization.NoEncryption()))
    return found


def test_tls_from_1_2_on(tmp_path: Path, certificate: Tls) -> None:
    with serving(tmp_path, tls=certificate) as served:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = ssl.create_default_context(cafile=certificate.certificate)
            context.minimum_version = context.maximum_version = version
            with context.wrap_socket(served.connect(), server_hostname="127.0.0.1") as client:
                client.sendall(served.post(PATH, event(1)) + served.head("POST", PATH, "Content-Length: 999999999"))
                client.sendall(b"x" * 200_000)
                assert statuses(read_all_tls(client)) == [200, 413]
        done = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{served.port}", "-tls1_1"], capture_output=True, input=b""
        )
        assert done.returncode != 0
        assert statuses(served.raw(served.head("GET", "/healthz"))) == []  # clear text gets nothing


def read_all_tls(client: ssl.SSLSocket) -> bytes:
    parts = []
    try:
        while part := client.recv(65_536):
            parts.append(part)
    except (ssl.SSLEOFError, ConnectionResetError, BrokenPipeError):
        pass
    return b"".join(parts)


def test_a_certificate_that_cannot_be_used_is_named(tmp_path: Path, certificate: Tls) -> None:
    (tmp_path / "not.pem").write_text("no certificate")
    for wrong in (
        replace(certificate, key=tmp_path / "absent.key"),
        replace(certificate, certificate=tmp_path / "not.pem"),
    ):
        with pytest.raises(ListenError, match="certificate"), serving(tmp_path / wrong.key.stem, tls=wrong):
            pass


def test_every_answer_names_its_problem_in_json(own: Served) -> None:
    answer = own.raw(own.head("POST", PATH, "Content-Length: 70000"))
    problem = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert (problem["type"], problem["status"]) == ("/problems/content-too-large", 413)
