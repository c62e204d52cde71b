"""Whether a version may go to production."""
