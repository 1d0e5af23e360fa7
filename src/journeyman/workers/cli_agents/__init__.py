"""The coding CLIs that people already have, driven headless; which ones is said in ``registry.py``."""
