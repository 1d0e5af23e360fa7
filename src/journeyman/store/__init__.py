"""Timeline, artifacts and result cache, in SQLite."""
