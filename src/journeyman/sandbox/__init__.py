"""The only door to subprocesses: confinement, process groups, limits."""
