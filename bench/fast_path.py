"""How the fast path's first decision fares on commits of real histories, and on real issues.

``python -m bench.fast_path --data FOLDER --mirrors FOLDER [--each N] [--json FILE]``

A task is the text of a commit that changed a source file, of whatever size, in the time that ``dev.jsonl``
spans: of those with a message of 20 characters or more, the ``--each`` with the lowest ids per repository.
The decision is made as a run makes it, from the text and the tree before the commit. A commit is small when
the run's second decision, on the diff, would have asked for no review because of its size.

Of issues (``dev_issues.jsonl``) the data tells the changed source files and the lines that were there before;
so more of them seem small here than were. They show how a reporter's way of writing does.

Wrongly fast costs a plan: REVIEW comes back when the change is large. Wrongly full costs a small task its
ceremony, about half of its time.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from multiprocessing import Pool
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.retrieval.corpus import Mirror, Record, data_parser, read_records
from bench.retrieval.several import asked, commits, sources
from bench.retrieval.tasks import indexed
from journeyman.context.index.kinds import FileKind
from journeyman.context.index.view import Index
from journeyman.context.rank.fuse import rank
from journeyman.context.rank.likely import likely_files
from journeyman.domain.context import Likely
from journeyman.domain.policy.fast_path import ReviewFacts, decide_fast_path, decide_review
from journeyman.domain.scope import Scope
from journeyman.domain.settings import FastPathSettings
from journeyman.domain.task import parse_task

_SHORTEST = 20
_VARIABLE = re.compile(r"'.*'|\S*[\w-]\.\w+\S*|[\d,.]+")


@dataclass(frozen=True)
class Case:
    """One commit: what was known before it, and what it was."""

    repo: str
    sha: str
    query: str
    likely: Likely
    files: int
    lines: int

    def is_small(self, settings: FastPathSettings) -> bool:
        facts = ReviewFacts(self.files, self.lines, failed_verifies=0)
        return not decide_review(facts, settings, fast=True).needed


def cases_of(job: tuple[list[Record], Path, Path, int]) -> list[Case]:
    """The cases of one repository, whose dev records are ``job[0]``."""
    known, mirrors, cache, each = job
    mirror = Mirror(mirrors, known[0].repo, cache)
    times = [record.time for record in known]
    found: list[Case] = []
    for sha, parent, _, message, names in sorted(commits(mirror, min(times), max(times))):
        query = asked(message)
        if len(query) >= _SHORTEST and sources(names, FileKind.SOURCE):
            found.append(_case(mirror, known[0].repo, sha, parent, query))
        if len(found) == each:
            break
    return found


def _case(mirror: Mirror, repo: str, sha: str, parent: str, query: str) -> Case:
    index = mirror.index(parent)
    told = mirror.git("diff", "--numstat", "--no-renames", parent, sha).decode("utf-8", "replace")
    rows = told.splitlines()
    lines = sum(int(number) for row in rows for number in row.split("\t")[:2] if number.isdigit())
    likely = likely_files(index, rank(index, query))
    return Case(repo, sha, query, likely, len(rows), lines)


def issues_of(job: tuple[list[Record], Path, Path]) -> list[Case]:
    """The issues of one repository."""
    return [_issue(record, index) for record, index, _ in indexed(*job)]


def _issue(record: Record, index: Index) -> Case:
    lines = sum(last - first + 1 for ranges in record.gold_ranges.values() for first, last in ranges)
    likely = likely_files(index, rank(index, record.query))
    return Case(record.repo, record.sha, record.query, likely, len(record.gold), lines)


def show(title: str, cases: list[Case], settings: FastPathSettings) -> None:
    """Prints how often the decision was right, and what each reason against was worth."""
    small = sum(case.is_small(settings) for case in cases)
    print(f"\n{title}: {len(cases)}, {small} small ({small / len(cases):.0%})")
    table: Counter[tuple[bool, bool]] = Counter()
    named: Counter[tuple[str, bool]] = Counter()
    for case in cases:
        is_small = case.is_small(settings)
        decision = decide_fast_path(parse_task(case.query), Scope(), case.likely, settings)
        table[decision.eligible, is_small] += 1
        if not decision.eligible:
            named.update({(_VARIABLE.sub("…", reason), is_small) for reason in decision.reasons})
    for eligible, name in ((True, "fast"), (False, "full")):
        right, wrong = table[eligible, True], table[eligible, False]
        print(f"  {name}: {right + wrong:4}, small {right:4}, large {wrong:4} ({_share(right, wrong)} small)")
    for reason in sorted(
        {reason for reason, _ in named}, key=lambda each: -named[each, True] - named[each, False]
    ):
        print(f"    {reason[:48]:50} small {named[reason, True]:4}, large {named[reason, False]:4}")


def _share(right: int, wrong: int) -> str:
    return f"{right / (right + wrong):.0%}" if right + wrong else "none"


def main() -> None:
    parser = data_parser(__doc__)
    parser.add_argument("--each", type=int, default=24)
    parser.add_argument("--json", type=Path, help="write the cases there")
    options = parser.parse_args()
    found = {}
    with Pool() as pool:
        for source, work, more in (("dev", cases_of, (options.each,)), ("dev_issues", issues_of, ())):
            by_repo: dict[str, list[Record]] = {}
            for record in read_records([options.data / f"{source}.jsonl"]):
                by_repo.setdefault(record.repo, []).append(record)
            jobs = [(known, options.mirrors, options.cache, *more) for known in by_repo.values()]
            found[source] = [case for part in pool.map(work, jobs, chunksize=1) for case in part]
    if options.json:
        rows = {source: [asdict(case) for case in cases] for source, cases in found.items()}
        options.json.write_text(json.dumps(rows), "utf-8")
    show("commits", found["dev"], FastPathSettings())
    show("issues", found["dev_issues"], FastPathSettings())


if __name__ == "__main__":
    main()
