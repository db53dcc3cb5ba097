"""What Seawall measures of itself: workloads, and the peers that do the same work in the same run."""
