"""The durable run, readable top to bottom in ``run.py``."""
