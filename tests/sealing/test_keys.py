from __future__ import annotations

import pytest

from seawall.sealing import KeyFileError, KeyRing


def test_derivation_is_what_it_was() -> None:
    """Golden: another derivation would lose every value sealed before."""
    ring = KeyRing("00" * 16, (bytes(range(32)),), True)
    assert ring.index_key.hex() == "f48d008d1b42eca8f04aace086ab70e1a8cedfe3a7fb727b1cf200a42daed014"
    assert ring.mac_key.hex() == "0530fe3eb6cfa76229558da7c81008c4fa1adf5fb479e604e331c48e1344186e"
    assert ring.wrap_key(1).hex() == "bdfe4f70939620c0858f245c967188213f6cc298f9b426590819cdfe764df57d"


def test_uses_versions_and_rings_have_keys_of_their_own() -> None:
    ring = KeyRing.new(True)
    turned = ring.rotated()
    other = KeyRing(KeyRing.new(True).ring_id, ring.roots, True)
    keys = [ring.index_key, ring.mac_key, ring.wrap_key(1), turned.wrap_key(2), other.wrap_key(1), *turned.roots]
    assert len(set(keys)) == len(keys)


def test_a_rotation_keeps_index_and_mac() -> None:
    ring = KeyRing.new(True)
    turned = ring.rotated()
    assert turned.version == 2
    assert (turned.index_key, turned.mac_key, turned.check) == (ring.index_key, ring.mac_key, ring.check)
    assert turned.wrap_key(1) == ring.wrap_key(1)


def test_repr_shows_no_root() -> None:
    ring = KeyRing.new(True)
    assert ring.roots[0].hex() not in repr(ring)
    assert repr(ring.roots[0]) not in repr(ring)


@pytest.mark.parametrize(
    ("ring_id", "roots"),
    [("xyz", (b"k" * 32,)), ("00" * 16, ()), ("00" * 16, (b"short",)), ("00" * 16, (b"k" * 32,) * 257)],
)
def test_a_bad_ring_is_refused(ring_id: str, roots: tuple[bytes, ...]) -> None:
    with pytest.raises(KeyFileError):
        KeyRing(ring_id, roots, True)


def test_an_unknown_root_is_named() -> None:
    with pytest.raises(KeyFileError, match="root key 2 is not in the key file"):
        KeyRing.new(True).wrap_key(2)
