"""Embeddings and the retrieval of past answers."""
