"""Which lines of them a token budget holds, and how they are shown."""
