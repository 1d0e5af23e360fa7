"""Every other provider that pydantic-ai knows, behind the same protocol; imported only when configured."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from journeyman.domain.errors import JourneymanError
from journeyman.domain.model import Finish, ModelAnswer, ModelRequest, OnText, OnWait
from journeyman.models import errors
from journeyman.models.caller import Answered, Caller
from journeyman.models.endpoints import Endpoint
from journeyman.models.failures import Failure, TryFailed
from journeyman.models.pydantic_ai_messages import opaque_of, read_calls, to_messages, to_parameters
from journeyman.models.spent import Spent
from journeyman.models.waiting import Patience

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelResponse
    from pydantic_ai.models import Model

INSTALL = "pip install 'journeyman[providers]'"
# The whole answer comes in one piece here, so that it may take longer than a first byte.
_WHOLE_ANSWER_FACTOR = 5
_FINISHES = {"length": Finish.LENGTH, "content_filter": Finish.REFUSAL}
_CODES = {
    "ModelQuotaExceededError": "model-quota",
    "ModelContextWindowExceededError": "context-too-long",
    "ModelAuthenticationError": "model-unauthorized",
    "ModelNotFoundError": "model-not-found",
    "ModelRequestRejectedError": "model-refused-request",
}


class PydanticAIClient:
    """One model of any provider. Implements ``domain.model.ModelClient``.

    ``build`` makes pydantic-ai's model; it is called in a thread, at the first answer.
    """

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        *,
        first_byte_s: float,
        patience: Patience | None = None,
        build: Callable[[], Model] | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._caller = Caller(name, endpoint, patience or Patience())
        self._timeout_s = first_byte_s * _WHOLE_ANSWER_FACTOR
        self._build = build or (lambda: build_model(name))
        self._model: Model | None = None

    @property
    def name(self) -> str:
        """``provider:name``, as configured."""
        return self._caller.name

    async def answer(
        self, request: ModelRequest, on_text: OnText | None = None, on_wait: OnWait | None = None
    ) -> ModelAnswer:
        """The model's answer, its text in one piece. Raises ModelError, and JourneymanError("bad-config")."""
        if self._model is None:
            self._model = await asyncio.to_thread(self._build)
        return await self._caller.call(lambda: self._try(request, on_text), on_wait)

    async def aclose(self) -> None:
        """Nothing is held open here: the provider's library keeps its own connections."""

    async def _try(self, request: ModelRequest, on_text: OnText | None) -> Answered:
        from pydantic_ai import exceptions
        from pydantic_ai.direct import model_request

        assert self._model is not None  # noqa: S101 - made by answer()
        started = time.monotonic()
        settings, parameters = to_parameters(request, self._timeout_s)
        failure: Failure | None = None
        try:
            response = await model_request(
                self._model,
                to_messages(request, self.name),
                model_settings=settings,
                model_request_parameters=parameters,
            )
        except exceptions.ContentFilterError:
            return Answered("", (), Finish.REFUSAL, None, Spent(), time.monotonic() - started)
        except exceptions.ModelAPIError as error:
            failure = self._refused(error)
        except exceptions.UnexpectedModelBehavior as error:
            failure = Failure(self._endpoint.redact(error.message), unusable=True, spent=Spent())
        except exceptions.UserError as error:
            failure = Failure(self._endpoint.redact(error.message), code="model-refused-request")
        # Outside of the handlers, so that nothing of the request hangs on to the error.
        if failure is not None:
            raise TryFailed(failure)
        return self._read(response, request, on_text, started)

    def _read(
        self, response: ModelResponse, request: ModelRequest, on_text: OnText | None, started: float
    ) -> Answered:
        text = response.text or ""
        calls = read_calls(response, id_prefix=f"call_{len(request.messages)}")
        if response.finish_reason == "error":
            raise TryFailed(Failure("the provider broke the answer off", spent=_spent(response)))
        finish = _FINISHES.get(response.finish_reason or "", Finish.TOOLS if calls else Finish.STOP)
        if on_text is not None and text:
            on_text(text)
        opaque = opaque_of(response, self.name)
        return Answered(text, calls, finish, opaque, _spent(response), time.monotonic() - started)

    def _refused(self, error: Any) -> Failure:  # noqa: ANN401 - pydantic-ai is imported lazily
        from pydantic_ai.exceptions import ModelHTTPError

        if isinstance(error, ModelHTTPError):
            body = error.body if isinstance(error.body, str) else json.dumps(error.body, default=str)
            headers = {**(error.headers or {})}
            return errors.from_response(self._endpoint, error.status_code, headers, body, now=time.time())
        kinds = [kind.__name__ for kind in type(error).__mro__]
        return Failure(
            self._endpoint.redact(error.message),
            code=next((_CODES[kind] for kind in kinds if kind in _CODES), None),
            retry_after_s=error.retry_after,
        )


def build_model(name: str) -> Model:
    """Pydantic-ai's model of that name. Raises JourneymanError("bad-config" or "model-unauthorized")."""
    try:
        from pydantic_ai.exceptions import UserError
        from pydantic_ai.models import infer_model
    except ImportError:
        raise extra_missing(name) from None
    try:
        return infer_model(name)
    except ImportError as error:
        # pydantic-ai names the group of its own that brings the provider's library.
        advice = re.search(r'pip install [\'"]?[\w.-]+\[[\w,-]+\][\'"]?', str(error))
        raise JourneymanError(
            "bad-config",
            f"the library for {name} is not installed",
            facts=(str(error),),
            hint=advice[0] if advice else INSTALL,
        ) from None
    except UserError as error:
        missing_key = "environment variable" in error.message
        code = "model-unauthorized" if missing_key else "bad-config"
        raise JourneymanError(code, f"{name} cannot be used: {error.message}") from None


def extra_missing(name: str) -> JourneymanError:
    """What to do when pydantic-ai is not there."""
    return JourneymanError(
        "bad-config",
        f"{name} needs the providers extra, which is not installed",
        facts=("without it: openai:NAME, anthropic:NAME, ollama:NAME and other OpenAI-compatible endpoints",),
        hint=INSTALL,
    )


def _spent(response: ModelResponse) -> Spent:
    usage = response.usage
    known = bool(usage.input_tokens or usage.output_tokens)
    cost: float | None = None
    with contextlib.suppress(LookupError, ValueError):  # unknown models and providers
        cost = float(response.cost().total_price) if known and response.model_name else None
    return Spent(
        model=response.model_name,
        tokens_in=usage.input_tokens if known else None,
        tokens_cached=usage.cache_read_tokens if known else None,
        tokens_written=usage.cache_write_tokens if known else None,
        tokens_out=usage.output_tokens if known else None,
        cost_usd=cost,
    )
