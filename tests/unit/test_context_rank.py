from __future__ import annotations

from array import array
from pathlib import Path

import pytest

from journeyman.context.index.database import Database
from journeyman.context.index.history import PastCommit
from journeyman.context.index.kinds import FileKind, file_kind
from journeyman.context.index.parse import parse_file
from journeyman.context.index.segment import Segment
from journeyman.context.index.tree import Tree
from journeyman.context.index.view import Index, IndexedFile, view
from journeyman.context.rank.features import Evidence
from journeyman.context.rank.fuse import gather, signal_weights
from journeyman.context.rank.joined import joined_signal
from journeyman.context.rank.neighbours import neighbour_signals
from journeyman.context.rank.paths import PathTerms
from journeyman.context.rank.query import path_terms, read_query, weighted_terms
from journeyman.context.rank.weights import LONG, SHORT

ISSUE = """Parsing fails for `parse_date`
### Checklist

- [x] I have read the manual

It broke in pkg.dates since 3.2, see src/pkg/dates.py and `--no-cache-dir`.

```python
pkg.parse_date("now")
```

```
Traceback (most recent call last):
  File "main.py", line 3, in <module>
    main()
  File "/usr/lib/python3/site-packages/pkg/dates.py", line 41, in parse_date
    raise ValueError("no such date")
ValueError: no such date
```
"""


def test_reasons_say_the_words_of_the_task_and_not_their_stems() -> None:
    query = read_query("Certificates of repositories\n\nuseInfiniteQuery refetches")
    assert {query.spoken[term] for term in query.title_terms} == {"certificates", "repositories"}
    assert {"useInfiniteQuery", "infinite", "refetches"} <= set(query.spoken.values())


def test_a_text_is_taken_apart() -> None:
    query = read_query(ISSUE)
    assert query.title == "Parsing fails for `parse_date`"
    assert "manual" not in query.prose
    assert "pkg.parse_date" in query.code
    assert "Traceback" in query.log
    assert query.errors == "ValueError: no such date"
    assert {"parse_date", "no_cache_dir"} <= set(query.names)
    assert "src/pkg/dates.py" in query.paths
    assert "pkg.dates" in query.dotted
    assert [(frame.path.rsplit("/", 1)[-1], frame.line) for frame in query.frames] == [
        ("dates.py", 41),
        ("main.py", 3),
    ]


def test_the_title_weighs_most() -> None:
    weights = weighted_terms(read_query("alpha\n\nbeta beta\n\n```\ngamma\n```\n"))
    assert weights["alpha"] > weights["beta"] > weights["gamma"]


PATHS = (
    "README.md", "setup.py", "src/parseDates.py", "src/parse_dates/__init__.py", "src/parse_dates/dates.py",
    "src/parse_dates/_HTTPServer.v2.py", "src/parse_dates/ΟΔΟΣx.py", "src/Straße/Größe_tests.py",
    "tests/parsing/test_dates.py", "tests/parsing/test-dates.spec.ts", "web/dates\nparse.ts", "web/.dates",
)  # fmt: skip


def index_of(texts: dict[str, str], database: Database) -> Index:
    """Equal texts are one content, of which the index holds one place."""
    keys = {path: f"{hash(text):x}" for path, text in sorted(texts.items())}
    segment = Segment()
    for key, path in {key: path for path, key in keys.items()}.items():
        segment.add(key, parse_file(texts[path].encode(), path))
    segment.add("gone", parse_file(b"def parse_date(): ...\n", "gone.py"))
    database.add(segment)
    return view(Tree(Path(), keys, ()), database, (), ())


def test_searched_names_hold_what_names_taken_apart_hold(tmp_path: Path) -> None:
    database = Database(tmp_path / "index.sqlite")
    index = index_of({path: path for path in PATHS}, database)
    terms = {term for path in PATHS for term in path_terms(path)}
    assert {"parse", "=parsedates", "date", "=test_dates"} <= terms
    paths = PathTerms(index)
    for term in sorted(terms | {"nowhere", "ate", "=parse"}):
        anywhere, own = paths.holding(term)
        assert anywhere == {n for n, file in enumerate(index.files) if term in path_terms(file.path)}, term
        stems = [Path(file.path).stem for file in index.files]
        assert own == {n for n, stem in enumerate(stems) if term in path_terms(stem)}, term
    database.close()


