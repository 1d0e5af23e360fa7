"""What can be said of a failure in an output that no parser understands."""

from __future__ import annotations

import re

from journeyman.domain.checks import Failure
from journeyman.verify.parsers.text import (
    DETAIL_CHARACTERS,
    MESSAGE_CHARACTERS,
    clip,
    stable_digest,
    tail,
)

_TELLING = re.compile(
    r"error|fail|fatal|exception|traceback|panic|cannot|can't|unable|denied|not found|no such|undefined|"
    r"abort|segmentation|killed|refused|invalid|missing|unexpected|assert",
    re.IGNORECASE,
)
_FURNITURE = re.compile(
    r"make(?:\[\d+\])?: (?:\*\*\*|Entering|Leaving)|npm (?:ERR!|error)|> | *ELIFECYCLE|error Command failed"
    r"|\[ERROR\] *(?:$|-> \[Help|\[Help|To see the full|Re-run Maven|For more information"
    r"|After correcting|mvn <)"
)
_LINES = 8


def opaque_failure(output: str, exit_code: int) -> Failure:
    """One failure that stands for the whole output: the same key only for the same output."""
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    own = [line for line in lines if not _FURNITURE.match(line)] or lines
    telling = [line for line in own if _TELLING.search(line)] or own
    how = f"signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
    last = telling[-1].strip() if telling else "no output"
    return Failure(
        key=f"output::{stable_digest(output) if lines else 'empty'}",
        message=clip(f"{how}: {last}", MESSAGE_CHARACTERS),
        detail=tail("\n".join(telling[-_LINES:]), DETAIL_CHARACTERS),
    )
