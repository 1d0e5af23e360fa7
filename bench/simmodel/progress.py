"""How far the model is, told from the conversation alone: the ids of its calls say what they were for."""

from __future__ import annotations

import itertools
import re
import secrets
from collections import Counter
from dataclasses import dataclass, field

from bench.simmodel.session import Blocked, Task
from bench.simmodel.values import Conversation, Move, Result, Turn

_ID = re.compile(r"_sim_([a-z]+)_(\d+)_([\d-]*)_")
_REMINDER = re.compile(r"<system-reminder>.*?</system-reminder>", re.DOTALL)
_NOT_APPLIED = re.compile(
    r"^\W*(error|failed)\b|not found|no match|(not|n't) (apply|match|exist)|has not been read|must read"
    r"|exit(ed with)? code:? [1-9]|verification failed|malformed|invalid|no such|there is no",
    re.IGNORECASE | re.MULTILINE,
)
_TEST_FAILED = re.compile(
    r"\b[1-9]\d* (failed|failures?|errors?)\b|^(FAILED|ERROR|FAIL)\b|^E  |^not ok |Traceback \(most recent"
    r"|exit(ed with)? code:? [1-9]|exit (code|status)[\"']?[:=]? *[1-9]|returncode>?[:=]? *[1-9]",
    re.MULTILINE,
)
_REPORT = re.compile(
    r"\bfail(s|ed|ing|ures?)?\b|\berrors?\b|came back|request(ed|s)?[ _]changes|\bfindings?\b"
    r"|what went wrong",
    re.IGNORECASE,
)
_EARLIER_FAILURE = re.compile(
    r"what went wrong before\s+(?!\s|nothing)"
    r"|was judged and came back"
    r"|(last|previous|earlier) attempt[^\n]{0,60}(fail|reject|came back)",
    re.IGNORECASE,
)
_MOVES = frozenset(move.value for move in Move)
_MAX_READS = 2
_MAX_FAILED_EDITS = 3


def new_id(prefix: str, move: Move, step: int, numbers: tuple[int, ...] = ()) -> str:
    """A call's id that says what the call is for: clients hand ids back as they got them."""
    indexes = "-".join(map(str, numbers))
    return f"{prefix}_sim_{move.value}_{step}_{indexes}_{secrets.token_hex(5)}"


@dataclass(frozen=True)
class Memo:
    """What a call of ours was for. ``numbers`` are edits of the step, or files of the task."""

    move: Move
    step: int
    numbers: tuple[int, ...]


def memo_of(call_id: str) -> Memo | None:
    """What the id says; ``None`` for a call that is not ours."""
    found = _ID.search(call_id)
    if not found or found[1] not in _MOVES:
        return None
    return Memo(Move(found[1]), int(found[2]), tuple(int(number) for number in found[3].split("-") if number))


def files_of(task: Task) -> tuple[str, ...]:
    """Every file the task may have to read: what the numbers of a read refer to."""
    edited = (edit.path for step in task.steps for edit in step.edits)
    looked_at = (seen.path for seen in task.must_see)
    return tuple(dict.fromkeys(itertools.chain(task.needs, edited, looked_at)))


@dataclass
class Progress:
    """Where the model stands with its task."""

    step: int = 0
    edited: set[int] = field(default_factory=set)
    """Edits of the step that were applied."""
    tested: bool = False
    searches: int = 0
    """Answers that searched."""
    exhausted: bool = False
    """The last step has failed too."""
    failed_edits: int = 0
    stale: set[str] = field(default_factory=set)
    """Files to be read again, since an edit of them did not apply."""
    reads: Counter[str] = field(default_factory=Counter)
    ever_read: set[str] = field(default_factory=set)
    shown: dict[str, str] = field(default_factory=dict)
    """The latest text that a read of the file gave."""
    earlier_failure: bool = False
    """The opening tells of an attempt in another conversation."""

    @property
    def gave_up(self) -> bool:
        """Whether there is nothing more to try."""
        return self.exhausted or self.failed_edits >= _MAX_FAILED_EDITS

    def may_read(self, path: str) -> bool:
        """Whether a further look at the file could help."""
        return path in self.stale or self.reads[path] < _MAX_READS

    def cut(self, path: str) -> bool:
        """Whether the latest look showed only a part of the file."""
        shown = self.shown.get(path, "")
        return (
            any(sign in shown.partition("\n")[0] for sign in (", lines ", ", an outline"))
            or "\n[cut" in shown
        )

    def advance(self, steps: int) -> None:
        """The attempt has failed: on to what the session has next."""
        if self.step + 1 >= steps:
            self.exhausted = True
            return
        self.step += 1
        self.edited, self.stale = set(), set()
        self.tested, self.failed_edits = False, 0
        self.reads = Counter()


def progress_of(conversation: Conversation, task: Task) -> Progress:
    """Fold the conversation."""
    progress = Progress(earlier_failure=bool(_EARLIER_FAILURE.search(conversation.opening)))
    opened = False
    for turn in conversation.turns:
        if not turn.by_user:
            opened = True
            _own_words(progress, turn, task)
        elif opened:
            _hear(progress, turn, task)
    return progress


def _own_words(progress: Progress, turn: Turn, task: Task) -> None:
    """Fenced files and blocks are edits as soon as they are said: no result will tell."""
    if "```" in turn.text and progress.step < len(task.steps):
        progress.edited |= {
            number for number, edit in enumerate(task.steps[progress.step].edits) if edit.path in turn.text
        }
    for call in turn.calls:
        if (memo := memo_of(call.id)) and memo.move is Move.SEARCH:
            progress.searches += 1


def _hear(progress: Progress, turn: Turn, task: Task) -> None:
    steps = max(1, len(task.steps))
    known = [(memo, result) for result in turn.results if (memo := memo_of(result.call_id))]
    failed = False
    for memo, result in known:
        if memo.move is Move.EDIT:
            failed = _edit_result(progress, memo, result, task) or failed
    for memo, result in known:
        if memo.move is Move.READ:
            _read_result(progress, memo, result, task)
        elif memo.move is Move.RUN and progress.edited:
            progress.tested = True
            if result.is_error or (task.failure or _TEST_FAILED).search(result.text):
                progress.advance(steps)
        elif memo.move is Move.DONE and not failed and progress.edited and _reports(result.text, task):
            progress.advance(steps)
    if progress.edited and not failed and _reports(_REMINDER.sub("", turn.text), task):
        progress.advance(steps)


def _reports(text: str, task: Task) -> bool:
    return bool(text.strip() and (task.failure or _REPORT).search(text))


def _read_result(progress: Progress, memo: Memo, result: Result, task: Task) -> None:
    files = files_of(task)
    for number in memo.numbers:
        if number < len(files):
            path = files[number]
            progress.reads[path] += 1
            progress.ever_read.add(path)
            progress.stale.discard(path)
            progress.shown[path] = result.text


def _edit_result(progress: Progress, memo: Memo, result: Result, task: Task) -> bool:
    """Book one edit; whether it failed."""
    if memo.step != progress.step or memo.step >= len(task.steps):
        return False
    edits = task.steps[memo.step].edits
    numbers = {number for number in memo.numbers if number < len(edits)}
    if result.is_error or _NOT_APPLIED.search(result.text[:400]):
        progress.failed_edits += 1
        progress.stale |= {edits[number].path for number in numbers if edits[number].replaces}
        return True
    progress.edited |= numbers
    return False


def must_ask(blocked: Blocked | None, conversation: Conversation) -> bool:
    """Whether the question is still open."""
    return blocked is not None and not blocked.until.search(conversation.user_text())
