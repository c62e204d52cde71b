"""Which model serves, loaded, checked, and replaced while requests go on."""
