"""The simulated model that ``jm demo --agent`` asks: a real server on loopback, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import journeyman
from journeyman.domain.errors import JourneymanError
from journeyman.domain.process import Command, CommandRunner

_MODULE = "bench.simmodel"
_START_S = 20.0


def checkout_with_model() -> Path:
    """The source checkout that we run from. Raises JourneymanError when it is an installed copy."""
    root = Path(journeyman.__file__).parents[2]
    if not root.joinpath(*_MODULE.split("."), "__main__.py").is_file():
        raise JourneymanError(
            "usage",
            "the simulated model is not installed with Journeyman, it is part of its source checkout",
            hint="make demo-agent    (in a clone)",
        )
    return root


@asynccontextmanager
async def simulated_model(
    runner: CommandRunner, environ: Mapping[str, str], session: Path
) -> AsyncIterator[str]:
    """Serve ``session`` while the context is open; gives the base URL for OpenAI-compatible clients.

    Raises JourneymanError("model-unreachable") with what it said when it does not come up.
    """
    url: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def heard(stream: str, line: str) -> None:
        if stream == "stdout" and not url.done():
            url.set_result(json.loads(line)["openai"])

    command = Command(
        (sys.executable, "-m", _MODULE, "--session", str(session)), checkout_with_model(), environ
    )
    serving = asyncio.create_task(runner.run(command, heard))
    first: set[asyncio.Future[Any]] = {serving, url}
    try:
        await asyncio.wait(first, timeout=_START_S, return_when=asyncio.FIRST_COMPLETED)
        if not url.done():
            said = serving.result().text if serving.done() else f"it said nothing in {_START_S:.0f} s"
            raise JourneymanError(
                "model-unreachable", "the demo's model could not be started", facts=(said[-500:],)
            )
        yield url.result()
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
