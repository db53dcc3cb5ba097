"""The claims of `seawall bench replay`, runnable by itself: python benchmarks/replay.py [--json] [--events N]."""

import sys

from seawall.cli import main

if __name__ == "__main__":
    sys.exit(main(["bench", "replay", *sys.argv[1:]]))
