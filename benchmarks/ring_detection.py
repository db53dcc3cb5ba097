"""Rings in a network of 5 million links: python benchmarks/ring_detection.py [--links N].

Customers with devices, addresses and payees, households that share an address, popular payees (left out as hubs), and
planted rings of 4 to 40 customers that share a handful of devices and payees, a third of them labelled. Says how long
it took, from two columns of numbers to scored rings, and how many planted rings are among as many rings first.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from seawall.analytics.graph import find_rings, network

HUB = 50
RINGS = 500


def world(links: int, seed: int = 11) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, list[np.ndarray]]:
    """member, shared: int64[links]; marked, new: bool[members]; the members of each planted ring."""
    rng = np.random.default_rng(seed)
    members = links // 4
    device = np.stack([np.arange(members), rng.integers(0, members, members) * (rng.random(members) < 0.05)], 1)
    household = rng.integers(0, members // 2, members)
    popular = rng.integers(0, links // 2_000, links // 4)
    friend = rng.integers(0, members, links // 4)
    base = [0, members, members + members // 2, members + members // 2 + links // 2_000]
    who = rng.integers(0, members, (2, links // 4))
    member = [np.repeat(np.arange(members), 2)[device.ravel() > 0], np.arange(members), who[0], who[1]]
    shared = [device.ravel()[device.ravel() > 0], base[1] + household, base[2] + popular, base[3] + friend]
    rings = []
    own = base[3] + members
    marked, new = rng.random(members) < 0.002, rng.random(members) < 0.03
    for _ in range(RINGS):
        ring = rng.choice(members, int(rng.integers(4, 41)), replace=False)
        values = own + np.arange(int(rng.integers(2, 6)))
        own += len(values)
        uses = rng.random((len(ring), len(values))) < 0.6
        uses[:, 0] |= ~uses.any(axis=1)
        member.append(np.repeat(ring, uses.sum(axis=1)))
        shared.append(np.broadcast_to(values, uses.shape)[uses])
        marked[ring[: len(ring) // 3]] = True
        new[ring[rng.random(len(ring)) < 0.7]] = True
        rings.append(ring)
    return np.concatenate(member), np.concatenate(shared), marked, new, rings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--links", type=int, default=5_000_000)
    options = parser.parse_args()
    small = world(20_000)
    find_rings(network(small[0], small[1], len(small[2])), small[2], small[3])  # compile first
    member, shared, marked, new, planted = world(options.links)
    wall, cpu = time.perf_counter(), time.process_time()
    net = network(member, shared, len(marked)).without_hubs(HUB)
    rings = find_rings(net, marked, new, most=1_000)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{len(member):,} links, {net.links:,} without hubs and repeats, {len(marked):,} members")
    print(f"{len(rings):,} rings in {wall:.1f} s ({cpu:.1f} s of CPU)")
    first = [set(ring.members.tolist()) for ring in rings[: len(planted)]]
    place = {one: number for number, ring in enumerate(first) for one in ring}
    hit = sum(
        max(np.bincount([place[one] for one in ring.tolist() if one in place], minlength=1)) >= len(ring) / 2
        for ring in planted
    )
    print(f"planted rings of which half the members or more stand in one of the first {len(planted)}: {hit}")
    for ring in rings[:3]:
        print(f"  {ring.score} {len(ring.members)} members, {len(ring.shared)} shared, density {ring.density:.2f}, "
              f"fraud {ring.fraud:.2f}, new {ring.growth:.2f}, ties {ring.ties}")  # fmt: skip


if __name__ == "__main__":
    main()
