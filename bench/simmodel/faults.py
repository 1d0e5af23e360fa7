"""Faults on demand: which one strikes which request, and what it makes of the model's answer."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from bench.simmodel.mind import as_call
from bench.simmodel.progress import files_of
from bench.simmodel.session import Edit, Session, Task
from bench.simmodel.sight import sight_of
from bench.simmodel.styles.base import Draft
from bench.simmodel.styles.choose import choose_style
from bench.simmodel.tokens import CHARACTERS_PER_TOKEN
from bench.simmodel.values import Answer, Call, Conversation, Finish, Move, Thought, ToolKind


class Fault(StrEnum):
    """What can go wrong."""

    RATE_LIMIT = "429"
    RATE_LIMIT_BARE = "429-bare"
    """Without Retry-After."""
    SERVER_ERROR = "500"
    UNAVAILABLE = "503"
    OVERLOADED = "529"
    HANG = "hang"
    HANG_MID = "hang-mid"
    CUT = "cut"
    CUT_MID = "cut-mid"
    TRUNCATED = "truncated"
    GARBAGE = "garbage"
    UNAUTHORIZED = "401"
    NO_MODEL = "404"
    TOO_LONG = "context"
    QUOTA = "quota"
    WRONG_TOOL = "wrong-tool"
    BAD_ARGUMENTS = "bad-arguments"
    BAD_EDIT = "bad-edit"
    EMPTY = "empty"
    REFUSAL = "refusal"
    LENGTH = "length"
    LOOP = "loop"


_SPEC = re.compile(r"([a-z0-9-]+)(?::([\d.]+))?(?:@(\d+)(?:x(\d+)|(\+))?)?")
_REFUSAL_TEXT = "I'm sorry, but I can't help with that."
_NO_SUCH_TEXT = "this text stands in no file of the repository"


@dataclass(frozen=True)
class Planned:
    """A fault and the requests it strikes: ``first`` to ``last``, counted from 1."""

    fault: Fault
    argument: float | None = None
    """Seconds, of Retry-After or of a hang."""
    first: int = 1
    last: int | None = None

    def strikes(self, number: int) -> bool:
        """Whether it is that request's turn."""
        return self.first <= number and (self.last is None or number <= self.last)


def parse_fault(spec: str) -> Planned:
    """``NAME[:SECONDS][@N[xK|+]]``: always, or request N, or K requests from N on, or all from N on.

    Raises ValueError that names the known faults.
    """
    found = _SPEC.fullmatch(spec.strip())
    names = [fault.value for fault in Fault]
    if not found or found[1] not in names:
        raise ValueError(
            f"unknown fault {spec!r}; write NAME[:SECONDS][@N[xK|+]], NAME one of {', '.join(names)}"
        )
    first = int(found[3] or 1)
    last = None if found[5] or not found[3] else first + int(found[4] or 1) - 1
    return Planned(Fault(found[1]), float(found[2]) if found[2] else None, first, last)


def refusal() -> Answer:
    """The model will not do it."""
    return Answer(_REFUSAL_TEXT, finish=Finish.REFUSAL)


def spoilt(fault: Fault, thought: Thought, session: Session, conversation: Conversation) -> Thought:
    """The thought as the fault leaves it. Faults of the transport leave it alone."""
    task = session.task_for(conversation.opening, conversation.user_text(), conversation.system)
    answer = thought.answer
    match fault:
        case Fault.EMPTY:
            return replace(thought, answer=Answer(), move=Move.SAY)
        case Fault.REFUSAL:
            return replace(thought, answer=refusal(), move=Move.SAY)
        case Fault.LENGTH:
            return replace(thought, answer=shortened(answer, max(1, _length(answer) // 2)))
        case Fault.WRONG_TOOL:
            first = replace(_first_call(answer, conversation), name="do_everything", kind=ToolKind.FUNCTION)
            return replace(thought, answer=_with_first(answer, first))
        case Fault.BAD_ARGUMENTS:
            first = _first_call(answer, conversation)
            first = replace(first, raw=first.raw[: max(1, len(first.raw) * 2 // 3)])
            return replace(thought, answer=_with_first(answer, first))
        case Fault.BAD_EDIT:
            return replace(thought, answer=_bad_edit(answer, task, conversation), move=Move.EDIT)
        case Fault.LOOP:
            return replace(thought, answer=_same_read(answer, task, conversation), move=Move.READ)
        case _:
            return thought


def shortened(answer: Answer, tokens: int) -> Answer:
    """The answer as it stands when the limit of tokens is reached."""
    left = tokens * CHARACTERS_PER_TOKEN
    text, left = answer.text[:left], left - len(answer.text[:left])
    calls = []
    for call in answer.calls:
        if left <= 0:
            break
        calls.append(replace(call, raw=call.raw[:left]))
        left -= len(call.raw)
    calls = [call for call in calls if call.kind is not ToolKind.LOCAL_SHELL]  # its action is no text to cut
    return Answer(text, tuple(calls), Finish.LENGTH)


def _length(answer: Answer) -> int:
    return (len(answer.text) + sum(len(call.raw) for call in answer.calls)) // CHARACTERS_PER_TOKEN


def _first_call(answer: Answer, conversation: Conversation) -> Call:
    if answer.calls:
        return answer.calls[0]
    name = conversation.tools[0].name if conversation.tools else "read"
    return as_call(Draft(Move.DONE, name, {"summary": answer.text}), conversation)


def _with_first(answer: Answer, first: Call) -> Answer:
    return Answer(answer.text if answer.calls else "", (first, *answer.calls[1:]), Finish.CALLS)


def _bad_edit(answer: Answer, task: Task | None, conversation: Conversation) -> Answer:
    style = choose_style(conversation)
    edits = task.steps[0].edits if task and task.steps else ()
    replaced = [(number, edit) for number, edit in enumerate(edits) if edit.replaces]
    if style is None or not replaced:
        return answer
    wrong = [(number, Edit(edit.path, _NO_SUCH_TEXT, edit.new)) for number, edit in replaced]
    drafts = style.edit(wrong, sight_of(conversation), "Done.", parallel=conversation.parallel)
    return Answer(calls=tuple(as_call(draft, conversation) for draft in drafts), finish=Finish.CALLS)


def _same_read(answer: Answer, task: Task | None, conversation: Conversation) -> Answer:
    style = choose_style(conversation)
    files = list(enumerate(files_of(task)))[:1] if task else []
    if style is None or not files:
        return answer
    drafts = style.read(files, ())
    return Answer(calls=tuple(as_call(draft, conversation) for draft in drafts), finish=Finish.CALLS)
