"""The comparison of registered versions of one task."""
