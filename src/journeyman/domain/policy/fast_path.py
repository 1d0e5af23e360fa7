"""Whether a run may do without PLAN, decided before a token is spent; and whether REVIEW comes back.

Both are pure: facts in, a value with its reasons out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from journeyman.domain.context import Likely, LikelyFile
from journeyman.domain.plan import Risk
from journeyman.domain.policy.prose import take_apart
from journeyman.domain.policy.risk import RiskSign, risks_of_task, risky_path
from journeyman.domain.scope import Change, ChangeKind, Scope, is_lockfile, is_protected, judge_scope
from journeyman.domain.settings import FastPathSettings
from journeyman.domain.task import Size, Task

SWITCHED_OFF = "switched off"
FULL_PATH = "not on the fast path"
_MANY_CRITERIA = 3
_PROSE = (".md", ".rst", ".txt", ".adoc")
_SHARE = 0.8
"""The files that hold this share of the score are what the task is about."""
_WIDE = re.compile(
    r"(?i)\b(?:refactor\w*|rewrit\w+|redesign\w*|re-?architect\w*|migrate\b|port (?:it|this|the \w+) to\b)"
)
_EVERYWHERE = re.compile(
    r"(?i)\b(?:everywhere|throughout|across (?:the|all) \w+"
    r"|all (?:of )?(?:the |our )?(?:files|modules|packages|callers))\b"
)
"""How far that is depends on what the task names."""
_POINTS = re.compile(r"(?m)^\s*(?:\d+[.)]|[-*+])\s+(?![^:\n]{1,40}: )\S")
"""Points of a list; not facts, as in ``- Python version: 3.12``."""
_MANY_POINTS = 5


@dataclass(frozen=True)
class FastPathDecision:
    """``eligible``: one milestone, no PLAN, and REVIEW only if the diff asks for it."""

    eligible: bool
    reasons: tuple[str, ...]
    confidence: float
    """From 0 to 1: how much was known."""
    files: tuple[LikelyFile, ...] = ()
    """What was known of the files: the decision's input."""
    mentioned_in: int | None = None
    """Files that mention what the task names."""


def decide_fast_path(
    task: Task, scope: Scope, likely: Likely, settings: FastPathSettings
) -> FastPathDecision:
    """Whether the task looks small and harmless. One reason against it is enough.

    Rules and thresholds are measured on real histories by ``bench/fast_path.py``.
    """
    about = _telling(likely.files)

    def decided(*reasons: str, eligible: bool, confidence: float = 1.0) -> FastPathDecision:
        return FastPathDecision(eligible, reasons, confidence, about, likely.mentioned_in)

    if settings.force:
        return decided("asked for", eligible=True)
    if not settings.enabled:
        return decided(SWITCHED_OFF, eligible=False)
    against = (*_against_task(task, likely, settings), *_against_files(about, scope, settings))
    if against:
        return decided(*against, eligible=False)
    confidence, reasons = _weigh(task, about)
    if confidence < settings.min_confidence:
        reasons = (*reasons, f"{confidence:.1f} sure, and {settings.min_confidence:.1f} is needed")
    return decided(*reasons, eligible=confidence >= settings.min_confidence, confidence=confidence)


def _telling(likely: tuple[LikelyFile, ...]) -> tuple[LikelyFile, ...]:
    """The few best files that together hold nearly all of the score."""
    ranked = sorted(likely, key=lambda file: -file.score)
    total, held = sum(file.score for file in ranked), 0.0
    told: list[LikelyFile] = []
    for file in ranked:
        if told and held >= _SHARE * total:
            break
        held += file.score
        told.append(file)
    return tuple(told)


def _against_task(task: Task, likely: Likely, settings: FastPathSettings) -> tuple[str, ...]:
    found = []
    if task.size in {Size.MEDIUM, Size.LARGE}:
        found.append(f"the task says size: {task.size.value}")
    if task.risk is Risk.HIGH:
        found.append("the task says risk: high")
    said = _said(task)
    if len(said) > settings.max_task_characters:
        found.append(f"the task has {len(said):,} characters")
    if len(task.acceptance) > _MANY_CRITERIA:
        found.append(f"{len(task.acceptance)} acceptance criteria")
    points = len(_POINTS.findall(said))
    if points >= _MANY_POINTS:
        found.append(f"the task lists {points} points")
    if task.size is not Size.SMALL:
        found += _wide(said, likely, settings)
    found += [risk.detail for risk in risks_of_task(said, settings)]
    return tuple(dict.fromkeys(found))


