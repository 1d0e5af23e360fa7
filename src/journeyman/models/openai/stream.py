"""An answer of Chat Completions put together from its chunks, tolerant of what servers make of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from journeyman.domain.model import Finish, ToolCall
from journeyman.models.answers import TryUsage, clean_json, join_surrogates, read_tool_call, token_count
from journeyman.models.errors import ModelFailure
from journeyman.models.openai.messages import EXTRA_FIELD, OPAQUE, REASONING_FIELDS

_FINISHES = {
    "stop": Finish.STOP,
    "eos": Finish.STOP,
    "tool_calls": Finish.TOOLS,
    "function_call": Finish.TOOLS,
    "length": Finish.LENGTH,
    "max_tokens": Finish.LENGTH,
    "model_length": Finish.LENGTH,
    "content_filter": Finish.REFUSAL,
}


@dataclass
class _Call:
    index: int | None
    id: str
    sent_id: Any
    name: str = ""
    pieces: list[str] = field(default_factory=list)
    extra: Any = None

    def ends_before(self, index: int | None, call_id: Any) -> bool:  # noqa: ANN401 - a provider's JSON
        """Whether a piece with a name begins another call: some servers give every call index 0, some none,
        some give no ids, and some repeat id and name with every piece.
        """
        if call_id:
            return bool(call_id != self.sent_id)
        return index is None or read_tool_call("", "", "".join(self.pieces) or "-").arguments is not None


class ChatStream:
    """Feed it chunks; or one whole completion."""

    def __init__(self, *, id_prefix: str) -> None:
        self._id_prefix = id_prefix
        self._text: list[str] = []
        self._refusal: list[str] = []
        self._calls: list[_Call] = []
        self._reasoning: dict[str, Any] = {}
        self._reason: str | None = None
        self._usage: dict[str, Any] = {}
        self._model: str | None = None
        self._recognised = False

    @property
    def complete(self) -> bool:
        """Whether the model said that it had finished."""
        return self._reason is not None

    @property
    def failure(self) -> ModelFailure | None:
        """Why the answer is of no use, when this is all of it."""
        if self._reason == "error":  # some say so in place of a finish reason
            return ModelFailure("the provider broke the answer off")
        if self.complete:
            return None
        if not self._recognised:
            return ModelFailure("the answer is no chat completion", unusable=True)
        return ModelFailure("the answer ended before it was complete")

    def feed(self, chunk: dict[str, Any]) -> None:
        """Take one chunk, or a whole completion."""
        if isinstance(chunk.get("model"), str):
            self._model = chunk["model"] or self._model
        self._take_usage(chunk.get("usage"))
        for choice in _dicts(chunk.get("choices")):
            if choice.get("index") not in {0, None}:
                continue
            self._recognised = True
            self._take_usage(choice.get("usage"))
            self._take_delta(_dict(choice.get("delta")) or _dict(choice.get("message")))
            if choice.get("finish_reason"):
                self._reason = str(choice["finish_reason"])

    @property
    def text(self) -> str:
        """The answer's text, or that of the refusal."""
        return join_surrogates("".join(self._refusal or self._text))

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The calls, each with an id."""
        return tuple(
            read_tool_call(call.id, call.name, "".join(call.pieces)) for call in self._calls if call.name
        )

    @property
    def finish(self) -> Finish:
        """Why it ended. Forced calls end with "stop" at OpenAI and elsewhere."""
        finish = _FINISHES.get(self._reason or "", Finish.STOP)
        if self._refusal:
            return Finish.REFUSAL
        if finish in {Finish.STOP, Finish.TOOLS}:
            return Finish.TOOLS if self.calls else Finish.STOP
        return finish

    @property
    def opaque(self) -> Any:  # noqa: ANN401 - JSON
        """Reasoning that the provider may want back, and what came with the calls."""
        extras = {call.id: call.extra for call in self._calls if call.name and call.extra}
        kept = {**self._reasoning, EXTRA_FIELD: extras} if extras else self._reasoning
        return {OPAQUE: clean_json(kept)} if kept else None

    @property
    def usage(self) -> TryUsage:
        """What the usage says; empty when there was none."""
        details = _dict(self._usage.get("prompt_tokens_details"))
        cached = token_count(details.get("cached_tokens"))
        if cached is None:
            cached = token_count(self._usage.get("prompt_cache_hit_tokens"))
        cost = self._usage.get("cost")
        return TryUsage(
            model=self._model,
            tokens_in=token_count(self._usage.get("prompt_tokens")),
            tokens_cached=cached,
            tokens_written=token_count(details.get("cache_write_tokens")),
            tokens_out=token_count(self._usage.get("completion_tokens")),
            cost_usd=float(cost) if isinstance(cost, int | float) and not isinstance(cost, bool) else None,
        )

    def _take_usage(self, usage: Any) -> None:  # noqa: ANN401 - a provider's JSON
        if isinstance(usage, dict):
            self._usage |= {name: value for name, value in usage.items() if value is not None}

    def _take_delta(self, delta: dict[str, Any]) -> None:
        text = _content(delta.get("content"))
        if text:
            self._text.append(text)
        if isinstance(delta.get("refusal"), str) and delta["refusal"]:
            self._refusal.append(delta["refusal"])
        for name in REASONING_FIELDS:
            piece, before = delta.get(name), self._reasoning.get(name)
            if isinstance(piece, str) and piece:
                self._reasoning[name] = f"{before or ''}{piece}"
            elif isinstance(piece, list) and piece:
                self._reasoning[name] = [*(before or ()), *piece]
        for call in _dicts(delta.get("tool_calls")):
            self._take_call(call)

    def _take_call(self, delta: dict[str, Any]) -> None:
        function = _dict(delta.get("function"))
        index = token_count(delta.get("index"))
        call = self._call_of(index, delta.get("id"), function.get("name"))
        call.name = call.name or str(function.get("name") or "")
        call.extra = delta.get(EXTRA_FIELD) or call.extra
        arguments = function.get("arguments")
        if arguments is not None and arguments != "":
            call.pieces.append(arguments if isinstance(arguments, str) else json.dumps(arguments))

    def _call_of(self, index: int | None, call_id: Any, name: Any) -> _Call:  # noqa: ANN401 - a provider's JSON
        """The call that a piece belongs to."""
        known = [call for call in self._calls if index is None or call.index == index]
        if known and not (name and known[-1].ends_before(index, call_id)):
            return known[-1]
        taken = {call.id for call in self._calls}
        given = str(call_id) if call_id and str(call_id) not in taken else f"{self._id_prefix}_{len(taken)}"
        made = _Call(index, given, call_id)
        self._calls.append(made)
        return made


def _dict(value: Any) -> dict[str, Any]:  # noqa: ANN401 - a provider's JSON
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - a provider's JSON
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _content(value: Any) -> str:  # noqa: ANN401 - a provider's JSON
    """Text, also from the list of parts that some servers send."""
    if isinstance(value, str):
        return value
    return "".join(part["text"] for part in _dicts(value) if isinstance(part.get("text"), str))
