"""The claims of `seawall bench engine`, runnable by itself: python benchmarks/engine.py [--json] [--events N]."""

import sys

from seawall.cli import main

if __name__ == "__main__":
    sys.exit(main(["bench", "engine", *sys.argv[1:]]))
