"""What the simulated model does, told from the conversation alone."""

from __future__ import annotations

import json

import pytest

from bench.simmodel.values import Finish, Move
from tests.support.simulated import (
    AGENT,
    CLAUDE,
    FILE,
    NEW,
    NUMBERED,
    OLD,
    OPENCODE,
    SESSION,
    SHELL,
    TASK,
    Chat,
    arguments,
    function,
)

GUTTERS = {
    "none": "{text}",
    "agent": "{number}|{text}",
    "aligned": "{number:>5}| {text}",
    "tab": "{number}\t{text}",
    "arrow": "{number:>6}→{text}",
    "colon": "{number}: {text}",
    "grep": "src/paging.py:{number}:{text}",
}


@pytest.mark.parametrize("gutter", GUTTERS.values(), ids=GUTTERS)
def test_it_edits_at_once_what_it_has_seen(gutter: str):
    shown = "\n".join(gutter.format(number=n, text=line) for n, line in enumerate(FILE.splitlines(), 1))
    thought = Chat(f"Mend the paging.\n\n{shown}\n", AGENT).next()
    assert [call.name for call in thought.answer.calls] == ["edit", "done"]
    assert arguments(thought) == {"edits": [{"path": "src/paging.py", "old": OLD, "new": NEW}]}
    assert arguments(thought, 1) == {"summary": "Rounded up."}
    assert thought.answer.finish is Finish.CALLS


def test_it_searches_reads_and_edits_what_it_has_not_seen():
    chat = Chat("Mend the paging", AGENT)
    first = chat.next()
    assert (first.move, arguments(first)) == (Move.SEARCH, {"patterns": ["def pages"]})
    chat.give("src/paging.py:4:def pages(items, size):")
    second = chat.next()
    assert (second.move, arguments(second)) == (Move.READ, {"files": [{"path": "src/paging.py"}]})
    chat.give(NUMBERED)
    assert chat.next().move is Move.EDIT


def test_without_calls_side_by_side_the_work_is_handed_in_with_the_edit():
    thought = Chat(f"paging\n{FILE}", AGENT, parallel_tool_calls=False).next()
    assert [call.name for call in thought.answer.calls] == ["edit"]
    assert arguments(thought)["done"] == "Rounded up."


@pytest.mark.parametrize(
    "report",
    ["Your work was judged and came back:\n- test_pages: assert 0 == 1", "VERIFY failed: 1 test", "2 errors"],
)
def test_a_report_of_failures_brings_the_next_step(report: str):
    chat = Chat(f"paging\n{FILE}", AGENT)
    chat.next()
    chat.give("ok: edited src/paging.py", "noted")
    chat.say(report)
    thought = chat.next()
    assert arguments(thought, 1) == {"summary": "At least one."}
    assert arguments(thought)["edits"][1] == {"path": "docs/paging.md", "content": "# Paging\n"}


def test_a_report_can_be_the_result_of_done():
    chat = Chat(f"paging\n{FILE}", AGENT)
    chat.next()
    chat.give("ok: edited src/paging.py", "pytest: 1 failed")
    assert arguments(chat.next(), 1) == {"summary": "At least one."}


def test_after_the_last_step_it_gives_up():
    chat = Chat(f"paging\n{FILE}", AGENT)
    for _ in range(2):
        chat.next()
        chat.give("ok", "noted")
        chat.say("the checks fail")
    thought = chat.next()
    assert (thought.move, thought.answer.calls[0].name) == (Move.DONE, "done")
    assert "nothing more to try" in arguments(thought)["summary"]


def test_another_conversation_goes_on_where_the_file_shows_that_the_first_ended():
    shown = FILE.replace(OLD, NEW)
    chat = Chat(f"paging\n{shown}\n# What went wrong before\n\n- tests: 1 failed", AGENT)
    assert arguments(chat.next(), 1) == {"summary": "At least one."}
    untold = Chat(f"paging\n{shown}\n# What went wrong before\n\nNothing: this is the first attempt.", AGENT)
    assert (untold.next().move) is Move.DONE


def test_an_edit_that_did_not_apply_is_made_again_after_a_look():
    chat = Chat(f"paging\n{FILE}", AGENT)
    chat.next()
    chat.give("error: src/paging.py: old is not in the file", "noted")
    look = chat.next()
    assert (look.move, arguments(look)) == (Move.READ, {"files": [{"path": "src/paging.py"}]})
    chat.give(NUMBERED)
    assert chat.next().move is Move.EDIT


