"""Answers read out of a text."""
