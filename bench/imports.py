"""What do the libraries cost before the first request? ``python bench/imports.py [--runs N] [--python FILE]``

Each module is imported in a fresh process of its own; told are medians above the bare interpreter's start.
``--python`` measures another environment, such as one with ``pydantic-ai-slim[openai,anthropic]``.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

MODULES = {
    "typer": "typer",
    "sqlalchemy": "sqlalchemy",
    "dbos": "dbos",
    "httpx2": "httpx2",
    "our clients (httpx2 included)": "journeyman.models.openai.client, journeyman.models.anthropic.client",
    "pydantic": "pydantic",
    "pydantic-ai": "pydantic_ai",
    "pydantic-ai, OpenAI's model": "pydantic_ai.models.openai",
    "pydantic-ai, Anthropic's model": "pydantic_ai.models.anthropic",
    "dbos and our clients": "dbos, journeyman.models.openai.client",
    "dbos and pydantic-ai, OpenAI's model": "dbos, pydantic_ai.models.openai",
}


def import_s(python: str, modules: str, runs: int) -> float | None:
    """Median wall seconds of a process that imports them; ``None`` when one is missing there."""
    code = f"import {modules}" if modules else "pass"
    took = []
    for _ in range(runs):
        begun = time.perf_counter()
        done = subprocess.run((python, "-c", code), capture_output=True, check=False)
        took.append(time.perf_counter() - begun)
        if done.returncode != 0:
            return None
    return statistics.median(took)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--python", default=sys.executable)
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    bare = import_s(options.python, "", options.runs) or 0.0
    print(f"bare interpreter {bare:.3f} s; medians of {options.runs} above that:")
    for title, modules in MODULES.items():
        median = import_s(options.python, modules, options.runs)
        told = "not installed there" if median is None else f"{median - bare:.3f} s"
        print(f"  {title:<40} {told}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
