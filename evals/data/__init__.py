"""Data sets to measure on: readers, named sets, and the search for leaks."""
