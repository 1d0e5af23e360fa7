"""Secrets taken out of what is written down."""

from __future__ import annotations

import re

_SECRETS = re.compile(
    r"""
    \b(sk|pk|rk)-[A-Za-z0-9_-]{16,}            # OpenAI, Anthropic, Stripe
    | \bgh[pousr]_[A-Za-z0-9]{20,}             # GitHub
    | \bglpat-[A-Za-z0-9_-]{16,}               # GitLab
    | \bAKIA[0-9A-Z]{16}\b                     # AWS
    | \bxox[abprs]-[A-Za-z0-9-]{10,}           # Slack
    | \bAIza[0-9A-Za-z_-]{30,}                 # Google
    | -----BEGIN[ A-Z]*PRIVATE[ ]KEY-----.*?(-----END[ A-Z]*PRIVATE[ ]KEY-----|\Z)
    """,
    re.VERBOSE | re.DOTALL,
)


def redacted(text: str) -> str:
    """The text with everything that looks like a key replaced."""
    return _SECRETS.sub("[secret]", text)
