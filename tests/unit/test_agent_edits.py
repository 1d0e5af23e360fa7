from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.workers.agent.edits import apply_edits, replaced

CODE = "def a():\n    x = 1\n    return x\n\n\ndef b():\n    return 2\n"


@pytest.mark.parametrize(
    ("old", "new", "result"),
    [
        ("    return 2", "    return 3", CODE.replace("return 2", "return 3")),
        ("2|    x = 1", "2|    x = 9", CODE.replace("x = 1", "x = 9")),
        (
            " 2|    x = 1\n 3|    return x\n",
            " 2|    x = 4\n 3|    return x\n",
            CODE.replace("x = 1", "x = 4"),
        ),
        ("x = 1\nreturn x", "x = 5\nreturn -x", CODE.replace("x = 1\n    return x", "x = 5\n    return -x")),
        (
            "        x = 1\n        return x",
            "        return 7",
            CODE.replace("    x = 1\n    return x", "    return 7"),
        ),
        ("def b():  \n    return 2\t", "def b():\n    return 4", CODE.replace("return 2", "return 4")),
        ("    x = 1\n", "", CODE.replace("    x = 1\n", "")),
    ],
)
def test_search_and_replace_finds_the_one_place(old: str, new: str, result: str) -> None:
    assert replaced(CODE, old, new) == result


@pytest.mark.parametrize(
    ("old", "message"),
    [
        ("", "old is empty"),
        ("return", "old is there 2 times (lines 3, 7); add lines around it"),
        ("    retrun x", "old is not in the file; the nearest lines are\n3|    return x"),
        ("nothing like it at all", "old is not in the file"),
    ],
)
def test_a_block_that_does_not_match_says_precisely_why(old: str, message: str) -> None:
    with pytest.raises(ValueError, match=r"old") as caught:
        replaced(CODE, old, "y")
    assert str(caught.value).startswith(message)


def test_windows_line_ends_stay() -> None:
    text = CODE.replace("\n", "\r\n")
    assert replaced(text, "x = 1\n    return x", "x = 2\n    return x") == text.replace("x = 1", "x = 2")


@given(st.text(max_size=200), st.text(min_size=1, max_size=30), st.text(max_size=30))
def test_any_text_is_replaced_once_or_refused(text: str, old: str, new: str) -> None:
    try:
        result = replaced(text, old, new)
    except ValueError:
        return
    if text.count(old) == 1:
        assert result == text.replace(old, new)


def test_many_files_in_one_call_and_a_failing_edit_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(CODE)
    (tmp_path / "gone.py").write_text("x")
    (tmp_path / "old.py").write_text("y")
    edits: list[Any] = [
        {"path": "a.py", "old": "return 2", "new": "return 3"},
        {"path": "a.py", "old": "no such line anywhere", "new": ""},
        {"path": "new/b.py", "content": "z\n"},
        {"path": "gone.py", "delete": True},
        {"path": "old.py", "rename_to": "sub/new.py"},
        {"path": "../outside.py", "content": "!"},
        {"path": "a.py"},
        {"path": "a.py", "olld": "x"},
        "nonsense",
    ]
    outcomes = apply_edits(tmp_path, edits)
    assert [outcome.ok for outcome in outcomes] == [True, False, True, True, True, False, False, False, False]
    assert (tmp_path / "a.py").read_text() == CODE.replace("return 2", "return 3")
    assert (tmp_path / "new" / "b.py").read_text() == "z\n"
    assert not (tmp_path / "gone.py").exists()
    assert (tmp_path / "sub" / "new.py").read_text() == "y"
    assert not (tmp_path.parent / "outside.py").exists()


def test_links_do_not_lead_out(tmp_path: Path) -> None:
    root = tmp_path / "work"
    root.mkdir()
    (tmp_path / "secret").write_text("s")
    (root / "link").symlink_to(tmp_path / "secret")
    (outcome,) = apply_edits(root, [{"path": "link", "content": "x"}])
    assert (outcome.ok, outcome.message) == (False, "link: link leads out of the worktree")
    assert (tmp_path / "secret").read_text() == "s"
