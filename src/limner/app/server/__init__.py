"""Limner over HTTP, in the shapes that OpenAI's clients know. The one place, with the study, that knows the web."""
