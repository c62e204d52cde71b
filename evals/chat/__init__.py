"""Client for OpenAI-compatible models: rate-limited, cost confirmed first, answers cached."""
