"""From a request's body to what is to be sent, in each protocol; knows no HTTP."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

from bench.simmodel.faults import Fault, Planned, shortened, spoilt
from bench.simmodel.ledger import Exchange
from bench.simmodel.mind import think
from bench.simmodel.session import Session
from bench.simmodel.tokens import PrefixCache, answer_tokens
from bench.simmodel.values import Answer, Conversation, Protocol, Usage
from bench.simmodel.wire import chat, messages, responses, responses_writing
from bench.simmodel.wire.errors import (
    broken,
    invalid,
    no_model,
    quota,
    rate_limited,
    too_long,
    unauthorized,
)
from bench.simmodel.wire.events import Event

_DEFAULT_CONTEXT = 200_000
_MAX_STORED = 1_000
_WRITERS = {
    Protocol.CHAT: chat.write,
    Protocol.RESPONSES: responses_writing.write,
    Protocol.MESSAGES: messages.write,
}
_STREAMERS = {
    Protocol.CHAT: chat.events,
    Protocol.RESPONSES: responses_writing.events,
    Protocol.MESSAGES: messages.events,
}


@dataclass(frozen=True)
class Reply:
    """An answer, ready to be sent whole or as events."""

    conversation: Conversation
    answer: Answer
    usage: Usage
    id: str

    def body(self) -> dict[str, Any]:
        """The whole answer."""
        return _WRITERS[self.conversation.protocol](self.conversation, self.answer, self.usage, self.id)

    def events(self) -> Iterator[Event]:
        """The answer as events."""
        return _STREAMERS[self.conversation.protocol](self.conversation, self.answer, self.usage, self.id)


class Service:
    """The model behind the endpoints."""

    def __init__(self, session: Session, cache_minimum_tokens: int = 0) -> None:
        self.session = session
        self.cache = PrefixCache(cache_minimum_tokens)
        self._stored: OrderedDict[str, list[Any]] = OrderedDict()
        self._lock = Lock()

    def reply(
        self, protocol: Protocol, body: dict[str, Any], planned: Planned | None, exchange: Exchange
    ) -> Reply:
        """Answer the request and note its figures. Raises ApiError: a bad request, or the fault."""
        conversation = self.read(protocol, body)
        exchange.model, exchange.stream = conversation.model, conversation.stream
        self._refuse(conversation, planned)
        thought = think(self.session, conversation)
        if planned:
            thought = spoilt(planned.fault, thought, self.session, conversation)
        answer = thought.answer
        if conversation.max_tokens is not None and answer_tokens(answer) > conversation.max_tokens:
            answer = shortened(answer, conversation.max_tokens)
        written, thought_of = answer_tokens(answer), answer.reasoning_tokens
        used = self.cache.use(conversation)
        usage = replace(used, completion=written + thought_of, reasoning=thought_of)
        exchange.move, exchange.task = thought.move.value, thought.task
        exchange.prompt_tokens, exchange.completion_tokens = usage.prompt, usage.completion
        exchange.cached, exchange.cache_written = usage.cached, usage.written
        reply = Reply(conversation, answer, usage, secrets.token_hex(12))
        if protocol is Protocol.RESPONSES and body.get("store") is not False:
            self._store(reply, body)
        return reply

    def read(self, protocol: Protocol, body: dict[str, Any], *, counting: bool = False) -> Conversation:
        """The request as a conversation. Raises ApiError(400)."""
        match protocol:
            case Protocol.CHAT:
                return chat.read(body)
            case Protocol.RESPONSES:
                return responses.read(body, self._earlier(body))
            case Protocol.MESSAGES:
                return messages.read(body, counting=counting)

    def _refuse(self, conversation: Conversation, planned: Planned | None) -> None:
        protocol, fault = conversation.protocol, planned.fault if planned else None
        tokens = len(conversation.prompt.text) // 4
        limit = self.session.context_tokens or _DEFAULT_CONTEXT
        match fault:
            case Fault.RATE_LIMIT if planned:
                raise rate_limited(1.0 if planned.argument is None else planned.argument)
            case Fault.RATE_LIMIT_BARE:
                raise rate_limited(None)
            case Fault.SERVER_ERROR | Fault.UNAVAILABLE | Fault.OVERLOADED:
                raise broken(protocol, int(fault.value))
            case Fault.UNAUTHORIZED:
                raise unauthorized(protocol)
            case Fault.NO_MODEL:
                raise no_model(protocol, conversation.model)
            case Fault.TOO_LONG:
                raise too_long(protocol, max(tokens, limit + 1), limit)
            case Fault.QUOTA:
                raise quota(protocol)
            case _:
                pass
        if self.session.models and conversation.model not in self.session.models:
            raise no_model(protocol, conversation.model)
        if self.session.context_tokens is not None and tokens > limit:
            raise too_long(protocol, tokens, limit)

    def _earlier(self, body: dict[str, Any]) -> list[Any]:
        if (previous := body.get("previous_response_id")) is None:
            return []
        with self._lock:
            if previous not in self._stored:
                message = f"Previous response with id '{previous}' not found."
                raise invalid(message, "previous_response_id", "previous_response_not_found")
            return self._stored[previous]

    def _store(self, reply: Reply, body: dict[str, Any]) -> None:
        items = [*self._earlier(body), *responses.items_of(body)]
        items += responses_writing.output_items(reply.answer, reply.id)
        with self._lock:
            self._stored[f"resp_{reply.id}"] = items
            while len(self._stored) > _MAX_STORED:
                self._stored.popitem(last=False)
