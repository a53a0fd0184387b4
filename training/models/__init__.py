"""The networks: a student that ships, and what it is built of."""
