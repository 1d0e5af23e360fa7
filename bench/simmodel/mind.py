"""What the model does next: one pure function from the conversation and the session to an answer."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePosixPath

from bench.simmodel import asides
from bench.simmodel.progress import Progress, files_of, memo_of, must_ask, new_id, progress_of
from bench.simmodel.session import Edit, Session, Step, Task
from bench.simmodel.sight import Sight, applied, sight_of
from bench.simmodel.styles.agent import AgentStyle
from bench.simmodel.styles.base import Draft, Numbered, Style, instance_of
from bench.simmodel.styles.choose import choose_style
from bench.simmodel.tokens import compact
from bench.simmodel.values import Answer, Call, Conversation, Finish, Move, Protocol, Thought

_COMMON = re.compile(r"readme|change|history|news|release", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z]\w*")
_AROUND_LINES = 30
"""Read on both sides of a line that a search found."""
_LOST = "I could not find the text to change in {paths}."
_STUCK = "I have nothing more to try: the last change still fails."
_UNKNOWN = "The session of this simulated model has no task that matches."


def think(session: Session, conversation: Conversation) -> Thought:
    """The answer to one request."""
    task = session.task_for(conversation.opening, conversation.user_text(), conversation.system)
    thought = _think(task, conversation)
    if task is None:
        return thought
    reasoning = task.reasoning.get(_reasoned(thought), 0)
    return replace(
        thought, task=task.match.pattern, answer=replace(thought.answer, reasoning_tokens=reasoning)
    )


def _reasoned(thought: Thought) -> str:
    """What kind of answer it is, for its reasoning."""
    memo = memo_of(thought.answer.calls[0].id) if thought.answer.calls else None
    mends = thought.move is Move.EDIT and memo is not None and memo.step > 0
    return "mend" if mends else thought.move.value


def _think(task: Task | None, conversation: Conversation) -> Thought:
    if task and (looks := _before_planning(task, conversation)):
        return _call(conversation, looks, 0)
    if structured := asides.submission(task, conversation, sight_of(conversation)):
        return _call(conversation, [structured], 0)
    if conversation.forced and (tool := conversation.tool(conversation.forced)):
        draft = Draft(Move.DONE, tool.name, instance_of(tool.parameters), kind=tool.kind)
        return _call(conversation, [draft], 0)
    style = choose_style(conversation)
    if style is None and not asides.wants_edits_as_text(conversation):
        return Thought(Answer(asides.short_text(conversation)), Move.SAY)
    if task is None:
        return _end(conversation, style, _UNKNOWN, 0)
    if task.blocked and must_ask(task.blocked, conversation):
        return _ask(conversation, task)
    if not task.steps:
        return _end(conversation, style, "There is nothing to do.", 0)
    return _work(task, conversation, style)


def _work(task: Task, conversation: Conversation, style: Style | None) -> Thought:
    sight = sight_of(conversation)
    progress = _caught_up(progress_of(conversation, task), task, sight)
    step = task.steps[progress.step]
    pending = [(number, edit) for number, edit in enumerate(step.edits) if number not in progress.edited]
    if progress.exhausted:
        return _end(conversation, style, _STUCK, progress.step)
    if not pending:
        return _finish(task, conversation, style, progress, step)
    wanted = (*((-1, seen) for seen in task.must_see if not progress.step), *pending)
    missing = _missing(wanted, progress, sight, style)
    if not missing:
        return _edit(conversation, style, pending, step, progress, sight)
    if style is None:
        return Thought(Answer(asides.ask_for_files(missing)), Move.READ)
    told = {edit.path for edit in missing if edit not in task.must_see and sight.tells_of(edit.path)}
    return _look(task, conversation, style, progress, missing, told)


def _before_planning(task: Task, conversation: Conversation) -> list[Draft]:
    """It names no file in a plan that it was told nothing of: it searches, where it may."""
    if conversation.forced or not all(map(conversation.tool, ("submit_plan", "search"))):
        return []
    sight = sight_of(conversation)
    planned = {path for milestone in (task.plan or {}).get("milestones", ()) for path in milestone["files"]}
    met = [
        not edit.replaces or sight.tells_of(edit.path) or _obvious(edit.path, sight, conversation)
        for step in task.steps
        for edit in step.edits
        if not task.plan or edit.path in planned
    ]
    patterns = () if all(met) else _to_search(task, progress_of(conversation, task))
    return AgentStyle(conversation.tools).search(patterns) if patterns else []


def _obvious(path: str, sight: Sight, conversation: Conversation) -> bool:
    """Whether it knows a file of the list by its name: one that all have, or that the user's words name."""
    if not sight.sees(path):
        return False
    stem = PurePosixPath(path).name.split(".")[0].lower()
    said = {word.lower().rstrip("s") for word in _WORD.findall(conversation.opening.split("# Files")[0])}
    return _COMMON.match(stem) is not None or stem.rstrip("s") in said


