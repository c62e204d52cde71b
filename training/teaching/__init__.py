"""Explanations of training pairs by a teacher model: its prompt, its rounds of requests, the cache of its answers."""
