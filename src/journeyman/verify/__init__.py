"""Checks: detect, prepare, schedule, parse, judge."""
