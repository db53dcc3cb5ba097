"""`python -m seawall.cli` is the seawall command."""

import sys

from seawall.cli import main

sys.exit(main())