def _look(
    task: Task,
    conversation: Conversation,
    style: Style,
    progress: Progress,
    missing: list[Edit],
    told: set[str],
) -> Thought:
    """Search unless it was ``told`` where to look, then read what is needed; say so when it did not help."""
    fresh = not (progress.reads or progress.stale or progress.step)
    lost = not all(edit.path in told for edit in missing)
    if fresh and lost and (patterns := _to_search(task, progress)) and (drafts := style.search(patterns)):
        return _call(conversation, drafts, progress.step)
    names = files_of(task)
    first = not progress.step and (task.one_at_a_time or not progress.ever_read)
    searched = bool(progress.searches) or not task.one_at_a_time
    shown = {edit.path for edit in task.steps[progress.step].edits} - {edit.path for edit in missing}
    unread = [path for path in task.needs if path not in progress.ever_read and path not in shown]
    needs = unread if first and searched else []
    wanted = dict.fromkeys([*needs, *(edit.path for edit in missing)])
    files = [(names.index(path), path) for path in wanted if progress.may_read(path)]
    files = files[:1] if task.one_at_a_time else files
    if files and not progress.gave_up:
        again = any(progress.reads[path] for _, path in files) and not progress.stale
        hints = (
            tuple(edit.old.strip().splitlines()[0] for edit in missing if edit.old.strip()) if again else ()
        )
        if again and isinstance(style, AgentStyle) and any(progress.cut(path) for _, path in files):
            return _call(conversation, _closer(files, missing, sight_of(conversation), style), progress.step)
        return _call(conversation, style.read(files, hints), progress.step)
    paths = ", ".join(dict.fromkeys(edit.path for edit in missing))
    return _end(conversation, style, _LOST.format(paths=paths), progress.step)


def _to_search(task: Task, progress: Progress) -> tuple[str, ...]:
    """What it has not searched for yet."""
    if task.one_at_a_time:
        return task.search[progress.searches : progress.searches + 1]
    return () if progress.searches else task.search


def _finish(
    task: Task, conversation: Conversation, style: Style | None, progress: Progress, step: Step
) -> Thought:
    """Everything is edited: test where nobody else does, then say so."""
    if style and task.tests and not style.host_verifies and not progress.tested:
        drafts = style.run(task.tests)
        if drafts:
            return _call(conversation, drafts, progress.step)
    return _end(conversation, style, step.say, progress.step)


def _edit(
    conversation: Conversation,
    style: Style | None,
    pending: Numbered,
    step: Step,
    progress: Progress,
    sight: Sight,
) -> Thought:
    if style is None:
        return Thought(Answer(asides.edits_as_text(conversation, pending, step.say, sight)), Move.EDIT)
    drafts = style.edit(pending, sight, step.say, parallel=conversation.parallel)
    if not drafts:
        return _end(conversation, style, "No tool here can make this change.", progress.step)
    return _call(conversation, drafts, progress.step)


