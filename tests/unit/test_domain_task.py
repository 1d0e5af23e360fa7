from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.domain.errors import JourneymanError
from journeyman.domain.identity import branch_name, new_run_id, slug
from journeyman.domain.plan import Risk
from journeyman.domain.task import Size, Task, parse_task


def test_a_sentence_is_a_task() -> None:
    assert parse_task("fix the off-by-one in pagination") == Task(
        "fix the off-by-one in pagination", "fix the off-by-one in pagination"
    )


def test_front_matter_narrows_the_task() -> None:
    task = parse_task(
        "---\ntitle: Pagination\nsize: small\nscope:\n  allow: ['src/**']\n  deny: docs/\nchecks: [tests]\n"
        "risk: low\ndepends_on: []\nworker: autofix\nmodel: openai:x\nacceptance:\n  - page 2 starts at 11\n---\n"
        "# Fix it\n\nBody.\n"
    )
    assert task == Task(
        title="Pagination",
        text="# Fix it\n\nBody.",
        size=Size.SMALL,
        allow=("src/**",),
        deny=("docs/",),
        checks=("tests",),
        risk=Risk.LOW,
        worker="autofix",
        model="openai:x",
        acceptance=("page 2 starts at 11",),
    )


def test_the_first_heading_is_the_title_when_none_is_given() -> None:
    assert parse_task("\n## Add   a flag\n\nmore").title == "Add a flag"


def test_windows_line_ends_and_a_byte_order_mark_are_read() -> None:
    assert parse_task("\ufeff---\r\ntitle: A\r\n---\r\nB\r\n") == Task("A", "B")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the task is empty"),
        ("---\ntitel: x\n---\nbody", "unknown key 'titel' in the task; did you mean 'title'?"),
        (
            "---\nscope: {alow: [a]}\n---\nbody",
            "unknown key 'alow' in scope in the task; did you mean 'allow'?",
        ),
        (
            "---\nsize: smal\n---\nbody",
            "size in the task is 'smal', not one of small, medium, large; did you mean 'small'?",
        ),
        ("---\nscope: src\n---\nbody", "scope in the task must be a mapping with allow and deny"),
        ("---\nchecks: 3\n---\nbody", "checks in the task must be a text or a list of texts"),
        ("---\n- a\n---\nbody", "the front matter of the task is not a list of KEY: VALUE lines"),
        ("---\ntitle: [\n---\nbody", "the front matter of the task is not YAML at line 2"),
        ("---\ntitle: 3\n---\nbody", "title in the task must be a text"),
        (
            "---\ndepends_on: [first]\n---\nbody",
            "depends_on in the task is not supported yet: a task is worked whatever became of others",
        ),
        ("---\ndepends_on: 3\n---\nbody", "depends_on in the task must be a text or a list of texts"),
        ("x" * 200_001, "the task has 200,001 characters; at most 200,000 are read"),
    ],
)
def test_a_bad_task_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(JourneymanError) as caught:
        parse_task(text)
    assert caught.value.code == "bad-task"
    assert caught.value.message == message


@given(st.text(max_size=300))
def test_any_text_is_a_task_or_a_clear_error(text: str) -> None:
    try:
        task = parse_task(text)
    except JourneymanError as error:
        if error.code != "bad-task":
            raise
    else:
        assert task.title
        assert task.text


@given(st.text(max_size=100))
def test_branch_names_are_safe(title: str) -> None:
    name = slug(title)
    assert name
    assert len(name) <= 40
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert branch_name("r", title) == f"journeyman/r/{name}"


def test_run_ids_sort_by_time() -> None:
    from datetime import UTC, datetime

    first = new_run_id(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    second = new_run_id(datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC))
    assert first.startswith("20260102-030405-")
    assert first < second
