"""What every command of the project shares: arguments, errors, exit codes, tables."""
