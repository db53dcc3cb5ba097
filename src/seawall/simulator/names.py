"""Numbers into names: ids, card numbers, addresses and times as fixed-width text, whole arrays at a time."""

from __future__ import annotations

import numpy as np

from seawall.simulator.randomness import Ints, scramble32, scramble62, stream

_HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
_OCTETS = np.array([str(value) for value in range(256)])

# Issuer prefixes that gateways publish test numbers for: no real card is meant by them.
BINS = ("400000", "411111", "424242", "222300", "510510", "555555", "620000", "621094", "353011", "356600", "601111")
_BINS = np.array([[int(digit) for digit in prefix] for prefix in BINS])
_ACCOUNTS = 1_000_000_000  # nine digits between prefix and check digit
_FACTOR = 618_033_989  # coprime to _ACCOUNTS, so that different cards get different accounts


def keys(seed: int) -> dict[str, int]:
    """The scrambling keys of a run, one a sort of id."""
    rng = stream(seed, "names")
    return {sort: int(rng.integers(0, 2**63)) for sort in ("event", "c", "a", "m", "d", "card", "ip", "phone", "p")}


def ids(prefix: str, index: Ints, key: int) -> Ints:
    """`prefix` (one letter) and eight hexadecimal digits for each index (n,): different indices, different ids."""
    return _text(np.insert(_hexadecimal(scramble32(index, key), 8), 0, ord(prefix), axis=1))


def event_ids(times: Ints, uids: Ints, key: int) -> Ints:
    """UUID version 7 (RFC 9562) texts (n,) from the time in ms and the row's uid."""
    low = scramble62(uids, key)
    head = _hexadecimal(times.astype(np.uint64), 12)
    mid = _hexadecimal(np.uint64(0x7000) | (low & np.uint64(0xFFF)), 4)
    tail = _hexadecimal((np.uint64(1) << np.uint64(63)) | low, 16)
    dash = np.full((len(times), 1), ord("-"), dtype=np.uint8)
    parts = [head[:, :8], dash, head[:, 8:], dash, mid, dash, tail[:, :4], dash, tail[:, 4:]]
    return _text(np.concatenate(parts, axis=1))


def card_numbers(index: Ints, key: int) -> Ints:
    """Card numbers (n,) of 16 digits with a valid check digit (Luhn, ISO/IEC 7812-1)."""
    prefix = _BINS[scramble32(index, key) % np.uint32(len(BINS))]
    account = (np.asarray(index).astype(np.int64) * _FACTOR + key % _ACCOUNTS) % _ACCOUNTS
    digits = np.concatenate([prefix, account[:, None] // 10 ** np.arange(8, -1, -1) % 10], axis=1)
    doubled = digits[:, ::2] * 2
    total = (doubled - 9 * (doubled > 9)).sum(axis=1) + digits[:, 1::2].sum(axis=1)
    check = (-total % 10)[:, None]
    return _text((np.concatenate([digits, check], axis=1) + ord("0")).astype(np.uint8))


def addresses(index: Ints, key: int) -> Ints:
    """IPv4 texts (n,) in 240.0.0.0/4, which is reserved: no real host is meant by them. One-to-one below 2**28."""
    mask = np.uint32((1 << 28) - 1)
    number = ((np.asarray(index).astype(np.uint32) * np.uint32(0x9E3779B1)) ^ np.uint32(key & 0xFFFFFFF)) & mask
    octets = [_OCTETS[(number >> np.uint32(shift)) & np.uint32(255)] for shift in (16, 8, 0)]
    text = _OCTETS[240 + (number >> np.uint32(24))]
    for octet in octets:
        text = np.char.add(np.char.add(text, "."), octet)
    return np.asarray(text)


def phone_numbers(index: Ints, key: int) -> Ints:
    """Telephone numbers (n,) of 11 digits that begin as no mobile number in China does: nobody is meant by them."""
    number = (np.asarray(index).astype(np.int64) * _FACTOR + key % _ACCOUNTS) % _ACCOUNTS
    return _text(
        (np.insert(number[:, None] // 10 ** np.arange(8, -1, -1) % 10, 0, [[1], [0]], axis=1) + ord("0")).astype(
            np.uint8
        )
    )


def times(milliseconds: Ints) -> Ints:
    """RFC 3339 texts (n,) in UTC with milliseconds."""
    text = np.datetime_as_string(np.asarray(milliseconds).astype("datetime64[ms]"), unit="ms")
    return np.asarray(np.char.add(text, "Z"))


def _hexadecimal(values: Ints, digits: int) -> Ints:
    """ASCII codes (n, digits) of unsigned values."""
    wide = np.asarray(values).astype(np.uint64)[:, None]
    shifts = np.arange(4 * (digits - 1), -1, -4, dtype=np.uint64)
    return np.asarray(_HEX[((wide >> shifts) & np.uint64(15)).astype(np.intp)])


def _text(codes: Ints) -> Ints:
    """ASCII codes (n, width) as texts (n,)."""
    width = codes.shape[1]
    return np.ascontiguousarray(codes, dtype=np.uint8).view(f"S{width}").reshape(len(codes)).astype(f"U{width}")
