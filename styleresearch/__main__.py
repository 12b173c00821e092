"""``python -m styleresearch``: the same as the console script ``styleresearch``."""

from __future__ import annotations

import sys

from styleresearch.cli import main

if __name__ == "__main__":
    sys.exit(main())
