"""Makes adapters and calibrations out of labelled data."""
