"""Edits as text: a Python script for a shell, codex's patch format, and SEARCH/REPLACE blocks."""

from __future__ import annotations

import re
import shlex

from bench.simmodel.session import Edit
from bench.simmodel.sight import Sight
from bench.simmodel.styles.base import Numbered

_SCRIPT = """python3 - <<'SIMEDIT'
import pathlib, sys
for path, old, new in {edits}:
    file = pathlib.Path(path)
    text = file.read_bytes().decode()
    if old not in text:
        sys.exit(f"error: edit does not apply: {{path}}")
    file.write_bytes(text.replace(old, new, 1).encode())
    print("edited", path)
SIMEDIT"""
_WRITE = """python3 - <<'SIMEDIT'
import pathlib
for path, text in {files}:
    file = pathlib.Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode())
    print("wrote", path)
SIMEDIT"""


def edit_script(edits: Numbered) -> str:
    """All edits as one shell script, in order; it ends at the first that does not apply."""
    replaced = [(edit.path, edit.old, edit.new) for _, edit in edits if edit.replaces]
    written = [(edit.path, edit.write) for _, edit in edits if edit.write is not None]
    deleted = [shlex.quote(edit.path) for _, edit in edits if edit.delete]
    parts = [_SCRIPT.format(edits=ascii(replaced))] if replaced else []
    parts += [_WRITE.format(files=ascii(written))] if written else []
    parts += [f"rm -- {' '.join(deleted)}"] if deleted else []
    return "set -e\n" + "\n".join(parts)


def patch(edits: Numbered, sight: Sight) -> str | None:
    """All edits in the format of ``apply_patch``; ``None`` when it cannot say them."""
    parts = ["*** Begin Patch"]
    for path in dict.fromkeys(edit.path for _, edit in edits):
        mine = [edit for _, edit in edits if edit.path == path]
        if len(mine) == 1 and mine[0].write is not None:
            parts += [f"*** Add File: {path}", *(f"+{line}" for line in mine[0].write.splitlines())]
        elif len(mine) == 1 and mine[0].delete:
            parts.append(f"*** Delete File: {path}")
        else:
            hunks = _hunks(mine, sight)
            if hunks is None:
                return None
            parts += [f"*** Update File: {path}", *hunks]
    return "\n".join([*parts, "*** End Patch"])


def _hunks(edits: list[Edit], sight: Sight) -> list[str] | None:
    lines: list[str] = []
    places = set()
    for edit in sorted(edits, key=lambda edit: sight.position(edit.old)):
        pair = whole_lines(edit, sight)
        if pair is None or pair[0] in places:
            return None
        places.add(pair[0])
        lines.append("@@")
        lines += [f"-{line}" for line in pair[0].split("\n")]
        lines += (
            [f"+{line}" for line in pair[1].split("\n")] if pair[1] or not edit.old.endswith("\n") else []
        )
    return lines


def whole_lines(edit: Edit, sight: Sight) -> tuple[str, str] | None:
    """Before and after as whole lines, for formats that know nothing smaller."""
    if not edit.replaces or (before := sight.whole_lines(edit.old)) is None:
        return None
    wanted = edit.old.removesuffix("\n")
    if edit.old.endswith("\n") and edit.new and not edit.new.endswith("\n"):
        return None
    new = edit.new.removesuffix("\n") if edit.old.endswith("\n") else edit.new
    return before, before.replace(wanted, new, 1)


def search_replace_blocks(edits: Numbered, sight: Sight) -> str:
    """The edits as fenced SEARCH/REPLACE blocks."""
    blocks = []
    for _, edit in edits:
        if edit.delete:
            blocks.append(f"```bash\nrm {shlex.quote(edit.path)}\n```")
            continue
        before, after = whole_lines(edit, sight) or (
            edit.old,
            edit.write if edit.write is not None else edit.new,
        )
        search = f"{before}\n" if before else ""
        replace = after if not after or after.endswith("\n") else f"{after}\n"
        blocks.append(f"{edit.path}\n```\n<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE\n```")
    return "\n\n".join(blocks)


def file_listings(edits: Numbered, prompt: str) -> str:
    """The edited files whole, each after its name, from the latest listing that the prompt has of them."""
    listings = []
    for path in dict.fromkeys(edit.path for _, edit in edits):
        shown = re.findall(
            rf"^{re.escape(path)}\n(`{{3,}})[^\n]*\n(.*?)\n\1", prompt, re.DOTALL | re.MULTILINE
        )
        text = f"{shown[-1][1]}\n" if shown else ""
        for _, edit in edits:
            if edit.path == path:
                text = edit.write if edit.write is not None else text.replace(edit.old, edit.new, 1)
        listings.append(f"{path}\n```\n{text.removesuffix(chr(10))}\n```")
    return "\n\n".join(listings)
