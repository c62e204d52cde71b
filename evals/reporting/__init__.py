"""What an evaluation leaves: the report, its page and pictures, the mistakes in it, and the shelf they stand on."""
