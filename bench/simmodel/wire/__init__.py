"""The three protocols: reading requests strictly, and giving answers and errors their providers' forms."""
