"""From a finished adapter to a version: validation, card, record, publication."""
