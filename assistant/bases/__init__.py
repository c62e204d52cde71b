"""Base models: which there are, where their weights come from, and what an adapter on them may hold."""
