"""Where a webhook may go: decided by the address that is connected to, not by the name that was typed."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from seawall.apps.outbox.options import Webhooks
from seawall.messaging import LOOPBACK

LONGEST_URL = 500
_TRANSLATED = IPv6Network("64:ff9b::/96")  # IPv4 through a translator

Address = IPv4Address | IPv6Address


class TargetError(Exception):
    """A place that nothing is sent to; the text says why."""


@dataclass(frozen=True)
class Place:
    """A URL taken apart."""

    secure: bool
    host: str
    port: int
    path: str


def place_of(url: str, rules: Webhooks) -> Place:
    """Take a URL apart. TargetError for one that cannot be a receiver."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise TargetError("this is no URL") from None
    host = parts.hostname or ""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise TargetError(f"a URL has at most {LONGEST_URL} ASCII characters and no spaces")
    if parts.scheme not in ("https", "http") or not host:
        raise TargetError("give a URL like https://example.com/hook")
    if parts.username or parts.password or parts.fragment:
        raise TargetError("a URL carries no user, password or fragment")
    if parts.scheme == "http" and not (rules.loopback and host in LOOPBACK):
        raise TargetError("only https; http is for receivers on this machine, where webhooks.loopback allows them")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    secure = parts.scheme == "https"
    place = Place(secure, host, port or (443 if secure else 80), path)
    try:
        check_address(ip_address(host), rules)  # a name is looked up when it is connected to
    except ValueError:
        if host == "localhost" and not rules.loopback:
            raise TargetError("this machine is no receiver; set webhooks.loopback for trials") from None
    return place


def check_address(address: Address, rules: Webhooks) -> None:
    """TargetError unless the address may be connected to: global ones, and those that the settings allow."""
    inner = _inner(address)
    if inner.is_loopback and rules.loopback:
        return
    networks: list[IPv4Network | IPv6Network] = [ip_network(one) for one in rules.networks]
    if any(inner in network for network in networks if network.version == inner.version):
        return
    if not inner.is_global or inner.is_multicast:
        raise TargetError(f"{inner} is a private or reserved address; webhooks.networks may allow its network")


def _inner(address: Address) -> Address:
    """The address that packets end up at, where one hides in another."""
    if isinstance(address, IPv4Address):
        return address
    hidden = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    if hidden is None and (address in _TRANSLATED or (int(address) >> 32 == 0 and int(address) > 1)):
        hidden = IPv4Address(int(address) & 0xFFFFFFFF)
    return hidden or address


def addresses_of(place: Place, rules: Webhooks) -> Sequence[str]:
    """Where the name leads now, in the resolver's order. TargetError if any of it is forbidden; OSError for none."""
    found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(one[4][0]).partition("%")[0] for one in found))
    for one in addresses:
        check_address(ip_address(one), rules)
    return addresses


class Connection(http.client.HTTPConnection):
    """A connection to an address that was checked a moment ago: the name is not looked up a second time. Under TLS the
    certificate is held against the name."""

    def __init__(self, place: Place, rules: Webhooks, timeout: float, context: ssl.SSLContext | None = None) -> None:
        super().__init__(place.host, place.port, timeout=timeout)
        self._place, self._rules, self._context = place, rules, context

    def connect(self) -> None:
        """Look up, check, connect. TargetError or OSError."""
        trouble: OSError = OSError("no address")
        for address in addresses_of(self._place, self._rules)[:4]:
            try:
                sock = socket.create_connection((address, self._place.port), self.timeout)
            except OSError as error:
                trouble = error
                continue
            if self._place.secure:
                context = self._context or ssl.create_default_context()
                context.minimum_version = ssl.TLSVersion.TLSv1_2
                try:
                    sock = context.wrap_socket(sock, server_hostname=self._place.host)
                except BaseException:
                    sock.close()
                    raise
            self.sock = sock
            return
        raise trouble
