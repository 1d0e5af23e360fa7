"""The messages of one milestone: they only grow at their end, so that providers can cache the beginning."""

from __future__ import annotations

from dataclasses import replace

from journeyman.domain.model import Message, ModelAnswer, Speaker, ToolResult

MASK_ABOVE_CHARACTERS = 240_000
_KEPT_TURNS = 6
_MASKED_FROM = 1_500


class Conversation:
    """What was said so far, and how much of it the next request repeats."""

    def __init__(self, system: str, first: str) -> None:
        self.system = system
        self.messages: tuple[Message, ...] = (Message(Speaker.USER, first),)
        self._last_sent = ""

    def hear(self, answer: ModelAnswer) -> None:
        """Add the model's answer."""
        self.messages += (Message(Speaker.ASSISTANT, answer.text, answer.calls, opaque=answer.opaque),)

    def tell(self, text: str = "", results: tuple[ToolResult, ...] = ()) -> None:
        """Add what the model is to read next; two in a row become one turn."""
        last = self.messages[-1]
        if last.speaker is Speaker.USER:
            joined = "\n\n".join(part for part in (last.text, text) if part)
            merged = replace(last, text=joined, results=last.results + results)
            self.messages = (*self.messages[:-1], merged)
        else:
            self.messages += (Message(Speaker.USER, text, results=results),)
        if len(self.serial()) > MASK_ABOVE_CHARACTERS:
            self._mask()

    def repeated_share(self) -> float:
        """The share of the next request that repeats the beginning of the one before, by characters.

        Call once for each request.
        """
        serial = self.serial()
        repeated = _common_length(self._last_sent, serial)
        self._last_sent = serial
        return repeated / len(serial) if serial else 0.0

    def serial(self) -> str:
        """All that is sent, as one text: for sizes, prefixes and the transcript."""
        parts = [self.system]
        for message in self.messages:
            parts += [f"\n\n## {message.speaker.value}\n"]
            parts += [f"[result of {result.call_id}]\n{result.content}\n" for result in message.results]
            parts += [message.text]
            parts += [f"\n[call {call.name} {call.id}] {call.raw}" for call in message.calls]
        return "".join(parts)

    def _mask(self) -> None:
        """Take old tool outputs out, all at once: each time costs the cached prefix."""
        boundary = len(self.messages) - _KEPT_TURNS
        self.messages = tuple(
            message
            if number >= boundary or number == 0
            else replace(message, results=_masked(message.results))
            for number, message in enumerate(self.messages)
        )


def _common_length(first: str, second: str) -> int:
    """How many characters two texts begin with in common: bisected, for texts of megabytes."""
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[:middle] == second[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _masked(results: tuple[ToolResult, ...]) -> tuple[ToolResult, ...]:
    return tuple(
        result
        if len(result.content) < _MASKED_FROM
        else replace(result, content=f"[{len(result.content):,} characters were here; call again if needed]")
        for result in results
    )
