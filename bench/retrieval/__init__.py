"""Retrieval measured on tasks from real histories: see ``table.py`` and ``train.py``."""