def _caught_up(progress: Progress, task: Task, sight: Sight) -> Progress:
    """Book edits that the files show already: made in an earlier conversation, or beside one that failed."""
    for path, text in progress.shown.items():
        shown = Sight([text])
        for number, edit in enumerate(task.steps[progress.step].edits):
            if edit.path == path and progress.failed_edits and applied(edit, shown):
                progress.edited.add(number)
    while not progress.edited and not progress.failed_edits and not progress.exhausted:
        edits = task.steps[progress.step].edits
        if not edits or not all(applied(edit, sight) for edit in edits):
            break
        if not progress.earlier_failure:
            progress.edited |= set(range(len(edits)))
            break
        progress.advance(len(task.steps))
    return progress


def _missing(pending: Numbered, progress: Progress, sight: Sight, style: Style | None) -> list[Edit]:
    """The edits that cannot be made yet."""
    must_read = style is not None and style.must_read
    # After an attempt that it does not remember, a file may be changed already: it looks before it edits.
    unsure = progress.earlier_failure and style is not None and not progress.step

    def lacks(edit: Edit) -> bool:
        unread = edit.path not in progress.ever_read
        if unsure and unread and not edit.delete:
            return not applied(edit, sight)
        if not edit.replaces:
            return False
        return not sight.sees(edit.old) or edit.path in progress.stale or (must_read and unread)

    return [edit for _, edit in pending if lacks(edit)]


def _ask(conversation: Conversation, task: Task) -> Thought:
    blocked = task.blocked
    if blocked is None:
        return Thought(Answer(_UNKNOWN), Move.SAY)
    arguments = {"reason": blocked.reason, "question": blocked.question, "options": list(blocked.options)}
    if tool := conversation.tool("blocked"):
        return _call(conversation, [Draft(Move.BLOCKED, tool.name, arguments)], 0)
    return Thought(Answer(f"{blocked.question}\n{compact({'blocked': arguments})}"), Move.BLOCKED)


def _end(conversation: Conversation, style: Style | None, say: str, step: int) -> Thought:
    """The end of the work, as the client wants to be told."""
    if style and (drafts := style.finish(say)):
        return _call(conversation, drafts, step)
    wants_json = '{"summary":' in conversation.opening
    return Thought(Answer(f"{say}\n{compact({'summary': say})}" if wants_json else say), Move.DONE)


def _call(conversation: Conversation, drafts: list[Draft], step: int) -> Thought:
    """The drafts as calls; only the first where the client takes no more."""
    sent = drafts if conversation.parallel else drafts[:1]
    calls = tuple(as_call(draft, conversation, step) for draft in sent)
    return Thought(Answer(calls=calls, finish=Finish.CALLS), drafts[0].move)


def as_call(draft: Draft, conversation: Conversation, step: int = 0) -> Call:
    """The draft with an id."""
    prefix = "toolu" if conversation.protocol is Protocol.MESSAGES else "call"
    raw = draft.arguments if isinstance(draft.arguments, str) else compact(draft.arguments)
    return Call(new_id(prefix, draft.move, step, draft.numbers), draft.name, raw, draft.kind)


def _closer(
    files: list[tuple[int, str]], missing: list[Edit], sight: Sight, style: AgentStyle
) -> list[Draft]:
    """A file too long to be shown whole: search for the places, then read around them."""
    ranges: list[dict[str, object]] = []
    for _, path in files:
        olds = [edit.old.strip("\n") for edit in missing if edit.path == path and edit.old.strip()]
        marks = {old: max(old.splitlines(), key=len).strip() for old in olds}
        found = {old: sight.hits(path, mark) for old, mark in marks.items()}
        patterns = tuple(re.escape(marks[old]) for old in olds if not found[old])
        new = tuple(one for one in dict.fromkeys(patterns) if not sight.searched(one))
        if new and (drafts := style.search(new)):
            return drafts
        for old, lines in found.items():
            around = _AROUND_LINES + old.count("\n")
            ranges += [{"path": path, "start": max(1, at - around), "end": at + around} for at in lines[:3]]
    if not ranges:
        return style.read(files, ())
    return [Draft(Move.READ, "read", {"files": ranges}, tuple(number for number, _ in files))]