def test_an_edit_that_applied_beside_one_that_did_not_is_not_made_again():
    edits = [{"path": "a.py", "old": "one", "new": "uno"}, {"path": "a.py", "old": "two", "new": "due"}]
    chat = Chat("task\none\ntwo", AGENT, session=[{"match": "task", "steps": [{"edits": edits}]}])
    chat.next()
    chat.give("ok: edited a.py\nerror: a.py: not found", "noted")
    chat.next()
    chat.give("1|uno\n2|two")
    assert arguments(chat.next()) == {"edits": [{"path": "a.py", "old": "two", "new": "due"}]}


def test_it_says_so_when_it_cannot_find_the_text():
    chat = Chat("paging", AGENT)
    for _ in range(3):
        chat.next()
        chat.give("nothing here")
    thought = chat.next()
    assert arguments(thought) == {"summary": "I could not find the text to change in src/paging.py."}


BLOCKED = {
    **TASK,
    "blocked": {"reason": "two readings", "question": "Up or down?", "options": ["up", "down"]},
}


def test_it_asks_until_it_is_answered():
    asked = Chat(f"paging\n{FILE}", AGENT, session=[BLOCKED]).next()
    assert asked.answer.calls[0].name == "blocked"
    assert arguments(asked) == {
        "reason": "two readings",
        "question": "Up or down?",
        "options": ["up", "down"],
    }
    answered = Chat(f"paging\n{FILE}\n# A person's answer\n\nup", AGENT, session=[BLOCKED]).next()
    assert answered.move is Move.EDIT
    told = Chat("paging", SHELL, session=[BLOCKED]).next().answer.text
    assert json.loads(told.splitlines()[-1])["blocked"]["question"] == "Up or down?"


def forced(name: str, task: str, session=None):
    tool = function(name, "summary")
    choice = {"type": "function", "function": {"name": name}}
    return Chat(task, [tool], session=session, tool_choice=choice).next()


def test_plans():
    thought = forced("submit_plan", "Mend the paging")
    assert arguments(thought)["milestones"][0]["files"] == ["docs/paging.md", "src/paging.py"]
    plan = {"summary": "s", "milestones": [{"title": "A", "risk": "high"}, {"title": "B"}]}
    thought = forced("submit_plan", "Mend the paging", [{**TASK, "plan": plan}])
    assert [(m["title"], m["risk"]) for m in arguments(thought)["milestones"]] == [
        ("A", "high"),
        ("B", "low"),
    ]
    assert arguments(forced("submit_plan", "something else"))["milestones"]


def test_reviews_judge_the_step_that_the_diff_shows():
    rejected = {
        "verdict": "request_changes",
        "summary": "no",
        "findings": [{"message": "zero", "severity": "error", "path": "src/paging.py", "line": 6}],
    }
    steps = [{**TASK["steps"][0], "review": rejected}, TASK["steps"][1]]
    session = [{**TASK, "steps": steps, "review": {"verdict": "approve", "summary": "fine"}}]
    diff = "".join(f"+{line}\n" for line in NEW.splitlines())
    review = arguments(forced("submit_review", f"paging\n{diff}", session))
    assert review == rejected
    assert arguments(forced("submit_review", "paging", session))["verdict"] == "approve"


def test_a_forced_tool_of_unknown_meaning_gets_arguments_that_fit():
    assert arguments(forced("final_result", "Mend the paging")) == {"summary": "as the task asks"}


def test_side_requests_get_a_short_text():
    assert (
        Chat("Generate a title for this conversation:\nMend the paging", []).next().answer.text
        == "Mend the paging"
    )
    schema = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
    wanted = {"type": "json_schema", "json_schema": {"name": "t", "schema": schema}}
    assert json.loads(Chat("A title:\npaging", [], response_format=wanted).next().answer.text) == {
        "title": "paging"
    }


def test_an_unknown_task_ends():
    thought = Chat("Something else", AGENT).next()
    assert (thought.move, thought.task) == (Move.DONE, None)
    assert "no task that matches" in arguments(thought)["summary"]


