"""How well ``jm context`` finds what really changed; see ``bench/retrieval/table.py``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.retrieval.table import main

if __name__ == "__main__":
    main()
