"""Command line: parse, call, print, exit code. No logic."""
