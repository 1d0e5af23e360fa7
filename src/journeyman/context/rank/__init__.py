"""Which files a task is about, and why: pure and deterministic."""
