"""A simulated model behind the real wire protocols of OpenAI and Anthropic. See README.md."""

from __future__ import annotations

from bench.simmodel.server import SimModel

__all__ = ["SimModel"]
