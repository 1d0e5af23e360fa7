"""The built-in agent: few round trips, every effect durable, the host verifies."""
