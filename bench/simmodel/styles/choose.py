"""Which style fits the tools that a request offers."""

from __future__ import annotations

from bench.simmodel.styles.agent import AgentStyle
from bench.simmodel.styles.base import Style, find_shell
from bench.simmodel.styles.named import NamedStyle
from bench.simmodel.styles.shell import ShellStyle
from bench.simmodel.values import Conversation


def choose_style(conversation: Conversation) -> Style | None:
    """``None`` when no tool can change a file."""
    tools = conversation.tools
    if AgentStyle.fits(tools):
        return AgentStyle(tools)
    if NamedStyle.fits_claude(tools) or NamedStyle.fits_opencode(tools):
        return NamedStyle(conversation, claude=NamedStyle.fits_claude(tools))
    shell = find_shell(tools)
    return ShellStyle(conversation, shell) if shell else None
