"""What people write: cleaned, split, compared, scrubbed, its language detected."""
