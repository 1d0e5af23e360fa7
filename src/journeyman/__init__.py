"""Journeyman: takes a task and a git repository, returns a verified commit or says why not."""

__version__ = "0.1.0"
