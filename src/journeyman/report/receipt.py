"""What a run leaves for a person: what changed and what proves it, or why it stopped and what to do."""

from __future__ import annotations

from journeyman.domain.checks import CheckFailure, CheckResult, CheckStatus
from journeyman.domain.events import Outcome
from journeyman.domain.stops import Family, stop_reason
from journeyman.domain.text import printable
from journeyman.report.summary import RunSummary

_SHOWN_FILES = 8
_SHOWN_CHECKS = 3
_SHOWN_MENDED = 3
_SHOWN_FACTS = 3
_SHOWN_TRIED = 5


def first_line(summary: RunSummary) -> str:
    """The sentence that a person reads first: "Verified: …" or "I stopped because …"."""
    if summary.outcome == Outcome.VERIFIED:
        files = len(summary.files_changed)
        return (
            f"Verified: {summary.task} ({files} file{'s' if files != 1 else ''},"
            f" +{summary.lines_added} −{summary.lines_removed})"
            f"{_rests_on(summary)}{_still_failing(summary)}{_weaker(summary)}"
        )
    if summary.outcome == Outcome.STOPPED:
        reason = stop_reason(summary.stop_reason or "")
        detail = f": {summary.stop_message}" if summary.stop_message else ""
        if reason.family is Family.NOTHING:
            return f"Nothing to fix{detail}"
        return f"I stopped because {reason.because}{detail}"
    return f"Not finished: {summary.task}"


def receipt_lines(summary: RunSummary) -> tuple[str, ...]:
    """The whole receipt as plain lines."""
    lines = [first_line(summary)]
    lines += [f"  {fact}" for fact in _facts(summary)]
    if summary.question is not None and summary.question.options:
        lines.append(f"  options: {', '.join(summary.question.options)}")
    lines += ["", *_evidence(summary)]
    lines += [f"  weaker: {weakened}" for weakened in summary.weakened]
    lines += [f"  tried {tried}" for tried in summary.tried[-_SHOWN_TRIED:]]
    lines += [f"  {told}" for told in (*summary.dropped, *summary.notes)]
    lines += [f"  warning: {warning}" for warning in summary.warnings]
    if summary.advice:
        lines.append(f"  hint: {summary.advice}")
    lines += ["", "Next:", *(f"  {action}" for action in summary.next_actions)]
    return tuple(printable(line, keep="\n\t") for line in lines)


def receipt_markdown(summary: RunSummary) -> str:
    """The receipt as a Markdown file."""
    head, *rest = receipt_lines(summary)
    body = "\n".join(rest).strip("\n")
    return f"# {head}\n\nRun `{summary.run_id}`\n\n```\n{body}\n```\n"


def check_line(result: CheckResult, known: int = 0) -> str:
    """One check in a few words: ``✓ tests  12 passed  0.8 s``."""
    mark = "✓" if result.passed else ("~" if known else "✗")
    parts = [f"{mark} {result.check}"]
    if result.passed_count is not None:
        parts.append(f"{result.passed_count} passed")
    if result.failed_count:
        parts.append(f"{result.failed_count} failed")
    if not result.passed and not (result.failed_count and result.status is CheckStatus.FAILED):
        parts.append(result.status.value.replace("_", " "))
    if known:
        parts.append(f"({known} known, the base has {'it' if known == 1 else 'them'} too)")
    parts.append("cached" if result.cached else f"{result.duration_s:.1f} s")
    return "  ".join(parts)


def _still_failing(summary: RunSummary) -> str:
    """What the first line must not hide: where the base fails, "verified" means "no new failures" only."""
    names = dict.fromkeys(known.check for known in summary.known_failures)
    blind = [result.check for result in summary.checks if result.is_blind and result.check in names]
    seeing = [name for name in names if name not in blind]
    said = f"; {', '.join(seeing)} fail{'s' if len(seeing) == 1 else ''} as on the base" if seeing else ""
    return said + (f"; {', '.join(blind)}: no test passes, nor on the base" if blind else "")


def _rests_on(summary: RunSummary) -> str:
    """Nor that no test has seen the change."""
    return f"; {summary.rests_on}" if summary.rests_on else ""


def _weaker(summary: RunSummary) -> str:
    """Nor this: where tests or checks got weaker, "verified" means less than before."""
    if not summary.weakened:
        return ""
    more = f" and {len(summary.weakened) - 1} more" if len(summary.weakened) > 1 else ""
    return f"; weaker: {summary.weakened[0]}{more}"


def _told(fixed: CheckFailure) -> str:
    """A test by its id, a complaint by its words; an output that nobody understood by its check only."""
    failure = fixed.failure
    if failure.key.startswith("output::"):
        return f"{fixed.check} passes"
    return failure.key if failure.message.startswith(f"{failure.key}:") else failure.message


def _facts(summary: RunSummary) -> tuple[str, ...]:
    """Three lines, not a log; of what a program said the last ones."""
    last = stop_reason(summary.stop_reason or "").family in {Family.WORKER, Family.ENVIRONMENT}
    return summary.facts[-_SHOWN_FACTS:] if last else summary.facts[:_SHOWN_FACTS]


def _telling(summary: RunSummary) -> tuple[CheckResult, ...]:
    """All checks of a verified run; of a stopped one the few that say most."""
    if summary.outcome == Outcome.VERIFIED:
        return summary.checks
    return tuple(sorted(summary.checks, key=lambda result: result.passed)[:_SHOWN_CHECKS])


def _evidence(summary: RunSummary) -> list[str]:
    lines = []
    for result in _telling(summary):
        known = sum(failure.check == result.check for failure in summary.known_failures)
        lines.append(f"  {check_line(result, known)}")
    if summary.fixed_failures:
        mended = [_told(fixed) for fixed in summary.fixed_failures]
        more = f" and {len(mended) - _SHOWN_MENDED} more" if len(mended) > _SHOWN_MENDED else ""
        lines.append(f"  mended: {', '.join(mended[:_SHOWN_MENDED])}{more}")
    if summary.files_changed:
        files = summary.files_changed
        more = f" and {len(files) - _SHOWN_FILES} more" if len(files) > _SHOWN_FILES else ""
        lines.append(f"  changed: {', '.join(map(printable, files[:_SHOWN_FILES]))}{more}")
    if summary.proven_by and summary.outcome == Outcome.VERIFIED:
        lines.append(f"  proven by: {', '.join(summary.proven_by)}")
    if summary.commit:
        if summary.outcome != Outcome.VERIFIED:
            done = summary.milestones
            lines.append(f"  {done.completed} of {done.planned} milestones are verified and committed:")
        lines.append(f"  commit {summary.commit[:12]} on {summary.branch}")
        lines.append(f"  tree {(summary.verified_tree or '')[:12]} is exactly what was checked")
    if summary.outcome != Outcome.VERIFIED and summary.last_snapshot and summary.files_changed:
        lines.append(f"  the work is safe in {summary.last_snapshot}")
    lines += [f"  work found in the worktree is safe in {ref}" for ref in summary.rescued]
    if summary.sandbox not in {None, "none"}:
        lines.append("  your checkout was not touched: nothing of the run could write there")
    return lines
