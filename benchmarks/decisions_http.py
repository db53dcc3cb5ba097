"""The claims of `seawall bench http`, runnable by itself: python benchmarks/decisions_http.py [--json] [--events N]."""

import sys

from seawall.cli import main

if __name__ == "__main__":
    sys.exit(main(["bench", "http", *sys.argv[1:]]))
