"""What a run decided by itself, and from which inputs: the audit trail, a fold over events."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from journeyman.domain.events import (
    Event,
    FastDecided,
    IntegrityJudged,
    NewTestsJudged,
    Payload,
    QuestionDecided,
    RetryDecided,
    ReviewDecided,
    RungDecided,
    RungTaken,
    ScopeDropped,
    TransientRetried,
)


@dataclass(frozen=True)
class Decision:
    """One decision that no person made."""

    seq: int
    clock_s: float
    kind: str
    """The event's kind."""
    decided: str
    """What was decided and why, in one line."""
    inputs: dict[str, Any]
    """All that the decision was made from and came to, as the timeline has it."""

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return dataclasses.asdict(self)


def decisions(events: tuple[Event, ...]) -> tuple[Decision, ...]:
    """Every decision on a timeline, in order. A rung that was decided says more than the retry that it is."""
    found = []
    rungs = any(isinstance(event.payload, RungDecided) for event in events)  # older versions wrote none
    for event in events:
        told = decision_text(event.payload)
        if told is not None and not (rungs and isinstance(event.payload, RetryDecided)):
            inputs = dataclasses.asdict(event.payload)
            found.append(Decision(event.seq, event.clock_s, event.payload.kind, told, inputs))
    return tuple(found)


def decision_lines(events: tuple[Event, ...]) -> tuple[str, ...]:
    """The audit trail for people."""
    lines = [f"{each.clock_s:>7.1f} s  {each.kind:<16}  {each.decided}" for each in decisions(events)]
    return tuple(lines) or ("this run decided nothing by itself yet",)


def decision_text(payload: Payload) -> str | None:  # noqa: C901, PLR0911 - a table of event kinds
    """What a decision came to, in one line; ``None`` for an event that is none."""
    match payload:
        case FastDecided(decision=fast):
            answer = "yes" if fast.eligible else "no"
            return f"fast path: {answer} ({'; '.join(fast.reasons)})"
        case ReviewDecided(decision=review):
            return f"review: {'yes' if review.needed else 'no'} ({'; '.join(review.reasons)})"
        case RetryDecided(next_attempt=number, reason=reason):
            return f"attempt {number}: {reason}"
        case RungDecided(decision=rung_decision):
            what = rung_decision.rung.value if rung_decision.rung else f"stop ({rung_decision.stop_code})"
            return f"next is {what}: {rung_decision.reason}"
        case RungTaken(rung=rung, reason=reason, outcome=outcome, duration_s=took):
            return f"{rung.value}: {reason}; {outcome + ', ' if outcome else ''}{took:.1f} s"
        case ScopeDropped(violations=violations, ref=ref):
            return f"dropped: {'; '.join(violation.message for violation in violations)}; kept in {ref}"
        case IntegrityJudged(weakenings=weakenings, policy=policy):
            return f"weaker ({policy}): {'; '.join(each.message for each in weakenings)}"
        case TransientRetried(code=code, message=message, wait_s=wait_s):
            return f"again in {wait_s:g} s: {message} ({code})"
        case QuestionDecided(question=question):
            return f"was told to decide by itself: {question.question}"
        case NewTestsJudged(paths=paths, counts=counts, reason=reason):
            named = f" ({', '.join(paths)})" if paths else ""
            return f"new test{named} {'counts' if counts else 'does not count'}: {reason}"
        case _:
            return None