def test_claude_codes_tools_are_read_before_they_edit_and_take_full_paths():
    chat = Chat(f"paging\n{FILE}", CLAUDE, system="Primary working directory: /home/ada/p")
    assert arguments(chat.next()) == {"pattern": "def pages", "output_mode": "content", "-n": True}
    chat.give("src/paging.py:4:def pages(items, size):")
    assert arguments(chat.next()) == {"file_path": "/home/ada/p/src/paging.py"}
    chat.give(FILE)
    edit = {"file_path": "/home/ada/p/src/paging.py", "old_string": OLD, "new_string": NEW}
    assert arguments(chat.next()) == edit
    chat.give("The file has been updated successfully.")
    assert arguments(chat.next()) == {"command": "python3 check.py", "description": "as the task asks"}
    chat.give("Exit code 1\n1 failed")
    assert [call.name for call in chat.next().answer.calls] == ["Edit", "Write"]
    chat.give("updated", "created")
    chat.next()
    chat.give("2 passed, 0 failed")
    end = chat.next().answer
    assert (end.text, end.calls, end.finish) == ("At least one.", (), Finish.STOP)


def test_opencodes_tools():
    chat = Chat("paging", OPENCODE)
    assert chat.next().answer.calls[0].name == "grep"
    chat.give("nothing")
    assert arguments(chat.next()) == {"filePath": "src/paging.py"}
    chat.give("\n".join(f"{n}: {line}" for n, line in enumerate(FILE.splitlines(), 1)))
    assert arguments(chat.next()) == {"filePath": "src/paging.py", "oldString": OLD, "newString": NEW}


@pytest.mark.parametrize(
    "name", ["bash", "shell", "exec_command", "run_shell_command", "local_shell", "terminal"]
)
def test_shells_under_any_name(name: str):
    assert "grep" in arguments(Chat("paging", [function(name, "command")]).next())["command"]
    assert "grep" in arguments(Chat("paging", [function(name, "cmd")]).next())["cmd"]
    listed = function(name, command={"type": "array", "items": {"type": "string"}})
    assert arguments(Chat("paging", [listed]).next())["command"][:2] == ["bash", "-lc"]


def test_apply_patch_is_used_where_it_is_offered():
    chat = Chat(f"paging\n{FILE}", [*SHELL, function("apply_patch", "input")])
    patch = arguments(chat.next())["input"]
    assert patch.splitlines() == [
        "*** Begin Patch",
        "*** Update File: src/paging.py",
        "@@",
        "-    size = max(1, size)",
        "-    return items // size",
        "+    size = max(1, size)",
        "+    return -(-items // size)",
        "*** End Patch",
    ]


def test_search_replace_blocks_where_the_prompt_asks_for_them():
    chat = Chat("Mend the paging", [], system="Answer in *SEARCH/REPLACE* blocks")
    assert "src/paging.py" in chat.next().answer.text
    chat.say(f"I added it:\nsrc/paging.py\n```\n{FILE}```")
    said = chat.next().answer.text
    assert f"src/paging.py\n```\n<<<<<<< SEARCH\n{OLD}=======\n{NEW}>>>>>>> REPLACE\n```" in said
    chat.say("Tests: 1 failed")
    assert "max(1, -(-items // size))" in chat.next().answer.text


def test_whole_files_where_the_prompt_asks_for_them():
    chat = Chat("Mend the paging", [], system="Return a *file listing* of each file")
    assert "src/paging.py" in chat.next().answer.text
    chat.say(f"I added it:\nsrc/paging.py\n```\n{FILE}```")
    assert f"src/paging.py\n```\n{FILE.replace(OLD, NEW)}```" in chat.next().answer.text
    chat.say("Thanks")
    assert chat.next().move is Move.DONE


def test_the_order_of_the_files_and_of_the_tasks():
    session = [{"match": "other"}, {"match": "paging", "steps": TASK["steps"]}]
    assert Chat("paging", SHELL, session=session).next().move is Move.READ
    assert SESSION["tasks"] == [TASK]


# How it looks around and thinks


def test_it_looks_at_one_thing_in_each_answer_where_the_session_says_so():
    task = {
        **TASK,
        "one_at_a_time": True,
        "search": ["def pages", "size"],
        "needs": ["README.md"],
        "must_see": [{"path": "src/shop.py", "text": "def total():"}],
    }
    chat = Chat("Mend the paging", AGENT, session=[task])
    looks = []
    for result in ("nothing", "nothing", "# Shop", "def total():", NUMBERED):
        thought = chat.next()
        looks.append((thought.move, arguments(thought)))
        chat.give(result)
    assert looks == [
        (Move.SEARCH, {"patterns": ["def pages"]}),
        (Move.SEARCH, {"patterns": ["size"]}),
        (Move.READ, {"files": [{"path": "README.md"}]}),
        (Move.READ, {"files": [{"path": "src/shop.py"}]}),
        (Move.READ, {"files": [{"path": "src/paging.py"}]}),
    ]
    assert chat.next().move is Move.EDIT


