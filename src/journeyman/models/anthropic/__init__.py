"""Anthropic's Messages: the request, the stream, the client."""
