"""Failure parsing: one small parser a tool, collected in ``registry``."""
