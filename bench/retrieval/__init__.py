"""Retrieval measured on tasks from real histories: see README.md."""
