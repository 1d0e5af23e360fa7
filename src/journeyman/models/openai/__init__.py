"""OpenAI's Chat Completions: the request, the stream, the client, and how others that speak it differ."""
