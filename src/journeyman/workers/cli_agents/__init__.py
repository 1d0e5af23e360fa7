"""The coding CLIs that people already have: Claude Code, Codex and OpenCode, driven headless."""
