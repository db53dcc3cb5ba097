"""Links between members and what they share, as a whole: rings, paths, surroundings. Arrays in, arrays out."""

from seawall.analytics.graph.network import Network, network
from seawall.analytics.graph.rings import Ring, RingTerms, find_rings
from seawall.analytics.graph.walks import shortest_path, surroundings

__all__ = ["Network", "Ring", "RingTerms", "find_rings", "network", "shortest_path", "surroundings"]
