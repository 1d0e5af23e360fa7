"""Counting tokens (four characters each) and what a provider's prompt cache would have held."""

from __future__ import annotations

import json
from collections import OrderedDict
from threading import Lock

from bench.simmodel.values import Answer, Conversation, Prompt, Usage

CHARACTERS_PER_TOKEN = 4
BLOCK_TOKENS = 128
_MAX_CONVERSATIONS = 500
_MAX_PROMPTS = 12


def compact(value: object) -> str:
    """The shortest JSON text: what prompts are measured on."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def answer_characters(answer: Answer) -> int:
    """All that the model had to write."""
    return len(answer.text) + sum(len(call.name) + len(call.raw) for call in answer.calls)


def answer_tokens(answer: Answer) -> int:
    """Completion tokens; even an empty answer bills one, its end."""
    return max(1, -(-answer_characters(answer) // CHARACTERS_PER_TOKEN))


class PrefixCache:
    """The prompts seen so far, by model and opening: what of a new prompt repeats one of them.

    Without marks the longest common prefix counts, in whole blocks of 128 tokens. With Anthropic's
    marks only a prefix that ended at a mark earlier, and lies within the last mark now.
    """

    def __init__(self, minimum_tokens: int = 0) -> None:
        """``minimum_tokens``: shorter prefixes are not cached; OpenAI's is 1,024."""
        self._minimum = minimum_tokens
        self._seen: OrderedDict[tuple[str, str, str], list[str]] = OrderedDict()
        self._lock = Lock()

    def use(self, conversation: Conversation) -> Usage:
        """Count the prompt, and remember it."""
        prompt = conversation.prompt
        key = (conversation.protocol.value, conversation.model, conversation.opening)
        with self._lock:
            earlier = self._seen.setdefault(key, [])
            self._seen.move_to_end(key)
            usage = _marked(prompt, earlier) if prompt.marks is not None else _automatic(prompt, earlier)
            held = [prompt.text[:mark] for mark in prompt.marks or ()] or [prompt.text]
            if prompt.marks != ():
                earlier[:] = [*(old for old in earlier if old not in held), *held][-_MAX_PROMPTS:]
            while len(self._seen) > _MAX_CONVERSATIONS:
                self._seen.popitem(last=False)
        cached = usage.cached if usage.cached >= self._minimum else 0
        written = usage.written if usage.cached + usage.written >= self._minimum else 0
        return Usage(usage.prompt, cached, written)

    def forget(self) -> None:
        """Start over."""
        with self._lock:
            self._seen.clear()


def _tokens(characters: int) -> int:
    return characters // CHARACTERS_PER_TOKEN


def _automatic(prompt: Prompt, earlier: list[str]) -> Usage:
    common = max((common_length(prompt.text, old) for old in earlier), default=0)
    return Usage(_tokens(len(prompt.text)), _tokens(common) // BLOCK_TOKENS * BLOCK_TOKENS)


def _marked(prompt: Prompt, earlier: list[str]) -> Usage:
    last = max(prompt.marks or (0,))
    read = max((len(old) for old in earlier if len(old) <= last and prompt.text.startswith(old)), default=0)
    return Usage(_tokens(len(prompt.text)), _tokens(read), _tokens(last) - _tokens(read))


def common_length(first: str, second: str) -> int:
    """How many characters two texts begin with in common: bisected, for texts of megabytes."""
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
