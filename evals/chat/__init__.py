"""OpenAI-compatible models: asked politely, paid knowingly, never asked twice."""
