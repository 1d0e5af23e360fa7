"""Measurements: each prints its figures, against the named baseline in the same run."""
