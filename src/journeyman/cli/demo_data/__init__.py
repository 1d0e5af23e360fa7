"""The demo's material: a small inventory library with a bug and lint errors, and a recorded session for it.

The library's files end in ``.txt``, so that no tool takes them for this project's own.
"""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent
_LIBRARY = _HERE / "shelf"
_SUFFIX = ".txt"
_DOT = "dot-"

SESSION = _HERE / "session.yaml"


def write_demo_repository(target: Path) -> None:
    """Write the library's files below ``target``. Making a git repository of them is the caller's job."""
    for source in sorted(_LIBRARY.rglob(f"*{_SUFFIX}")):
        relative = source.relative_to(_LIBRARY)
        name = relative.name.removesuffix(_SUFFIX)
        if name.startswith(_DOT):
            name = "." + name.removeprefix(_DOT)
        file = target / relative.parent / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(source.read_bytes())
