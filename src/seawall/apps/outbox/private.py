"""What of an address may be seen, and is kept once a message has arrived."""

from __future__ import annotations


def masked(address: str) -> str:
    """Its first letter and domain, or its last digits; what is masked already stays as it is."""
    if "***" in address:
        return address
    name, at, domain = address.partition("@")
    return f"{name[:1]}***@{domain}"[:120] if at else f"{address[:3]}***{address[-4:]}"
