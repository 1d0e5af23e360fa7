"""Context without a choice of lines: the files that a plan names, whole. What a packer is compared with."""

from __future__ import annotations

from journeyman.domain.worker import WorkerHost
from journeyman.workers.agent.looking import numbered
from journeyman.workers.confined import followed, real

MAX_CHARACTERS = 400_000
_MAX_LISTED = 2_000
_TIMEOUT_S = 20.0


def whole_files(host: WorkerHost, paths: tuple[str, ...]) -> str:
    """Every line of the named files, with its number; what is no readable text or no longer fits is told."""
    root = real(host.worktree)
    parts: list[str] = []
    left = MAX_CHARACTERS
    for path in paths:
        try:
            lines = followed(root, path).read_text("utf-8").splitlines()
        except (ValueError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else "no text here"
            parts.append(f"{path}: {reason}")
            continue
        part = f"{path} (whole)\n{numbered(lines, 1)}"
        fits = len(part) <= left
        left -= len(part) if fits else 0
        parts.append(part if fits else f"{path}: {len(lines)} lines, left out; read what is needed")
    return "\n\n".join(parts) or "The plan names none: search and read."


async def list_files(host: WorkerHost) -> str:
    """The paths of the files that git does not ignore, a line each."""
    command = ("git", "ls-files", "--cached", "--others", "--exclude-standard")
    result = await host.run(command, timeout_s=_TIMEOUT_S)
    paths = result.stdout.decode("utf-8", "replace").splitlines()
    more = [f"[{len(paths) - _MAX_LISTED} more files]"] if len(paths) > _MAX_LISTED else []
    return "\n".join([*paths[:_MAX_LISTED], *more])
