"""Who does the thinking for a phase: autofix, replay, command."""