def test_files_are_counted_like_postings_with_copies_and_without_what_is_gone(tmp_path: Path) -> None:
    database = Database(tmp_path / "index.sqlite")
    same = "def parse_date(page):\n    return page\n\n\ndef other(page):\n    return page\n"
    index = index_of({"a.py": same, "b.py": same, "c.py": "page = 1\n", "d.py": "x = 2\n"}, database)
    for term in ("page", "parse", "=parse_date", "!parse_date", "date", "nowhere"):
        assert index.count(term) == len(index.posting(term)), term
    assert index.count("page") == 3
    assert sorted(index.posting("!parse_date")) == [0, 1]
    assert index.files[0].lengths == index.files[1].lengths != array("I")
    database.close()


def test_words_side_by_side_are_found_as_one_identifier() -> None:
    postings = {
        "=strict_optional": {3: [(0, 1)]},
        "=hashsum": {1: [(0, 1)], 2: [(0, 1)]},
        "=for_the": {4: [(0, 1)]},
    }
    query = read_query("Use strict optional for the checks\n\nHash sums. Strict: optional")
    scores, told = joined_signal(query, lambda term: postings.get(term, {}))
    assert scores == {3: 1.0, 1: 0.5, 2: 0.5}
    assert told[3] == ["strict_optional"]
    assert joined_signal(read_query("strict: optional"), lambda term: postings.get(term, {}))[0] == {}


def listed(paths: list[str], history: tuple[PastCommit, ...] = ()) -> Index:
    files = tuple(IndexedFile(path, path, file_kind(path), 9, array("I"), "") for path in paths)
    return Index(Tree(Path(), {path: path for path in paths}, ()), files, history)


@pytest.mark.parametrize(("title", "found"), [("Add a public name", True), ("Correct a sum", False)])
def test_what_exports_a_source_counts_where_names_change(title: str, found: bool) -> None:
    index = listed(["pkg/__init__.py", "pkg/sub/__init__.py", "pkg/sub/dates.py", "other/__init__.py"])
    signals = neighbour_signals(index, {2: 1.0}, evidence := Evidence(), read_query(title))
    assert signals["export"] == ({1: 1.0, 0: 0.5} if found else {})
    assert evidence.neighbours.get(1) == ("shows others what pkg/sub/dates.py defines" if found else None)


def test_what_changes_with_everything_is_less_of_a_companion() -> None:
    paths = ["a.py", "b.py", "hub.py", *(f"x{at}.py" for at in range(20))]
    history = [PastCommit(0, ("a.py", "b.py"), ()), PastCommit(0, ("a.py", "hub.py"), ())]
    history += [PastCommit(0, (f"x{at}.py", "hub.py"), ()) for at in range(20)]
    evidence = Evidence()
    signals = neighbour_signals(listed(paths, tuple(history)), {0: 1.0}, evidence, read_query("a task"))
    assert signals["together"][1] > 2 * signals["together"][2] > 0
    assert evidence.neighbours[1] == "changed with a.py in 1 of 2 commits"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("build/lib/pkg/a.py", FileKind.GENERATED),
        ("src/pkg/operations/build/metadata.py", FileKind.SOURCE),
        ("packages/one/dist/a.js", FileKind.GENERATED),
    ],
)
def test_a_package_that_builds_is_no_output_of_a_build(path: str, kind: FileKind) -> None:
    assert file_kind(path) is kind


def test_what_changed_lately_counts_for_a_text_that_says_little() -> None:
    index = listed(["a.py", "b.py"], (PastCommit(0, ("a.py",), ("sum",)),))
    words = " ".join(f"word{chr(97 + at // 26)}{chr(97 + at % 26)}" for at in range(80))
    assert gather(index, read_query("Correct a sum")).signals["recent"].keys() == {0}
    assert "recent" not in gather(index, read_query(f"Correct a sum\n\n{words}")).signals


def test_the_last_commits_count_more_than_those_before() -> None:
    history = (PastCommit(0, ("a.py",), ()), *(PastCommit(0, ("b.py",), ()) for _ in range(12)))
    signals = gather(listed(["a.py", "b.py"], history), read_query("Correct a sum")).signals
    assert signals["latest"][0] > 0.25 * signals["latest"][1]
    assert signals["recent"][0] / signals["recent"][1] < signals["latest"][0] / signals["latest"][1]


@pytest.mark.parametrize(("count", "length"), [(1, 0.0), (8, 0.0), (16, 1 / 3), (64, 1.0), (120, 1.0)])
def test_a_text_is_weighed_by_its_length(count: int, length: float) -> None:
    query = read_query(" ".join(f"word{chr(97 + at // 26)}{chr(97 + at % 26)}" for at in range(count)))
    assert query.count == count
    weights = signal_weights(query)
    assert weights.keys() == SHORT.keys() == LONG.keys()
    expected = SHORT["chunk"] ** (1 - length) * LONG["chunk"] ** length
    assert weights["chunk"] == pytest.approx(expected)
