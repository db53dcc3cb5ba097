"""The claims of `seawall bench features`, runnable by itself: python benchmarks/features.py [--json] [--events N]."""

import sys

from seawall.cli import main

if __name__ == "__main__":
    sys.exit(main(["bench", "features", *sys.argv[1:]]))
