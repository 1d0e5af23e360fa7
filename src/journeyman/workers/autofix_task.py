"""Which tasks the repository's own fixers can do: a conservative reading of the task's words."""

from __future__ import annotations

import re
from typing import NamedTuple

from journeyman.domain.checks import Fixer
from journeyman.domain.task import Task


class AutofixDecision(NamedTuple):
    """Whether a task is one for the autofix worker, and why."""

    possible: bool
    reason: str


_TOOLS = r"ruff|eslint|flake8|pycodestyle|clippy|stylelint|golangci-lint|biome|rubocop"
_FORMATTERS = (
    r"black|isort|autopep8|prettier|gofmt|gofumpt|goimports|go fmt|cargo fmt|rustfmt|clang-format|codespell|"
    r"ruff format|biome format"
)
_SPELLERS = ("codespell", "typos")
_THE = r"(?:(?:the|all|all the|all of the|any|every|our|these|this|remaining|existing|current) )*"
_WHOLE = (
    r"(?:the |this |our |all |all the |whole |entire |the whole |the entire )*"
    r"(?:code ?base|repo|repository|project|tree|code|source|sources|source code|everything|"
    r"(?:source |python |javascript |typescript |go |rust )?files|"
    r"(?:python|javascript|typescript|go|rust)(?: code)?)"
)
_EVERYWHERE = rf"(?: everywhere| (?:in|of|on|over|across|throughout|for) {_WHOLE})?"
_PROBLEMS = (
    r"(?:errors?|issues?|warnings?|problems?|failures?|violations?|complaints?|findings?|offen[cs]es?|nits?)"
)
_LANGUAGE = r"(?:(?:python|javascript|typescript|js|ts|go|rust) )?"
_SUBJECT = (
    r"(?:lint|linting|code style|coding style|formatting|import (?:order|ordering|sorting)|unsorted imports|"
    r"trailing whitespace|whitespace|typos?|spelling|misspellings?|spelling mistakes)"
)
# "fix ruff" may as well mean its configuration: a tool's name needs to be followed by what it complains of.
_OF_TOOL = rf"(?:linter|formatter|{_TOOLS}|{_FORMATTERS})(?:'s)? (?:{_PROBLEMS}|formatting|lint|linting)"
_NOUNS = (
    rf"{_LANGUAGE}(?:{_SUBJECT}(?: {_PROBLEMS})?|{_OF_TOOL})|(?:style|format) (?:errors|issues|violations)"
)
_FIX = r"(?:auto-?fix|fix|fix up|mend|repair|resolve|correct|address|clean up|clear|clean|solve|get rid of)"