def _said(task: Task) -> str:
    """Title and prose. What a program printed, or what is quoted of the code, makes no task larger."""
    prose = take_apart(task.text).prose
    return prose if task.title in prose else f"{task.title}\n{prose}"


def _wide(said: str, likely: Likely, settings: FastPathSettings) -> list[str]:
    found = []
    wide, everywhere = _WIDE.search(said), _EVERYWHERE.search(said)
    if wide:
        found.append(f"the task says {' '.join(wide[0].split())!r}")
    if everywhere and (likely.mentioned_in is None or likely.mentioned_in > settings.max_files):
        where = f", which is {likely.mentioned_in} files" if likely.mentioned_in else ""
        found.append(f"the task says {' '.join(everywhere[0].split())!r}{where}")
    return found


def _against_files(
    about: tuple[LikelyFile, ...], scope: Scope, settings: FastPathSettings
) -> tuple[str, ...]:
    found = []
    if len(about) > settings.max_likely_files:
        found.append(f"it seems to be about {len(about)} files")
    for file in about:
        risky = risky_path(file.path, settings)
        if is_lockfile(file.path):
            found.append(f"{file.path} is a lockfile")
        elif is_protected(file.path, scope):
            found.append(f"{file.path} is protected")
        elif not judge_scope((Change(file.path, ChangeKind.MODIFIED, "100644", "100644"),), scope).ok:
            found.append(f"{file.path} is out of scope")
        elif risky:
            found.append(f"{file.path} is marked {risky}")
    return tuple(found)


def _weigh(task: Task, about: tuple[LikelyFile, ...]) -> tuple[float, tuple[str, ...]]:
    """How much speaks for it, in tenths: nothing speaks against it already."""
    tenths, reasons = 5, ["nothing speaks against it"]
    if task.size is Size.SMALL:
        tenths, reasons = tenths + 2, ["the task says size: small"]
    if task.risk is Risk.LOW:
        tenths += 1
    if about:
        tenths += 1
        reasons.append(f"it is about {', '.join(file.path for file in about)}")
        if all(_is_prose(file.path) for file in about):
            tenths += 1
            reasons.append("where there is nothing to test")
        elif all(file.tested or _is_prose(file.path) for file in about):
            tenths += 1
            reasons.append("which tests cover")
        else:
            tenths -= 1
            reasons.append("which no test seems to cover")
    return tenths / 10, tuple(reasons)


def _is_prose(path: str) -> bool:
    return path.lower().endswith(_PROSE)


@dataclass(frozen=True)
class ReviewFacts:
    """What is known of a change that VERIFY accepted."""

    files: int
    lines: int
    failed_verifies: int
    """Attempts that VERIFY sent back before this one."""
    risks: tuple[RiskSign, ...] = ()
    weakened: tuple[str, ...] = ()
    """What the change weakens of the tests and checks that judge it."""
    wished: str | None = None
    """Who asked for a review, if anybody did."""
    rejected: bool = False
    """A reviewer asked for changes of an earlier attempt."""


@dataclass(frozen=True)
class ReviewDecision:
    """Whether a reviewer looks at the change, and why."""

    needed: bool
    reasons: tuple[str, ...]


def decide_review(facts: ReviewFacts, settings: FastPathSettings, *, fast: bool) -> ReviewDecision:
    """Decide on the real diff. A run that is not on the fast path is always reviewed."""
    if not fast:
        return ReviewDecision(needed=True, reasons=(FULL_PATH,))
    reasons = [facts.wished] if facts.wished else []
    if facts.rejected:
        reasons.append("the review asked for changes before")
    if facts.files > settings.max_files:
        reasons.append(f"{facts.files} files changed; the fast path is for {settings.max_files}")
    if facts.lines > settings.max_lines:
        reasons.append(f"{facts.lines:,} lines changed; the fast path is for {settings.max_lines:,}")
    if facts.failed_verifies > 1:
        reasons.append(f"VERIFY sent it back {facts.failed_verifies} times")
    reasons += [f"{risk.flag}: {risk.detail}" for risk in facts.risks]
    reasons += facts.weakened
    if reasons:
        return ReviewDecision(needed=True, reasons=tuple(reasons))
    small = f"{_plural(facts.files, 'file')}, {_plural(facts.lines, 'line')}, nothing risky"
    return ReviewDecision(needed=False, reasons=(small,))


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
