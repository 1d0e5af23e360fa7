"""One HTTP exchange with a model's provider: a JSON body out, JSON events in. Nothing is tried twice here."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from journeyman import __version__
from journeyman.models.answers import TryUsage
from journeyman.models.endpoints import Endpoint
from journeyman.models.errors import (
    ModelFailure,
    TryFailed,
    read_error_body,
    response_failure,
    stream_failure,
)
from journeyman.models.sse import EventParser, OversizedEventError, ServerEvent

if TYPE_CHECKING:
    import httpx2

CONNECT_S = 10.0
FIRST_BYTE_S = 120.0
_KEEP_S = 90.0
_ERROR_BODY_BYTES = 64 * 1024
_ANSWER_BYTES = 64 * 1024 * 1024
# Of a server next door that is not there: it will not come up by waiting.
_FEW_TRIES = 4
# Enough for the last bytes of a finished answer, so that the connection can be used again.
_DRAIN_S = 0.1
# Some gateways send comments for as long as their own provider is silent.
_COMMENTS_FACTOR = 3


@dataclass
class _Heard:
    """When something was heard last, and whether the model had begun to answer."""

    started: float = field(default_factory=time.monotonic)
    last: float = field(default_factory=time.monotonic)
    began: bool = False

    def now(self) -> None:
        self.last = time.monotonic()

    @property
    def silent_s(self) -> float:
        return time.monotonic() - self.last


class Transport:
    """HTTP to one endpoint, over connections that are kept. Lives in whichever event loop is running."""

    def __init__(
        self, endpoint: Endpoint, *, connect_s: float = CONNECT_S, first_byte_s: float = FIRST_BYTE_S
    ) -> None:
        self._endpoint = endpoint
        self._connect_s = connect_s
        self._first_byte_s = first_byte_s
        self._client: httpx2.AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def post(
        self, path: str, headers: Mapping[str, str], body: Mapping[str, Any]
    ) -> AsyncGenerator[dict[str, Any], None]:
        """The JSON objects of the answer as they come: events, or one whole answer where nothing is streamed.

        Raises TryFailed. Close it to drop the connection.
        """
        import httpx2

        client = await self._open()
        heard = _Heard()
        failure: ModelFailure | None = None
        try:
            async with client.stream(
                "POST",
                f"{self._endpoint.base_url}{path}",
                headers={**headers, "content-type": "application/json"},
                # Half a surrogate pair is no text, and providers refuse it: it goes out as "?".
                content=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(
                    "utf-8", "replace"
                ),
            ) as response:
                heard.now()
                if response.status_code != 200:
                    raise TryFailed(await self._refused(response))
                heard.began = True
                async with aclosing(self._answers(response, heard)) as answers:
                    async for answer in answers:
                        yield answer
        except httpx2.HTTPError as error:
            failure = self._broken(error, heard)
        # Outside of the handler, so that the request's headers do not hang on to the error.
        if failure is not None:
            raise TryFailed(failure)

    async def aclose(self) -> None:
        """Close the kept connections."""
        client, self._client = self._client, None
        if client is not None and self._loop is asyncio.get_running_loop():
            await client.aclose()

    async def _open(self) -> httpx2.AsyncClient:
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            # TLS reads the certificate store, 0.1 s: in a thread, like the imports.
            verify = await asyncio.to_thread(_verification, self._endpoint)
            self._client, self._loop = self._new_client(verify), loop
        return self._client

    def _new_client(self, verify: Any) -> httpx2.AsyncClient:  # noqa: ANN401 - an SSLContext, or False
        import httpx2

        transport = httpx2.AsyncHTTPTransport(
            verify=verify,
            trust_env=False,
            proxy=self._endpoint.proxy,
            limits=httpx2.Limits(keepalive_expiry=_KEEP_S),
            # A model that thinks for minutes sends nothing meanwhile; routers forget such connections.
            socket_options=[(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)],
        )
        return httpx2.AsyncClient(
            transport=transport,
            trust_env=False,
            headers={
                "user-agent": f"journeyman/{__version__}",
                "accept": "text/event-stream, application/json",
            },
            timeout=httpx2.Timeout(self._first_byte_s, connect=self._connect_s, pool=self._connect_s),
        )

    async def _answers(
        self, response: httpx2.Response, heard: _Heard
    ) -> AsyncGenerator[dict[str, Any], None]:
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "text/event-stream":
            async with aclosing(self._stream(response, heard)) as answers:
                async for answer in answers:
                    yield answer
            return
        text = (await _read(response, _ANSWER_BYTES)).decode("utf-8", "replace")
        if kind == "text/html" or text.lstrip().startswith("<"):
            raise TryFailed(self._no_model(text))
        if text.lstrip().startswith(("data:", "event:", ":")):  # a stream under another name
            for event in _parse_whole(text):
                yield self._decode(event, heard)
            return
        yield self._decode(ServerEvent("", text), heard)

    async def _stream(self, response: httpx2.Response, heard: _Heard) -> AsyncGenerator[dict[str, Any], None]:
        parser, told = EventParser(), time.monotonic()
        chunks = response.aiter_bytes()
        async for chunk in chunks:
            heard.now()
            for event in self._parsed(parser, chunk, heard):
                told = time.monotonic()
                if event.data.strip() == "[DONE]":
                    await _drain(chunks)
                    return
                answer = self._decode(event, heard)
                yield answer
                if answer.get("type") == "message_stop":
                    await _drain(chunks)
                    return
            if time.monotonic() - told > _COMMENTS_FACTOR * self._first_byte_s:
                raise TryFailed(ModelFailure("nothing but keep-alive comments came", usage=TryUsage()))
        for event in parser.finish():
            if event.data.strip() != "[DONE]":
                yield self._decode(event, heard)

    def _parsed(self, parser: EventParser, chunk: bytes, heard: _Heard) -> Iterator[ServerEvent]:
        try:
            yield from parser.feed(chunk)
        except OversizedEventError:
            raise TryFailed(self._unusable("an event of the stream is too large", heard)) from None

    def _decode(self, event: ServerEvent, heard: _Heard) -> dict[str, Any]:
        payload = self._object(event.data, heard)
        if event.name == "error" or payload.get("type") == "error" or payload.get("error"):
            raise TryFailed(replace(stream_failure(self._endpoint, payload), usage=TryUsage()))
        return payload

    def _object(self, text: str, heard: _Heard) -> dict[str, Any]:
        try:
            payload = json.loads(text)
        except (ValueError, RecursionError):
            payload = None
        if not isinstance(payload, dict):
            raise TryFailed(self._unusable("the answer is not whole JSON", heard))
        return payload

    async def _refused(self, response: httpx2.Response) -> ModelFailure:
        body = (await _read(response, _ERROR_BODY_BYTES)).decode("utf-8", "replace")
        return response_failure(self._endpoint, response.status_code, response.headers, body, now=time.time())

    def _broken(self, error: httpx2.HTTPError, heard: _Heard) -> ModelFailure:
        failure = _explain(error, self._endpoint, self._connect_s, self._first_byte_s)
        return replace(failure, silent_s=heard.silent_s, usage=TryUsage() if heard.began else None)

    def _unusable(self, reason: str, heard: _Heard) -> ModelFailure:
        return ModelFailure(reason, unusable=True, silent_s=heard.silent_s, usage=TryUsage())

    def _no_model(self, text: str) -> ModelFailure:
        base = self._endpoint.base_variable
        return ModelFailure(
            f"{self._endpoint.host} answered with {read_error_body(text).sentence}",
            code="model-misbehaved",
            hint=f"check {base}: it must be the API's base URL" if base else None,
        )


def preload_http() -> None:
    """Import what the first request needs; a tenth of a second that can pass in a thread."""
    import anyio
    import httpx2
    from httpcore2 import AnyIOBackend

    del anyio, httpx2, AnyIOBackend


def _verification(endpoint: Endpoint) -> Any:  # noqa: ANN401 - an SSLContext, or False where no TLS is spoken
    preload_http()
    secure = (endpoint.base_url, endpoint.proxy or "")
    if not any(url.startswith("https:") for url in secure):
        return False
    import ssl

    import httpx2

    if endpoint.ca_file is None:
        return httpx2.create_ssl_context(trust_env=False)
    try:
        return ssl.create_default_context(cafile=endpoint.ca_file)
    except OSError as error:
        raise TryFailed(
            ModelFailure(
                f"the certificates in {endpoint.ca_file} cannot be read ({error.strerror or error})",
                code="model-unreachable",
                hint="check SSL_CERT_FILE",
            )
        ) from None


async def _read(response: httpx2.Response, limit: int) -> bytes:
    """The body, cut at the limit."""
    parts, size = [], 0
    async for chunk in response.aiter_bytes():
        parts.append(chunk)
        size += len(chunk)
        if size > limit:
            break
    return b"".join(parts)[:limit]


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    try:
        async with asyncio.timeout(_DRAIN_S):
            async for _ in chunks:
                pass
    except TimeoutError:
        return


def _parse_whole(text: str) -> list[ServerEvent]:
    parser = EventParser()
    events = [*parser.feed(text.encode()), *parser.finish()]
    return [event for event in events if event.data.strip() != "[DONE]"]


def _explain(
    error: httpx2.HTTPError, endpoint: Endpoint, connect_s: float, first_byte_s: float
) -> ModelFailure:
    """Why an exchange broke."""
    import httpx2

    told = endpoint.redact(str(error)) or type(error).__name__
    base, host = endpoint.base_variable, endpoint.host
    there = f"is the server running at {host}?" + (f" {base} says where it is" if base else "")
    match error:
        case httpx2.ConnectTimeout():
            failure = ModelFailure(f"no connection to {host} within {connect_s:g} s")
        case httpx2.ReadTimeout():
            failure = ModelFailure(f"nothing came for {first_byte_s:g} s")
        case httpx2.ProxyError():
            failure = ModelFailure(
                f"the proxy refused ({told})", hint="check HTTPS_PROXY", max_tries=_FEW_TRIES
            )
        case httpx2.ConnectError() if "CERTIFICATE" in told.upper():
            hint = "set SSL_CERT_FILE to the certificates of your network"
            failure = ModelFailure(
                f"the certificate is not trusted ({told})", code="model-unreachable", hint=hint
            )
        case httpx2.ConnectError() if endpoint.private:
            failure = ModelFailure(f"no connection to {host} ({told})", hint=there, max_tries=_FEW_TRIES)
        case httpx2.ConnectError():
            failure = ModelFailure(f"no connection to {host} ({told})")
        case httpx2.UnsupportedProtocol() | httpx2.LocalProtocolError():
            failure = ModelFailure(
                f"the request cannot be sent ({told})", code="model-unreachable", hint=there
            )
        case _:
            failure = ModelFailure(f"the connection was cut ({told})")
    return failure
