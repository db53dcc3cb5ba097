"""The claims of `seawall bench model`, runnable by itself: python benchmarks/model.py [--json] [--events N]."""

import sys

from seawall.cli import main

if __name__ == "__main__":
    sys.exit(main(["bench", "model", *sys.argv[1:]]))
