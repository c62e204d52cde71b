"""The library's content: import, export, and the sample library."""
