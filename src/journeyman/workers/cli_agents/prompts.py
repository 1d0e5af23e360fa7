"""What a CLI is told: everything the first time, and in a session that knows the task only what is new."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from string import Template

from journeyman.domain.worker import ImplementRequest, RequestKind
from journeyman.workers.prompt import implement_prompt, prompt_parts

_INTERRUPTED = """\
You were interrupted in the middle of this. The files have been put back to what they were before your last
attempt began, so look again before you go on: changes that you remember may be gone.

"""


def prompt_for(request: ImplementRequest, worktree: Path, *, resumed: bool, interrupted: bool) -> str:
    """The prompt of one call. An interrupted session may lack even its first prompt: it is told all again."""
    if not resumed:
        return implement_prompt(request, worktree)
    if interrupted:
        return _INTERRUPTED + implement_prompt(request, worktree)
    answered = request.kind is RequestKind.ANSWERED
    answer = f"# The answer to your question\n\n{request.answer}\n\n" if answered else ""
    situation = "You had a question." if answered else "Your changes were judged and are not accepted yet."
    return _template().substitute(
        prompt_parts(request), worktree=worktree, answer=answer, situation=situation
    )


@cache
def _template() -> Template:
    return Template((resources.files("journeyman.workers") / "prompts" / "resume.md").read_text("utf-8"))
