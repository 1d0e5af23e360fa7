"""Who does the thinking for a phase: the built-in agent, coding CLIs, any program, fixers, a recording."""
