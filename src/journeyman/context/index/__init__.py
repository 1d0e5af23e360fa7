"""What is in the repository: files, definitions, words, imports, history; kept by content in SQLite."""
