"""An answer of Anthropic's Messages put together from its events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from journeyman.domain.model import Finish, ToolCall
from journeyman.models.answers import (
    TryUsage,
    clean_json,
    join_surrogates,
    read_tool_call,
    sent_arguments,
    token_count,
    token_total,
)
from journeyman.models.anthropic.messages import OPAQUE
from journeyman.models.errors import ModelFailure

_FINISHES = {
    "end_turn": Finish.STOP,
    "stop_sequence": Finish.STOP,
    "pause_turn": Finish.STOP,
    "tool_use": Finish.TOOLS,
    "max_tokens": Finish.LENGTH,
    "model_context_window_exceeded": Finish.LENGTH,
    "refusal": Finish.REFUSAL,
}
# Which field of a block a delta goes on with.
_GROWS = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}


@dataclass
class _Block:
    """A content block as it grows; ``pieces`` are the JSON of a call's input."""

    content: dict[str, Any]
    pieces: list[str] = field(default_factory=list)

    @property
    def call(self) -> ToolCall | None:
        if self.content.get("type") != "tool_use":
            return None
        call_id, name = str(self.content.get("id") or ""), str(self.content.get("name") or "")
        given = self.content.get("input")
        if not "".join(self.pieces) and isinstance(given, dict):
            return ToolCall(call_id, name, clean_json(given))
        return read_tool_call(call_id, name, "".join(self.pieces))

    @property
    def whole(self) -> dict[str, Any]:
        """The block for sending it back."""
        call = self.call
        block = {**self.content, "input": sent_arguments(call)} if call else self.content
        return {name: clean_json(value) for name, value in block.items()}


class MessageStream:
    """Feed it the payloads of the events; or one whole message."""

    def __init__(self, model: str) -> None:
        self._asked_model = model
        self._model: str | None = None
        self._blocks: dict[int, _Block] = {}
        self._reason: str | None = None
        self._usage: dict[str, Any] = {}
        self._recognised = False

    @property
    def complete(self) -> bool:
        """Whether the model said why it stopped."""
        return self._reason is not None

    @property
    def failure(self) -> ModelFailure | None:
        """Why the answer is of no use, when this is all of it."""
        if self.complete:
            return None
        if not self._recognised:
            return ModelFailure("the answer is no message", unusable=True)
        return ModelFailure("the answer ended before it was complete")

    def feed(self, payload: dict[str, Any]) -> None:
        """Take one event's payload, or a whole message."""
        match payload.get("type"):
            case "message_start":
                self._take_message(payload.get("message"))
            case "message":
                self._take_message(payload)
            case "content_block_start":
                self._start(_number(payload), payload.get("content_block"))
            case "content_block_delta":
                self._grow(_number(payload), payload.get("delta"))
            case "message_delta":
                self._take_usage(payload.get("usage"))
                self._take_reason(payload.get("delta"))
            case _:  # pings, and what is yet to be invented
                pass

    @property
    def text(self) -> str:
        """The text of all text blocks."""
        texts = (block.content.get("text") for block in self._ordered if block.content.get("type") == "text")
        return join_surrogates("".join(text for text in texts if isinstance(text, str)))

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The calls, in the model's order."""
        return tuple(call for block in self._ordered if (call := block.call) is not None)

    @property
    def finish(self) -> Finish:
        """Why it ended."""
        finish = _FINISHES.get(self._reason or "", Finish.STOP)
        if finish in {Finish.STOP, Finish.TOOLS}:
            return Finish.TOOLS if self.calls else Finish.STOP
        return finish

    @property
    def opaque(self) -> Any:  # noqa: ANN401 - JSON
        """All blocks in their order, when there is thinking among them."""
        blocks = [block.whole for block in self._ordered]
        if all(block.get("type") in {"text", "tool_use"} for block in blocks):
            return None
        kept = [
            block for block in blocks if block.get("type") != "text" or str(block.get("text", "")).strip()
        ]
        return {OPAQUE: {"model": self._asked_model, "blocks": kept}}

    @property
    def usage(self) -> TryUsage:
        """What the usage says: cached tokens are not part of Anthropic's ``input_tokens``."""
        fresh = token_count(self._usage.get("input_tokens"))
        read = token_count(self._usage.get("cache_read_input_tokens"))
        written = token_count(self._usage.get("cache_creation_input_tokens"))
        return TryUsage(
            model=self._model,
            tokens_in=None if fresh is None else token_total([fresh, read, written]),
            tokens_cached=read,
            tokens_written=written,
            tokens_out=token_count(self._usage.get("output_tokens")),
        )

    @property
    def _ordered(self) -> list[_Block]:
        return [self._blocks[index] for index in sorted(self._blocks)]

    def _take_message(self, message: Any) -> None:  # noqa: ANN401 - a provider's JSON
        if not isinstance(message, dict):
            return
        self._recognised = True
        if isinstance(message.get("model"), str):
            self._model = message["model"]
        self._take_usage(message.get("usage"))
        content = message.get("content")
        for index, block in enumerate(content if isinstance(content, list) else []):
            self._start(index, block)
        self._take_reason(message)

    def _take_usage(self, usage: Any) -> None:  # noqa: ANN401 - a provider's JSON
        # The figures of later events are totals, not additions.
        if isinstance(usage, dict):
            self._usage |= {name: value for name, value in usage.items() if value is not None}

    def _take_reason(self, holder: Any) -> None:  # noqa: ANN401 - a provider's JSON
        if isinstance(holder, dict) and holder.get("stop_reason"):
            self._reason = str(holder["stop_reason"])

    def _start(self, index: int, block: Any) -> None:  # noqa: ANN401 - a provider's JSON
        if isinstance(block, dict):
            self._recognised = True
            self._blocks[index] = _Block(dict(block))

    def _grow(self, index: int, delta: Any) -> None:  # noqa: ANN401 - a provider's JSON
        block = self._blocks.get(index)
        if block is None or not isinstance(delta, dict):
            return
        kind = str(delta.get("type"))
        if kind == "input_json_delta" and isinstance(delta.get("partial_json"), str):
            block.pieces.append(delta["partial_json"])
        name = _GROWS.get(kind)
        if name is not None and isinstance(delta.get(name), str):
            block.content[name] = str(block.content.get(name) or "") + delta[name]


def _number(payload: dict[str, Any]) -> int:
    return token_count(payload.get("index")) or 0