def test_what_must_be_seen_is_read_although_the_lines_to_change_are_there():
    task = {**TASK, "must_see": [{"path": "src/shop.py", "text": "def total():"}]}
    assert Chat(f"paging\n{FILE}", AGENT, session=[task]).next().move is Move.SEARCH
    assert Chat(f"paging\n{FILE}\ndef total():", AGENT, session=[task]).next().move is Move.EDIT


def test_thoughts_are_counted_by_what_they_lead_to():
    task = {**TASK, "reasoning": {"edit": 300, "mend": 200, "search": 10}}
    assert Chat("paging", AGENT, session=[task]).next().answer.reasoning_tokens == 10
    chat = Chat(f"paging\n{FILE}", AGENT, session=[task])
    assert chat.next().answer.reasoning_tokens == 300
    chat.give("ok: edited src/paging.py", "noted")
    chat.say("Your work came back: 1 failed")
    assert chat.next().answer.reasoning_tokens == 200
    assert Chat("paging", AGENT).next().answer.reasoning_tokens == 0


def test_a_file_that_an_earlier_attempt_may_have_written_is_read_before_it_is_written():
    steps = [
        {"edits": [{"path": "new.py", "write": "import os\nx = 1\n"}]},
        {"edits": [{"path": "new.py", "old": "import os\n", "new": ""}]},
    ]
    failed = "paging\n\nYour work was judged and came back. Mend these:\n- lint: new.py: unused"
    chat = Chat(failed, AGENT, session=[{"match": "paging", "steps": steps}])
    assert chat.next().move is Move.READ
    chat.give("new.py (2 lines)\n1|import os\n2|x = 1")
    assert arguments(chat.next()) == {"edits": [{"path": "new.py", "old": "import os\n", "new": ""}]}
    absent = Chat(failed, AGENT, session=[{"match": "paging", "steps": steps}])
    absent.next()
    absent.give("new.py: error: No such file or directory")
    assert arguments(absent.next())["edits"][0]["content"] == "import os\nx = 1\n"


PLANNER = [function("submit_plan", "summary"), *AGENT[:2]]


@pytest.mark.parametrize(
    ("told", "moves"),
    [
        ("# Files\n\nREADME.md\nsrc/pages.py", [Move.SEARCH, Move.PLAN]),
        ("# Files\n\nsrc/pages.py (whole)\n1|def pages():", [Move.PLAN]),
        ("Mend src/pages.py, please", [Move.PLAN]),
        ("Mend the pages\n\n# Files\n\nsrc/pages.py\nsrc/other.py", [Move.PLAN]),
    ],
)
def test_it_looks_before_it_names_a_file_that_it_was_told_nothing_of(told: str, moves: list[Move]):
    task = {**TASK, "steps": [{"edits": [{"path": "src/pages.py", "old": "size", "new": "n"}]}]}
    chat = Chat(f"paging\n\n{told}\n", PLANNER, session=[task])
    seen = []
    for _ in moves:
        seen.append(chat.next().move)
        chat.give("src/pages.py:4:def pages(items, size):")
    assert seen == moves


def test_it_reads_at_once_what_it_was_told_of():
    thought = Chat("paging\n\nIts source: src/paging.py, others", AGENT).next()
    assert (thought.move, arguments(thought)) == (Move.READ, {"files": [{"path": "src/paging.py"}]})


def test_a_patch_shows_the_file_as_it_is_after_it():
    patch = "--- a/src/paging.py\n+++ b/src/paging.py\n@@ -5,2 +5,2 @@\n     size = max(1, size)\n"
    patch += "-    return items // size\n+    return -(-items // size)\n"
    chat = Chat(
        f"paging\n# What it changed\n\n{patch}\n\n# What went wrong before\n\n- tests: 1 failed", AGENT
    )
    assert arguments(chat.next(), 1) == {"summary": "At least one."}


def test_in_a_file_that_is_cut_it_searches_for_the_place():
    chat = Chat("paging in src/paging.py, long", AGENT)
    assert chat.next().move is Move.READ
    chat.give("src/paging.py (2000 lines, an outline of them: read what you need by range)\n4|def pages")
    found = chat.next()
    assert found.move is Move.SEARCH
    chat.give(f"{arguments(found)['patterns'][0]}: 1 matches\nsrc/paging.py:905:    return items // size")
    assert arguments(chat.next()) == {"files": [{"path": "src/paging.py", "start": 874, "end": 936}]}
