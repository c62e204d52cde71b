"""Adapter versions: their folders, the registry, and the Hub."""
