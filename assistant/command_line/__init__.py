"""What every command of the project shares: how it runs, its exit codes, arguments, tables and progress bars."""
