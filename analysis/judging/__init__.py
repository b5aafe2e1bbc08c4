"""Which runs may be compared, and what a contrast may claim."""
