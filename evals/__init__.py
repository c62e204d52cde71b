"""Measures the assistant through the same loader the app uses."""
