"""The claims of `seawall bench rules`, runnable by itself: python benchmarks/rules.py [--json] [--events N]."""

import sys

from seawall.cli import main

if __name__ == "__main__":
    sys.exit(main(["bench", "rules", *sys.argv[1:]]))