# What a clause may be, whole. Nothing else is: "fix the lint command's bug" must find no home here.
_FIXES = re.compile(rf"{_FIX} {_THE}(?:{_NOUNS}){_EVERYWHERE}")
_ONWARD = re.compile(rf"{_THE}(?:{_NOUNS}|{_PROBLEMS}){_EVERYWHERE}")
_CLAUSES = (
    _FIXES,
    re.compile(rf"(?:auto-?)?(?:re)?format(?: {_WHOLE})?"),
    re.compile(rf"lint(?: {_WHOLE})?|lint fix(?:es)?|apply {_THE}(?:lint |linter |auto-?)?fixe?s"),
    re.compile(rf"(?:apply|fix up) {_THE}(?:code )?(?:formatting|formatter){_EVERYWHERE}"),
    re.compile(rf"(?:sort|re-?order|organi[sz]e) {_THE}{_LANGUAGE}imports?{_EVERYWHERE}"),
    re.compile(rf"(?:remove|strip|trim) {_THE}trailing (?:whitespace|spaces){_EVERYWHERE}"),
    re.compile(
        rf"(?:make|get|keep) {_THE}(?:lint|linter|linting|{_TOOLS})(?: check| checks)? "
        r"(?:pass|passing|happy|green|clean|pass again|green again|clean again)"
    ),
    re.compile(
        rf"(?:run |apply |use |execute )?(?:{_TOOLS}|cargo clippy)(?: check| --all| \.)*"
        r"(?: (?:--)?fix| --write| -a)(?: \.)?(?: (?:on|over) everything)?"
    ),
    re.compile(
        rf"(?:run|apply|use|execute) (?:{_FORMATTERS})(?: -w| --write| \.| --all)*(?: (?:on|over) {_WHOLE})?"
    ),
    re.compile(
        r"(?:ruff format|cargo fmt|go fmt|gofmt -w|prettier --write|codespell -w|isort|black)(?: \.)?"
    ),
    re.compile(rf"run {_THE}(?:code )?(?:formatters?|auto-?fix(?:ers?)?|fixers?)(?: (?:on|over) {_WHOLE})?"),
    re.compile(rf"run {_THE}linters? with (?:--fix|fix|fixes|auto-?fix)"),
)
_COURTESY = re.compile(r"^(?:please|kindly|just|can you|could you|would you)\s+|\s+(?:please|for me)$")
_MARKUP = re.compile(r"^\s*(?:#+|[-*+]|\d+[.)])\s+(?:\[[ x]\]\s+)?", re.MULTILINE)
_SEPARATORS = re.compile(r"[.!?;](?=\s|$)|[\n,&:]|\b(?:and then|and|then|as well as|plus)\b")


def can_autofix(task: Task, fixers: tuple[Fixer, ...] | None = None) -> AutofixDecision:
    """Whether every part of the task is one that fixers mend without a model.

    ``fixers`` are those that the repository has, when known: a tool that the task names must be among them,
    and typos need a spelling fixer. A task that names a place or has acceptance criteria is not for autofix.
    """
    if fixers == ():
        return _no("the repository has no fixer")
    if task.acceptance:
        return _no("the task has acceptance criteria, which no fixer can judge")
    clauses = [*_clauses(task.title), *_clauses(task.text)]
    if not clauses:
        return _no("the task says nothing")
    fixing = False
    for clause in clauses:
        if not (any(form.fullmatch(clause) for form in _CLAUSES) or (fixing and _ONWARD.fullmatch(clause))):
            return _no(f'"{clause[:80]}" is not something a fixer does')
        fixing = fixing or _FIXES.fullmatch(clause) is not None
        lacking = _lacking(clause, fixers)
        if lacking:
            return _no(f'"{clause[:80]}" needs {lacking}, which is not set up here')
    reason = "the task asks only for lint or formatting that the repository's fixers mend"
    return AutofixDecision(possible=True, reason=reason)


def _no(reason: str) -> AutofixDecision:
    return AutofixDecision(possible=False, reason=reason)


def _clauses(text: str) -> list[str]:
    plain = _MARKUP.sub("", text).replace("`", "").replace("\u2019", "'").replace('"', "").lower()
    parts = (" ".join(part.split()).strip(" -") for part in _SEPARATORS.split(plain))
    return [clause for clause in (_courteous(part) for part in parts) if clause]


def _courteous(clause: str) -> str:
    shorter = _COURTESY.sub("", clause)
    return shorter if shorter == clause else _courteous(shorter)


def _lacking(clause: str, fixers: tuple[Fixer, ...] | None) -> str | None:
    """The tool that the clause needs and the repository lacks; unknown fixers lack only the speller."""
    has = [f"{fixer.name} {fixer.command}".lower() for fixer in fixers or ()]
    if re.search(r"\b(?:typos?|spelling|misspellings?)\b", clause):
        spells = any(speller in words for speller in _SPELLERS for words in has)
        return None if spells else "a spelling fixer (codespell or typos)"
    named = re.search(rf"\b(?:{_FORMATTERS}|{_TOOLS})\b", clause)
    if named is None or fixers is None:
        return None
    program = named[0].split()[0]
    return None if any(re.search(rf"\b{re.escape(program)}\b", words) for words in has) else program
