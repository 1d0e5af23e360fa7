"""The second stage's pure part: what is asked, which answers are used, and how an order is blended in."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.context.rank.features import Evidence
from journeyman.context.rank.fuse import RankedFile, Ranking
from journeyman.context.rank.query import read_query
from journeyman.context.rank.rerank import DEPTH, SUBMIT_ORDER, blended, order_request, read_order, reordered
from journeyman.domain.context import Candidate, ModelOrder

FILES = (Candidate("a.py", ("def a():",)), Candidate("b.py", ()), Candidate("c.py", ()))


@pytest.mark.parametrize(
    ("arguments", "paths"),
    [({"order": [3, 1]}, ("c.py", "a.py")), ({"order": [2], "why": "x"}, ("b.py",))],
)
def test_an_answer_is_read(arguments: dict[str, object], paths: tuple[str, ...]) -> None:
    assert read_order(arguments, FILES) == paths


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (None, "no list"),
        ({}, "no list"),
        ({"order": []}, "no list"),
        ({"order": "3, 1"}, "no list"),
        ({"order": {"1": 2}}, "no list"),
        ({"order": [1, "2"]}, "no whole number"),
        ({"order": [1, 2.0]}, "no whole number"),
        ({"order": [True, 2]}, "no whole number"),
        ({"order": [1, None]}, "no whole number"),
        ({"order": [1, 4]}, "no file has the number 4"),
        ({"order": [0]}, "no file has the number 0"),
        ({"order": [-1]}, "no file has the number -1"),
        ({"order": [1, 2, 1]}, "twice"),
    ],
)
def test_a_garbled_answer_is_not_used_at_all(arguments: dict[str, object] | None, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_order(arguments, FILES)


def test_the_request_holds_paths_and_signatures_only() -> None:
    request = order_request("Mend it", (*FILES, Candidate("odd\n9. name.py", ())), 500)
    (message,) = request.messages
    assert "1. a.py\n   def a():\n2. b.py\n3. c.py\n4. odd 9. name.py" in message.text
    assert request.force_tool == SUBMIT_ORDER.name
    assert request.max_output_tokens == 500


def test_a_long_task_is_cut() -> None:
    text = order_request("x" * 50_000, FILES, 16_000).messages[0].text
    assert len(text) < 7_000
    assert "[cut: 50,000 characters in all]" in text


@pytest.mark.parametrize(
    ("own", "order", "explicit", "expected"),
    [
        ("abcd", "dc", "", "dcab"),
        ("abcd", "", "", "abcd"),
        ("abcd", "abcd", "", "abcd"),
        ("abcd", "zd", "", "dabc"),  # a file that is no longer there
        ("abcd", "dcb", "a", "adcb"),
        ("abcd", "dca", "b", "dbca"),
        ("abcd", "dc", "d", "dcab"),  # explicit, and the model likes it too
        ("abcd", "dc", "abcd", "abcd"),
        ("abcdef", "fed", "bc", "fbceda"),
    ],
)
def test_blending(own: str, order: str, explicit: str, expected: str) -> None:
    assert "".join(blended(own, order, explicit)) == expected


@given(st.permutations(range(12)), st.integers(0, 12), st.sets(st.integers(0, 11)))
def test_explicit_paths_never_fall_and_nothing_is_lost(
    order: list[int], length: int, explicit: set[int]
) -> None:
    own = [str(number) for number in range(12)]
    made = blended(own, [str(number) for number in order[:length]], {str(number) for number in explicit})
    assert sorted(made) == sorted(own)
    for number in explicit:
        assert made.index(str(number)) <= number
    free = [path for path in made if int(path) not in explicit]
    wanted = [str(number) for number in order[:length] if number not in explicit]
    assert [path for path in free if path in wanted] == wanted


def ranking(count: int, **evidence: dict[int, object]) -> Ranking:
    files = tuple(RankedFile(n, f"f{n}.py", round(1 - n / 100, 4), ("why",)) for n in range(count))
    return Ranking(read_query("task"), files, Evidence(**evidence))  # type: ignore[arg-type]


def test_places_keep_their_scores_and_reasons_say_who_moved() -> None:
    made = reordered(ranking(60), ModelOrder("openai:m", ("f8.py", "f0.py", "f55.py")))
    assert [file.path for file in made.files[:4]] == ["f8.py", "f0.py", "f1.py", "f2.py"]
    assert made.files[0].reasons == ("moved from 9 to 1 by openai:m", "why")
    assert made.files[9].reasons == ("why",), "it did not move"
    assert all(first.score >= second.score for first, second in pairwise(made.files))
    assert made.files[DEPTH:] == ranking(60).files[DEPTH:], "what was not shown to the model stays"


def test_quoted_paths_and_tracebacks_stay() -> None:
    known = ranking(5, mentioned={0: "f0.py"}, framed={1: [7]})
    made = reordered(known, ModelOrder("m", ("f4.py", "f3.py", "f2.py")))
    assert [file.path for file in made.files] == ["f0.py", "f1.py", "f4.py", "f3.py", "f2.py"]
    assert reordered(known, None) is known
