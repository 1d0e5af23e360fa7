"""The simulated model's smaller decisions: sessions, faults, the prompt cache, patches."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.simmodel.faults import Fault, Planned, parse_fault, shortened, spoilt
from bench.simmodel.mind import think
from bench.simmodel.session import Edit, load_session
from bench.simmodel.sight import Sight
from bench.simmodel.styles.scripts import patch, search_replace_blocks
from bench.simmodel.tokens import PrefixCache, common_length
from bench.simmodel.values import Answer, Call, Finish, Prompt
from bench.simmodel.wire import chat, messages
from journeyman.domain.errors import JourneymanError
from tests.support.simulated import AGENT, FILE, SESSION, SHELL, Chat

WRONG = {
    "unknown key": ("tasks: [{match: a, stepps: []}]", "did you mean 'steps'"),
    "no tasks": ("models: [a]", "tasks is missing"),
    "no match": ("tasks: [{steps: []}]", "match is missing"),
    "bad pattern": ("tasks: [{match: '('}]", "no regular expression"),
    "two kinds": ("tasks: [{match: a, steps: [{edits: [{path: a, old: b, write: c}]}]}]", "exactly one"),
    "outside": ("tasks: [{match: a, steps: [{edits: [{path: ../a, write: c}]}]}]", "plain path"),
    "verdict": ("tasks: [{match: a, review: {verdict: aprove}}]", "did you mean 'approve'"),
    "version": ("simmodel_session: 2\ntasks: [{match: a}]", "this version reads 1"),
}


@pytest.mark.parametrize(("text", "complaint"), WRONG.values(), ids=WRONG)
def test_bad_sessions_name_the_place(tmp_path: Path, text: str, complaint: str):
    path = tmp_path / "session.yaml"
    path.write_text(text)
    with pytest.raises(JourneymanError, match=complaint) as caught:
        load_session(path)
    assert caught.value.code == "bad-session"


def test_sessions_are_yaml_json_or_data(tmp_path: Path):
    (tmp_path / "s.json").write_text(json.dumps(SESSION))
    assert load_session(tmp_path / "s.json").tasks[0].steps == load_session(SESSION["tasks"]).tasks[0].steps


@pytest.mark.parametrize(
    ("spec", "planned"),
    [
        ("429", Planned(Fault.RATE_LIMIT)),
        ("429:7@2", Planned(Fault.RATE_LIMIT, 7.0, 2, 2)),
        ("500@1x3", Planned(Fault.SERVER_ERROR, None, 1, 3)),
        ("cut-mid@4+", Planned(Fault.CUT_MID, None, 4, None)),
        ("hang:0.5", Planned(Fault.HANG, 0.5)),
    ],
)
def test_faults_are_read(spec: str, planned: Planned):
    assert parse_fault(spec) == planned


def test_faults_strike_their_requests():
    assert [parse_fault("500@2x2").strikes(number) for number in range(1, 5)] == [False, True, True, False]
    with pytest.raises(ValueError, match="one of 429"):
        parse_fault("501")


def struck(fault: Fault, tools=AGENT):
    talk = Chat(f"paging\n{FILE}", tools)
    conversation = chat.read(talk.body)
    return spoilt(fault, think(talk.session, conversation), talk.session, conversation).answer


def test_what_faults_make_of_an_answer():
    assert struck(Fault.EMPTY) == Answer()
    assert struck(Fault.REFUSAL).finish is Finish.REFUSAL
    assert struck(Fault.WRONG_TOOL).calls[0].name == "do_everything"
    assert "stands in no file" in struck(Fault.BAD_EDIT).calls[0].raw
    assert "stands in no file" in struck(Fault.BAD_EDIT, SHELL).calls[0].raw
    loop = struck(Fault.LOOP).calls[0]
    assert (loop.name, loop.raw) == ("read", '{"files":[{"path":"src/paging.py"}]}')
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(struck(Fault.BAD_ARGUMENTS).calls[0].raw)
    assert struck(Fault.LENGTH).finish is Finish.LENGTH


def test_an_answer_is_cut_at_its_limit():
    answer = Answer("x" * 10, (Call("a", "read", "y" * 10), Call("b", "read", "z")))
    cut = shortened(answer, 4)
    assert (cut.text, [call.raw for call in cut.calls], cut.finish) == ("x" * 10, ["y" * 6], Finish.LENGTH)


def asked(text: str, marks: tuple[int, ...] | None = None, model: str = "sim-1"):
    conversation = chat.read({"model": model, "messages": [{"role": "user", "content": "hello"}]})
    return replace(conversation, prompt=Prompt(text, marks))


def test_the_common_prefix_is_cached_in_whole_blocks():
    cache = PrefixCache()
    first = "a" * 4000
    assert cache.use(asked(first)).cached == 0
    usage = cache.use(asked(first[:3000] + "b" * 2000))
    assert (usage.prompt, usage.cached) == (1250, 640)  # 750 common tokens are 5 blocks and a bit
    assert cache.use(asked(first)).cached == 896
    assert cache.use(asked(first, model="other")).cached == 0
    assert PrefixCache(1024).use(asked(first)).cached == 0


def test_a_short_prefix_can_be_too_short_to_cache():
    cache = PrefixCache(1024)
    cache.use(asked("a" * 4000))
    assert cache.use(asked("a" * 4000)).cached == 0
    cache.use(asked("a" * 8000))
    assert cache.use(asked("a" * 8000)).cached == 1920


def test_anthropic_caches_what_is_marked():
    cache = PrefixCache()
    first = cache.use(asked("a" * 400 + "b" * 100, (400,)))
    assert (first.prompt, first.cached, first.written) == (125, 0, 100)
    second = cache.use(asked("a" * 400 + "b" * 400, (400, 800)))
    assert (second.cached, second.written) == (100, 100)
    third = cache.use(asked("a" * 400 + "c" * 400, (800,)))
    assert (third.cached, third.written) == (100, 100)
    assert cache.use(asked("a" * 400, ())).cached == 0


def test_moving_a_mark_does_not_change_the_prompt():
    def prompt(**mark: object) -> Prompt:
        content = [{"type": "text", "text": "hello", **mark}]
        body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": content}]}
        return messages.read(body).prompt

    marked, bare = prompt(cache_control={"type": "ephemeral"}), prompt()
    assert marked.text == bare.text
    assert (marked.marks, bare.marks) == ((len(marked.text),), ())


def test_common_length():
    assert [common_length(*pair) for pair in (("", "a"), ("abc", "abd"), ("ab", "abc"), ("x", "y"))] == [
        0,
        2,
        2,
        0,
    ]


def test_patches_and_blocks_take_whole_lines():
    sight = Sight(["a.py:3:  total = one + two\na.py:4:  return total\n", "b.py (2 lines)\n1: x\n2: y"])
    edits = [(0, Edit("a.py", "one", "1")), (1, Edit("b.py", "x\n", "")), (2, Edit("c.py", write="z\n"))]
    assert patch(edits, sight) == (
        "*** Begin Patch\n*** Update File: a.py\n@@\n-  total = one + two\n+  total = 1 + two\n"
        "*** Update File: b.py\n@@\n-x\n*** Add File: c.py\n+z\n*** End Patch"
    )
    assert patch([(0, Edit("a.py", "unseen", "1"))], sight) is None
    assert "<<<<<<< SEARCH\n  total = one + two\n=======\n  total = 1 + two\n" in search_replace_blocks(
        edits, sight
    )


def test_results_that_are_json_are_read_through():
    assert Sight(['{"output": "def a():\\n    pass\\n"}']).sees("def a():\n    pass\n")


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ({"reasoning": {"edits": 3}}, "unknown key 'edits'; did you mean 'edit'?"),
        ({"reasoning": {"edit": -1}}, "edit must be a whole number"),
        ({"one_at_a_time": False}, "one_at_a_time must be true"),
        ({"must_see": [{"path": "a.py"}]}, "text is missing"),
    ],
)
def test_how_it_looks_around_is_read_strictly(keys: dict[str, Any], complaint: str):
    with pytest.raises(JourneymanError) as error:
        load_session([{"match": "x", **keys}])
    assert complaint in error.value.message
