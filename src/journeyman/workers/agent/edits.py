"""Edits as a model writes them: search/replace with whitespace tolerance, whole files, deletions, renames."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from journeyman.workers.confined import entry, followed, real

_CLOSE = 0.6
_GUTTER = re.compile(r"^ *\d+\|", re.MULTILINE)
_FIELDS = {"path", "old", "new", "content", "delete", "rename_to"}


@dataclass(frozen=True)
class EditOutcome:
    """One edit: what was done, or precisely why not."""

    ok: bool
    message: str


def apply_edits(worktree: Path, edits: list[Any]) -> tuple[EditOutcome, ...]:
    """Apply the edits in order; a failing one changes nothing and does not keep the others from trying."""
    root = real(worktree)
    return tuple(_apply(root, edit) for edit in edits)


def _apply(root: Path, edit: Any) -> EditOutcome:  # noqa: ANN401 - whatever the model sent
    if not isinstance(edit, dict) or not isinstance(edit.get("path"), str) or not edit["path"]:
        return EditOutcome(ok=False, message="each edit is an object with a path")
    unknown = sorted(set(edit) - _FIELDS)
    if unknown:
        return EditOutcome(ok=False, message=f"{edit['path']}: unknown key {unknown[0]!r}")
    try:
        return _dispatch(root, edit["path"], edit)
    except (ValueError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return EditOutcome(ok=False, message=f"{edit['path']}: {reason}")


def _dispatch(root: Path, path: str, edit: dict[str, Any]) -> EditOutcome:
    if edit.get("delete") is True:
        entry(root, path).unlink()
        return EditOutcome(ok=True, message=f"deleted {path}")
    if isinstance(edit.get("rename_to"), str):
        source, target = entry(root, path), entry(root, edit["rename_to"])
        if target.exists() or target.is_symlink():
            raise ValueError(f"{edit['rename_to']} exists already")
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)
        return EditOutcome(ok=True, message=f"renamed {path} to {edit['rename_to']}")
    if isinstance(edit.get("content"), str):
        file = followed(root, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(edit["content"].encode())
        return EditOutcome(ok=True, message=f"wrote {path}")
    if isinstance(edit.get("old"), str) and isinstance(edit.get("new"), str):
        file = followed(root, path)
        text = file.read_bytes().decode("utf-8")
        file.write_bytes(replaced(text, edit["old"], edit["new"]).encode())
        return EditOutcome(ok=True, message=f"edited {path}")
    raise ValueError("give old and new, or content, or delete, or rename_to")


def replaced(text: str, old: str, new: str) -> str:
    """``text`` with the one place that ``old`` means replaced.

    Tried in turn: the exact text; without the line numbers that we show; with line ends and the blanks at
    line ends ignored; with the indentation of the place. Raises ValueError, naming the nearest lines, when
    no place or more than one fits.
    """
    if "\r\n" in text and text.count("\r\n") == text.count("\n"):
        plain = (part.replace("\r\n", "\n") for part in (text, old, new))
        return replaced(*plain).replace("\n", "\r\n")
    if not old:
        raise ValueError("old is empty; to write a whole file give content")
    for candidate_old, candidate_new in ((old, new), (_GUTTER.sub("", old), _GUTTER.sub("", new))):
        count = text.count(candidate_old)
        if count == 1:
            return text.replace(candidate_old, candidate_new)
        if count > 1:
            lines = [str(number) for number in _line_numbers(text, candidate_old)]
            raise ValueError(f"old is there {count} times (lines {', '.join(lines)}); add lines around it")
    return _replaced_by_lines(text, _GUTTER.sub("", old), _GUTTER.sub("", new))


def _replaced_by_lines(text: str, old: str, new: str) -> str:
    lines = text.split("\n")
    wanted = [line.strip() for line in old.strip("\n").split("\n")]
    starts = [
        start
        for start in range(len(lines) - len(wanted) + 1)
        if [line.strip() for line in lines[start : start + len(wanted)]] == wanted
    ]
    if len(starts) > 1:
        places = ", ".join(str(start + 1) for start in starts)
        raise ValueError(f"old is there {len(starts)} times (lines {places}); add lines around it")
    if not starts or not any(wanted):
        raise ValueError(f"old is not in the file{_nearest(lines, wanted)}")
    start = starts[0]
    shift = _indent(lines[start]) - _indent(old.strip("\n").split("\n")[0])
    moved = (
        [_shifted(line, shift, lines[start]) for line in new.strip("\n").split("\n")] if new.strip() else []
    )
    return "\n".join([*lines[:start], *moved, *lines[start + len(wanted) :]])


def _shifted(line: str, shift: int, model: str) -> str:
    if not line.strip() or shift == 0:
        return line
    if shift > 0:
        return model[:shift] + line
    return line[min(-shift, _indent(line)) :]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _nearest(lines: list[str], wanted: list[str]) -> str:
    """The lines that are most like the first wanted one, for the model to see what is really there."""
    first = next((line for line in wanted if line), "")
    scored = [
        (difflib.SequenceMatcher(None, first, line.strip()).ratio(), number)
        for number, line in enumerate(lines)
    ]
    score, number = max(scored, default=(0.0, 0))
    if score < _CLOSE:
        return ""
    shown = "\n".join(
        f"{place + 1}|{lines[place]}"
        for place in range(number, min(number + max(3, len(wanted)), len(lines)))
    )
    return f"; the nearest lines are\n{shown}"


def _line_numbers(text: str, part: str) -> list[int]:
    found, at = [], text.find(part)
    while at >= 0:
        found.append(text.count("\n", 0, at) + 1)
        at = text.find(part, at + 1)
    return found
