"""Where the real CLIs are for the tests: pinned npm packages in the user's cache, put there by `make clis`.

``python -m tests.clis.binaries`` installs them. Their install scripts are not run: all that those do is to
choose between the native programs that npm has fetched as optional packages already, which we do as well.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

PINS = {"@anthropic-ai/claude-code": "2.1.330", "@openai/codex": "0.169.0", "opencode-ai": "1.18.33"}
PROGRAMS = {
    "claude": ("@anthropic-ai/claude-code-*/claude",),
    "codex": ("@openai/codex-*/vendor/*/bin/codex",),
    # Several builds are fetched where the processor's features decide: the baseline runs on all.
    "opencode": ("opencode-*-baseline/bin/opencode", "opencode-*/bin/opencode"),
}
MISSING = "the real CLIs are not installed: `make test-slow` installs them with npm and runs this"


def _cache() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME", "")
    root = Path(cache) if cache.startswith("/") else Path.home() / ".cache"
    pins = hashlib.sha256(json.dumps(PINS, sort_keys=True).encode()).hexdigest()[:12]
    return root / "journeyman-test-clis" / pins


# Looked up on import, while HOME is still the developer's.
FOLDER = _cache()
BIN = FOLDER / "bin"


def installed() -> bool:
    """Whether all of them are there."""
    return all((BIN / program).exists() for program in PROGRAMS)


def install() -> None:
    """Fetches them from the npm registry that is configured. About 1 GB on disk."""
    if shutil.which("npm") is None:
        sys.exit("clis: npm is needed, and was not found")
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "package.json").write_text(json.dumps({"private": True, "dependencies": PINS}))
    command = ("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    subprocess.run(command, cwd=FOLDER, check=True, stdin=subprocess.DEVNULL)
    BIN.mkdir(exist_ok=True)
    for program, patterns in PROGRAMS.items():
        found = [path for pattern in patterns for path in sorted((FOLDER / "node_modules").glob(pattern))]
        if not found:
            sys.exit(f"clis: npm brought no {program} for this machine")
        (BIN / program).unlink(missing_ok=True)
        (BIN / program).symlink_to(found[0])


if __name__ == "__main__":
    if not installed():
        print("clis: installing", ", ".join(f"{name} {version}" for name, version in PINS.items()))
        install()
