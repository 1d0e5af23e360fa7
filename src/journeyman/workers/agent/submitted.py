"""Plans and reviews as a model submits them, read leniently where that is safe."""

from __future__ import annotations

from typing import Any

from journeyman.domain.plan import Finding, Milestone, Plan, Review, Risk, Severity, Verdict

MAX_MILESTONES = 8


def read_plan(arguments: dict[str, Any]) -> Plan:
    """The submitted plan. Raises ValueError, in words for the model, when it cannot be used."""
    milestones = arguments.get("milestones")
    if not isinstance(milestones, list) or not milestones:
        raise ValueError("milestones must be a list that is not empty")
    if len(milestones) > MAX_MILESTONES:
        raise ValueError(f"at most {MAX_MILESTONES} milestones")
    return Plan(tuple(_milestone(item) for item in milestones), _text(arguments.get("summary")))


def read_review(arguments: dict[str, Any]) -> Review:
    """The submitted verdict. Raises ValueError, in words for the model, when it cannot be used.

    A verdict against the change needs an error to stand on; without one it is an approval with remarks.
    """
    verdicts = {verdict.value: verdict for verdict in Verdict}
    verdict = verdicts.get(_text(arguments.get("verdict")))
    if verdict is None:
        raise ValueError(f"verdict must be one of {', '.join(verdicts)}")
    items = arguments.get("findings")
    findings = (
        tuple(_finding(item) for item in items if isinstance(item, dict)) if isinstance(items, list) else ()
    )
    if verdict is Verdict.REQUEST_CHANGES and not any(found.severity is Severity.ERROR for found in findings):
        verdict = Verdict.APPROVE
    return Review(verdict, _text(arguments.get("summary")), findings)


def _milestone(item: object) -> Milestone:
    if not isinstance(item, dict) or not _text(item.get("title")):
        raise ValueError("each milestone needs a title")
    risks = {risk.value: risk for risk in Risk}
    return Milestone(
        title=_text(item["title"]),
        goal=_text(item.get("goal")),
        files=_texts(item.get("files")),
        risk=risks.get(_text(item.get("risk")), Risk.MEDIUM),
        done_when=_texts(item.get("done_when")),
        look_for=_texts(item.get("look_for")),
    )


def _finding(item: dict[str, Any]) -> Finding:
    severities = {severity.value: severity for severity in Severity}
    line = item.get("line")
    return Finding(
        message=_text(item.get("message")),
        severity=severities.get(_text(item.get("severity")), Severity.WARNING),
        path=_text(item.get("path")) or None,
        line=line if isinstance(line, int) and not isinstance(line, bool) else None,
    )


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    return (
        tuple(item.strip() for item in value if isinstance(item, str) and item.strip())
        if isinstance(value, list)
        else ()
    )
